package main

import (
	"cmp"

	"github.com/spf13/cobra"
)

// buildFlags are the flags of jetkit build: those of docker buildx build, and those of
// jetson-containers build.
type buildFlags struct {
	requestFlags

	// Of docker buildx build.
	allow, annotations, attests, cacheFrom, cacheTo, hosts, labels, noCacheFilter []string
	outputs, platforms, secrets, ssh, tags                                        []string
	target, progress, metadataFile, iidFile, provenance, sbom                     string
	push                                                                          string
	load, noCache, pull, quiet                                                    bool

	// Of jetson-containers build.
	name string

	yes     bool
	builder string
	onError string
}

func (f *buildFlags) register(cmd *cobra.Command) {
	f.registerFiles(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.platforms, "platform", nil, "`PLATFORM` to build for, such as linux/arm64; several give an index (default: the builder's own)")
	f.registerPackages(cmd)
	flags.StringVar(&f.name, "name", "", "`NAME` of the image, which gets a tag that says what it was built for; NAME/ for the package's name below it")
	flags.StringArrayVarP(&f.tags, "tag", "t", nil, "exact `NAME[:TAG]` of the image; repeatable")
	flags.StringVar(&f.target, "target", "", "`PACKAGE` of the chain to build up to")
	flags.BoolVar(&f.load, "load", false, "load the image into Docker; short for --output type=docker")
	flags.StringVar(&f.push, "push", "", "push the image; --push=REPO or =USER pushes it there, and also loads it")
	flags.Lookup("push").NoOptDefVal = "true"
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "where the image goes, as in buildx: `type=local,dest=DIR`, DIR, - …; repeatable")
	flags.StringArrayVar(&f.cacheFrom, "cache-from", nil, "external `CACHE` to read, as in buildx; repeatable")
	flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "external `CACHE` to write, as in buildx; repeatable")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step anew")
	flags.StringArrayVar(&f.noCacheFilter, "no-cache-filter", nil, "run the steps of a `PACKAGE` anew; repeatable")
	flags.BoolVar(&f.pull, "pull", false, "look for newer images of the same names")
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret for RUN steps that mount it: `id=ID[,src=FILE|,env=NAME]`; repeatable")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "SSH agent or keys for RUN steps that mount them: `default|ID[=SOCKET|KEY[,KEY]]`; repeatable")
	flags.StringArrayVar(&f.allow, "allow", nil, "permission that the build may use without asking: `ENTITLEMENT`, device, network.host or security.insecure; repeatable")
	flags.BoolVarP(&f.yes, "yes", "y", false, "allow what the packages need without asking")
	flags.StringArrayVar(&f.labels, "label", nil, "label of the image: `NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.hosts, "add-host", nil, "name of a host for the steps: `HOST:IP`; repeatable")
	flags.StringArrayVar(&f.attests, "attest", nil, "attestation, as in buildx: `type=provenance,mode=max`; repeatable")
	flags.StringVar(&f.provenance, "provenance", "", "short for --attest type=provenance: `true|false|mode=max`")
	flags.StringVar(&f.sbom, "sbom", "", "short for --attest type=sbom")
	flags.StringVar(&f.progress, "progress", "", "`FORMAT` of the progress: auto, plain, tty, quiet, rawjson or none")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress, and print the image's ID alone")
	flags.StringVar(&f.metadataFile, "metadata-file", "", "write what the exporters tell to `FILE`")
	flags.StringVar(&f.iidFile, "iidfile", "", "write the image's ID to `FILE`")
	flags.StringVar(&f.builder, "builder", "", "`NAME` of the builder")
	f.registerOnError(cmd)
}

// progressMode returns how to show progress, as BuildKit calls it.
func (f *buildFlags) progressMode(sys *system) string {
	mode, _ := sys.env("BUILDKIT_PROGRESS")
	mode = cmp.Or(f.progress, mode, "auto")
	if f.quiet || mode == "none" {
		return "quiet"
	}
	return mode
}
