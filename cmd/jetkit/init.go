package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/outfile"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// defaultFrontend is the image that the first line of a jetson.yaml names, for docker
// buildx build. Commands of jetkit need no image.
const defaultFrontend = "docker.io/jetkit/jetkit:1"

// initFlags are what a jetson.yaml is begun with.
type initFlags struct {
	target           targetFlags
	output, frontend string
	platform         string
	force, noHost    bool
	runConfigPy      bool
}

func newInit(sys *system) *cobra.Command {
	var flags initFlags
	cmd := &cobra.Command{
		Use:                   "init [OPTIONS] [PACKAGE...]",
		DisableFlagsInUseLine: true,
		Short:                 "Begin a jetson.yaml for this machine",
		Long: `Write a jetson.yaml with comments to begin with: the release of the Jetson that this runs on, the
packages that are named, or numpy, and what else can be said. The file is planned before it is
written, so that it can be built as it is. A file that exists stays as it is without --force.`,
		Example: `  jetkit init
  jetkit init cmake numpy --jetpack 6.2
  jetkit init -o -                                  # to the terminal`,
		RunE: func(cmd *cobra.Command, names []string) error { return flags.run(cmd, sys, names) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&flags.output, "output", "o", defaultFile, "`FILE` to write, - for standard output")
	cmd.Flags().BoolVar(&flags.force, "force", false, "overwrite the file if it exists")
	cmd.Flags().StringVar(&flags.frontend, "frontend", defaultFrontend, "`IMAGE` of the frontend, for docker buildx build")
	flags.target.register(cmd)
	cmd.Flags().StringVar(&flags.platform, "platform", "", "`PLATFORM` to build for, such as linux/arm64 (default: this machine's)")
	completeFlag(cmd, "platform", knownPlatforms)
	cmd.Flags().BoolVar(&flags.noHost, "no-host", false, "do not take the L4T version of the Jetson that this runs on")
	cmd.Flags().BoolVar(&flags.runConfigPy, "run-config-py", false, "run the config.py files of packages to plan the file; do it for trees that you trust")
	_ = cmd.MarkFlagFilename("output", "yaml", "yml") // an error would mean that there is no such flag
	cmd.ValidArgsFunction = new(requestFlags).completeNames(sys)
	return cmd
}

// run writes the file.
func (f *initFlags) run(cmd *cobra.Command, sys *system, names []string) error {
	if _, err := os.Lstat(f.output); f.output != "-" && err == nil && !f.force {
		return fmt.Errorf("%s exists; --force overwrites it, -o names another file", f.output)
	}
	if _, err := sys.platform(f.platform); err != nil {
		return usagef(cmd, "--platform: %w", err)
	}
	sys, err := sys.withEnvFile(false)
	if err != nil {
		return err
	}
	values, err := f.values(cmd, sys)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"numpy"}
	}
	draft := f.draft(names, values, nil)
	p, problems, err := f.plan(cmd.Context(), sys, draft, jetson(values))
	if err != nil {
		return err
	}
	printWarnings(sys.err, problems)
	text := f.draft(names, values, p)
	if f.output == "-" {
		_, err := sys.out.Write(text)
		return err
	}
	if err := writeWhole(f.output, text, f.force); err != nil {
		return err
	}
	fmt.Fprintf(sys.err, "wrote %s for L4T %s; next: jetkit plan -f %s\n", diag.Clean(f.output), diag.Clean(p.Target.L4T.Value), diag.Clean(f.output))
	return nil
}

// value is a line of the file's target.
type value struct {
	key, value, comment string
}

// values are what the target of the file says: the flags, and the machine's release
// where no flag names one.
func (f *initFlags) values(cmd *cobra.Command, sys *system) ([]value, error) {
	var list []value
	release := false
	for i, v := range valueFlags {
		if v.arg != "BASE_IMAGE" && cmd.Flags().Changed(v.name) {
			list = append(list, value{key: v.name, value: f.target.values[i]})
			release = release || v.name == "l4t" || v.name == "jetpack"
		}
	}
	asked := release
	for _, v := range valueFlags {
		text, _ := sys.env(v.arg)
		isRelease := slices.Contains(releaseVariables, v.arg)
		if text = strings.TrimSpace(text); text != "" && slices.Contains(targetVariables, v.arg) && !cmd.Flags().Changed(v.name) && (!isRelease || !asked) {
			list = append(list, value{key: v.name, value: text, comment: sys.origin(v.arg)})
			release = release || isRelease
		}
	}
	if release {
		return list, nil
	}
	p, err := sys.platform(f.platform)
	if err != nil || p.Architecture != "arm64" {
		return list, err
	}
	guess := value{key: "jetpack", value: platform.BuiltIn().Newest().JetPack, comment: "this machine is no Jetson: name the one to build for"}
	if !f.noHost {
		found, err := probeRelease(sys.machine)
		if err != nil {
			return nil, err
		}
		if found.Value != "" {
			guess = value{key: "l4t", value: found.Value, comment: "of this machine: " + found.From}
		}
	}
	return append([]value{guess}, list...), nil
}

// jetson reports whether values name a Jetson's release.
func jetson(values []value) bool {
	for _, v := range values {
		if v.key == "l4t" || v.key == "jetpack" {
			return true
		}
	}
	return false
}

// plan plans a file before it is written: for a Jetson's platform if it names a
// release, else for this machine's.
func (f *initFlags) plan(ctx context.Context, sys *system, text []byte, jetson bool) (*plan.Plan, diag.List, error) {
	dir := "."
	if f.output != "-" {
		dir = filepath.Dir(f.output)
	}
	r := &request{
		file: filepath.Base(cmp.Or(strings.TrimPrefix(f.output, "-"), defaultFile)), data: text, args: map[string]string{},
		contexts: map[string]string{}, noHost: true, runConfigPy: f.runConfigPy, machine: sys.machine, cache: sys.cache, trees: sys.trees(),
	}
	target := f.platform
	if jetson && target == "" {
		target = "linux/arm64"
	}
	var err error
	if r.platform, err = sys.platform(target); err != nil {
		return nil, nil, err
	}
	r.platformNamed = target != ""
	if err := r.enter("", dir); err != nil {
		return nil, nil, err
	}
	w, err := load(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	return w.solve(ctx)
}

// draft writes the file. The plan, if there is one yet, tells what follows from the
// target.
func (f *initFlags) draft(names []string, values []value, p *plan.Plan) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# syntax=%s\n", diag.Clean(f.frontend))
	b.WriteString(`# What an image for Jetson holds. Plan it with "jetkit plan", build it with "jetkit build", or with
# "docker buildx build -f jetson.yaml ." where the image of the first line can be pulled.

`)
	f.draftTarget(&b, values, p)
	if base := f.target.value("BASE_IMAGE"); base != "" {
		fmt.Fprintf(&b, "base: %s\n\n", scalar(base))
	}
	b.WriteString("# Names of packages (\"jetkit packages list\", \"jetkit packages search WORD\"), and folders of yours with a\n# Dockerfile: ./my-robot. What they need comes by itself.\npackages:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  - %s\n", scalar(name))
	}
	b.WriteString(`
# Where packages are looked for, the first tree that has one first. This is the default:
# sources:
#   - dir: packages
#   - builtin

# A package is built on all before it. Built on what it needs alone, it is one layer of the image, and
# only what needs it is built again when it changes:
# layers: packages

# Tests run in the build, and stop it when they fail. Without a GPU where you build: gpu: skip
# tests:
#   gpu: cdi

# What the image does when it is run:
# image:
#   entrypoint: [python3]
#   env: {ROS_DOMAIN_ID: "7"}
`)
	return b.Bytes()
}

// draftTarget writes the target, and as comments what follows from it.
func (f *initFlags) draftTarget(b *bytes.Buffer, values []value, p *plan.Plan) {
	if len(values) == 0 {
		b.WriteString("# The release to build for. This machine is no Jetson: without a target, a build is for PCs, with the\n# CUDA of the newest release. For a Jetson uncomment it, and build with --platform linux/arm64.\n# target:\n#   jetpack: 6.2\n\n")
		return
	}
	b.WriteString("# The release to build for. Everything else follows from it; uncomment a value to choose another.\ntarget:\n")
	said := map[string]bool{}
	for _, v := range values {
		said[v.key] = true
		line := fmt.Sprintf("  %s: %s", v.key, scalar(v.value))
		if v.comment != "" {
			line = fmt.Sprintf("%-22s # %s", line, diag.Clean(v.comment))
		}
		fmt.Fprintln(b, line)
	}
	if p != nil {
		for _, fact := range []value{
			{"jetpack", p.Target.JetPack.Value, ""},
			{"cuda", p.Target.CUDA.Value, p.Target.CUDA.Reason},
			{"python", p.Target.Python.Value, p.Target.Python.Reason},
			{"ubuntu", p.Target.Ubuntu.Value, p.Target.Ubuntu.Reason},
		} {
			if !said[fact.key] && fact.value != "" && fact.comment != "" {
				fmt.Fprintf(b, "%-22s # %s\n", fmt.Sprintf("  # %s: %s", fact.key, scalar(fact.value)), diag.Clean(fact.comment))
			}
		}
	}
	b.WriteString("\n")
}

// plainScalar are texts that YAML reads as they are.
var plainScalar = regexp.MustCompile(`^([A-Za-z_./][\w./+-]*(:[\w./+-]+)*|\d+(\.\d+)*)$`)

// scalar writes a text as a value of YAML.
func scalar(text string) string {
	if plainScalar.MatchString(text) {
		return text
	}
	quoted, err := json.Marshal(text) // JSON texts are YAML texts
	if err != nil {
		return `""`
	}
	return string(quoted)
}

// writeWhole writes a file at once: it is there whole, or not at all. Without force a
// file that exists stays.
func writeWhole(file string, text []byte, force bool) (err error) {
	if force {
		return outfile.Write(file, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".jetkit-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // after a rename there is none
	_, err = temp.Write(text)
	if e := temp.Chmod(0o644); err == nil {
		err = e
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	err = os.Link(temp.Name(), file) // unlike a rename it fails if the file exists
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; --force overwrites it, -o names another file", file)
	}
	if err != nil { // a file system without links
		return os.Rename(temp.Name(), file)
	}
	return nil
}
