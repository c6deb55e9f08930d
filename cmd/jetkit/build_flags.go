package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jetkit/cmd/internal/helptext"
)

// buildFlags are the flags of jetkit build: those of docker buildx build, and those of
// jetson-containers build.
type buildFlags struct {
	requestFlags
	upstreamFlags
	reports reportFlags

	allow, annotations, attests, cacheFrom, cacheTo, hosts, labels, noCacheFilter []string
	outputs, platforms, policy, secrets, ssh, tags, ulimits                       []string
	cgroupParent, iidFile, metadataFile, network, progress, provenance, push      string
	sbom, shmSize, upTo                                                           string
	load, noCache, pull, quiet                                                    bool

	// yes allows what the packages need, and builder names the builder.
	yes     bool
	builder string
	// onError is what happens where a step fails.
	onError, cached string
}

// otherNames are further names of flags.
var otherNames = map[string]string{
	"build-arg":           "arg",
	"logs":                "log-dir",
	"buildkit-cache-from": "cache-from",
	"buildkit-cache-to":   "cache-to",
	"buildkit-progress":   "progress",
}

func (f *buildFlags) register(cmd *cobra.Command) {
	f.registerFiles(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.platforms, "platform", nil, "`PLATFORM` to build for, such as linux/arm64; several give an index (default: the builder's own)")
	completeFlag(cmd, "platform", knownPlatforms)
	f.registerPackages(cmd)
	f.registerLayers(cmd)
	f.upstreamFlags.register(flags)
	f.registerImage(flags)
	f.registerSteps(flags)
	flags.StringVar(&f.progress, "progress", "", "`FORMAT` of the progress: auto, plain, tty, quiet, rawjson or none (BUILDKIT_PROGRESS)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress, and print the image's ID alone")
	flags.StringVar(&f.builder, "builder", "", "`NAME` of the builder: of buildx, an address, or jetkit for the private one (BUILDX_BUILDER)")
	f.registerOnError(cmd)
	f.registerCached(cmd)
	f.reports.register(cmd)
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(cmp.Or(otherNames[name], name))
	})
	for _, s := range buildSections {
		helptext.Group(cmd, s.title, strings.Fields(s.flags)...)
	}
}

// buildSections are the headings under which the help lists the flags.
var buildSections = []struct{ title, flags string }{
	{"What to build", "file context source build-context target multiple skip-errors skip arg layers skip-tests test-only"},
	{"What to build it for", "platform l4t jetpack cuda python ubuntu arch base no-host"},
	{"The image, and where it goes", "name tag load push output label annotation attest provenance sbom metadata-file iidfile"},
	{"Cache", "cache-from cache-to no-cache no-cache-filter pull"},
	{"What the steps may use", "allow policy yes secret ssh network add-host use-proxy shm-size ulimit cgroup-parent"},
	{"Builder, progress and reports", "builder on-error progress quiet log-dir report junit"},
	{"Look, and build nothing", "simulate cached list-packages show-packages version"},
	{"As in jetson-containers", "skip-packages build-args build-flags package-dirs buildkit-device ccache no-ccache ccache-dir ccache-maxsize no-github-api"},
}

// registerImage adds the flags of docker buildx build that are about the image.
func (f *buildFlags) registerImage(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.tags, "tag", "t", nil, "exact `NAME[:TAG]` of the image; repeatable")
	flags.BoolVar(&f.load, "load", false, "load the image into Docker; short for --output type=docker")
	flags.StringVar(&f.push, "push", "", "push the image; --push=`REPO` or =USER pushes it there, and loads it too")
	flags.Lookup("push").NoOptDefVal = "true"
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "where the image goes, as in buildx: `DEST`, such as type=local,dest=DIR or DIR; repeatable")
	flags.StringArrayVar(&f.labels, "label", nil, "label of the image: `NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.attests, "attest", nil, "attestation, as in buildx: `type=provenance,mode=max`; repeatable")
	flags.StringVar(&f.provenance, "provenance", "", "short for --attest type=provenance: `true|false|mode=max`")
	flags.StringVar(&f.sbom, "sbom", "", "short for --attest type=sbom: `true|false`")
	flags.StringVar(&f.metadataFile, "metadata-file", "", "write what the exporters tell to `FILE`")
	flags.StringVar(&f.iidFile, "iidfile", "", "write the image's ID to `FILE`")
}

// registerSteps adds the flags of docker buildx build that are about the steps.
func (f *buildFlags) registerSteps(flags *pflag.FlagSet) {
	flags.StringVar(&f.upTo, "target", "", "`PACKAGE` of the chain to build up to")
	flags.StringArrayVar(&f.cacheFrom, "cache-from", nil, "external `CACHE` to read, as in buildx; repeatable (BUILDKIT_CACHE_FROM)")
	flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "external `CACHE` to write, as in buildx; repeatable (BUILDKIT_CACHE_TO)")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step anew")
	flags.StringSliceVar(&f.noCacheFilter, "no-cache-filter", nil, "run the steps of a `PACKAGE` anew; repeatable")
	flags.BoolVar(&f.pull, "pull", false, "look for newer images of the same names")
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret for RUN steps that mount it, and tests: `id=ID[,src=FILE|,env=NAME]`; repeatable")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "SSH agent or keys for RUN steps that mount them, and tests: `default|ID[=SOCKET|KEY[,KEY]]`; repeatable")
	flags.StringArrayVar(&f.allow, "allow", nil, "let the build use an `ENTITLEMENT` without asking: device, network.host or security.insecure; repeatable")
	registerPolicy(flags, &f.policy)
	flags.BoolVarP(&f.yes, "yes", "y", false, "let the build use what its packages need, without asking")
	flags.StringVar(&f.network, "network", "", "`MODE` of the network of RUN steps: default, host or none")
	flags.StringArrayVar(&f.hosts, "add-host", nil, "name of a host for the steps: `HOST:IP`; repeatable")
	flags.StringVar(&f.shmSize, "shm-size", "", "`SIZE` of /dev/shm in RUN steps, such as 8g")
	flags.StringArrayVar(&f.ulimits, "ulimit", nil, "limit of RUN steps: `NAME=SOFT[:HARD]`; repeatable")
	flags.StringVar(&f.cgroupParent, "cgroup-parent", "", "parent `CGROUP` of the steps")
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

// pushes reports whether --push asks for a push, and repository where to; empty means
// to where the name says.
func (f *buildFlags) pushes() bool { return f.push != "" && f.push != "false" }

func (f *buildFlags) repository() string {
	if f.push == "true" || f.push == "false" {
		return ""
	}
	return f.push
}
