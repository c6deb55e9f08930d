package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/remote"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// requestFlags are the flags of all commands that resolve a target: what
// buildx's command line says to the frontend.
type requestFlags struct {
	file, context, platform string
	sources, contexts       []string
	args, skip              []string
	layers                  string
	target                  targetFlags
	noHost, runConfigPy     bool
	// pages is as in request; no flag sets it.
	pages bool
	// noted is set when what variables do was noted.
	noted bool
}

// valueFlags are flags that stand for one build argument each. The table of settings
// describes them.
var valueFlags = [...]struct{ name, arg string }{
	{"l4t", "L4T_VERSION"},
	{"jetpack", "JETPACK_VERSION"},
	{"cuda", "CUDA_VERSION"},
	{"python", "PYTHON_VERSION"},
	{"ubuntu", "LSB_RELEASE"},
	{"arch", "CUDA_ARCH"},
	{"base", "BASE_IMAGE"},
}

// targetFlags are the values of valueFlags.
type targetFlags struct {
	values [len(valueFlags)]string
}

// register adds the flags to a command, with what the shell can offer for them.
func (f *targetFlags) register(cmd *cobra.Command) {
	about := map[string]string{}
	for _, arg := range pkgspec.KnownArgs() {
		about[arg.Name] = arg.About
	}
	for i, v := range valueFlags {
		cmd.Flags().StringVar(&f.values[i], v.name, "", about[v.arg]+" (`"+v.arg+"`)")
		completeFlag(cmd, v.name, func() []string { return knownValues(v.arg) })
	}
}

// value returns what a flag says that stands for a build argument.
func (f *targetFlags) value(arg string) string {
	for i, v := range valueFlags {
		if v.arg == arg {
			return f.values[i]
		}
	}
	return ""
}

// register adds the flags to a command that reads folders of this machine.
func (f *requestFlags) register(cmd *cobra.Command) {
	f.registerFiles(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.platform, "platform", "", "`PLATFORM` to build for, such as linux/arm64 (default: what the arch means, else this machine's)")
	completeFlag(cmd, "platform", knownPlatforms)
	f.registerPackages(cmd)
	flags.BoolVar(&f.runConfigPy, "run-config-py", false, "run the config.py files of packages; do it for trees that you trust")
}

// registerFiles adds the flags that say what to read and for what to resolve it.
func (f *requestFlags) registerFiles(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "build-arg" {
			name = "arg"
		}
		return pflag.NormalizedName(name)
	})
	flags.StringVarP(&f.file, "file", "f", "", "the jetson.yaml `FILE`, - for standard input")
	flags.StringVar(&f.context, "context", "", "build context `DIR` (default: the folder of --file, or this folder)")
	flags.StringArrayVar(&f.sources, "source", nil, "tree of packages to search before the built-in ones: `[NAME=]DIR`, the URL of a repository (URL#REF:DIR), docker-image://IMAGE, or jetson-containers")
	flags.StringArrayVar(&f.contexts, "build-context", nil, "named context for the sources of the file: `NAME=DIR`, or NAME=URL of a repository")
	f.target.register(cmd)
	for _, name := range []string{"context", "source"} {
		_ = cmd.MarkFlagDirname(name) // an error would mean that there is no such flag
	}
	_ = cmd.MarkFlagFilename("file", "yaml", "yml")
}

// registerPackages adds the flags that say which packages, and with which arguments.
func (f *requestFlags) registerPackages(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.skip, "skip", nil, "package to leave out of chains: `NAME` or pattern (SKIP_PACKAGES)")
	flags.StringArrayVar(&f.args, "arg", nil, "build argument `NAME=VALUE`; also called --build-arg, as in buildx")
	flags.BoolVar(&f.noHost, "no-host", false, "do not take the L4T version of the Jetson that this runs on")
}

// registerLayers adds the flag that says what packages are built on, to a command whose
// answer that changes.
func (f *requestFlags) registerLayers(cmd *cobra.Command) {
	words := []string{string(plan.LayersPackages), string(plan.LayersChain)}
	cmd.Flags().Var(&choice{value: &f.layers, words: words}, "layers",
		"`FORM` of the layers: packages (each is built on what it needs, and is one layer) or chain (on all before it) (LAYERS)")
	completeFlag(cmd, "layers", func() []string { return words })
}

// inputs reads the flags and variables that are build arguments, and those that name
// folders. It returns the system with the variables of .env.
func (f *requestFlags) inputs(cmd *cobra.Command, r *request, sys *system, names []string) (*system, error) {
	sys, err := f.variables(sys, names)
	if err != nil {
		return nil, err
	}
	if err := f.buildArgs(cmd, r, sys); err != nil {
		return nil, err
	}
	if len(names) > 0 {
		f.fromEnvironment(r, sys, names)
	}
	return sys, f.trees(cmd, r)
}

// request reads the flags. Names are packages given on the command line.
func (f *requestFlags) request(cmd *cobra.Command, names []string, sys *system) (*request, error) {
	if f.file != "" && len(names) > 0 {
		return nil, usagef(cmd, "give a file with -f, or names of packages, but not both; --arg PACKAGES=%s lets the names win over the file's", strings.Join(names, ","))
	}
	r := &request{contexts: map[string]string{}, noHost: f.noHost, runConfigPy: f.runConfigPy, pages: f.pages, machine: sys.machine, cache: sys.cache, trees: sys.trees()}
	sys, err := f.inputs(cmd, r, sys, names)
	if err != nil {
		return nil, err
	}
	if r.platform, err = sys.platform(f.platform); err != nil {
		return nil, usagef(cmd, "--platform: %w", err)
	}
	r.platformNamed = f.platform != ""
	if len(names) > 0 {
		return r, r.typed(f.context, names)
	}
	return r, r.open(f.file, f.context, sys.in)
}

// buildArgs reads the flags that are build arguments, or stand for one.
func (f *requestFlags) buildArgs(cmd *cobra.Command, r *request, sys *system) error {
	r.args = map[string]string{}
	for _, arg := range f.args {
		name, value, given := strings.Cut(arg, "=")
		if name == "" {
			return usagef(cmd, "--arg %s: write NAME=VALUE", arg)
		}
		if !given { // as docker build does
			if value, given = sys.env(name); !given {
				delete(r.args, name)
				continue
			}
		}
		r.args[name] = value
	}
	set := func(flag, name, value string) error {
		if other, given := r.args[name]; given && other != value {
			return usagef(cmd, "--%s %s and --arg %s=%s contradict each other", flag, value, name, other)
		}
		r.args[name] = value
		return nil
	}
	for i, v := range valueFlags {
		if cmd.Flags().Changed(v.name) {
			if err := set(v.name, v.arg, f.target.values[i]); err != nil {
				return err
			}
		}
	}
	if f.layers != "" {
		if err := set("layers", "LAYERS", f.layers); err != nil {
			return err
		}
	}
	if len(f.skip) > 0 {
		return set("skip", "SKIP_PACKAGES", strings.Join(f.skip, ","))
	}
	return nil
}

// contextName is what a named context may be called: BuildKit takes the names of
// images.
var contextName = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$`)

// trees reads the flags that name folders, and trees elsewhere.
func (f *requestFlags) trees(cmd *cobra.Command, r *request) error {
	for _, c := range f.contexts {
		name, dir, ok := strings.Cut(c, "=")
		if !ok || name == "" || dir == "" {
			return usagef(cmd, "--build-context %s: write NAME=DIR", c)
		}
		r.contexts[name] = dir
	}
	for _, s := range f.sources {
		source, err := r.source(s)
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		r.sources = append(r.sources, source)
	}
	return nil
}

// source reads --source: a folder or a tree elsewhere, with a name or without.
func (r *request) source(text string) (pkgspec.Source, error) {
	name, where, ok := strings.Cut(text, "=")
	if !ok || !contextName.MatchString(name) {
		name, where = "", text
	}
	if name == "" {
		source, ok, err := sourceElsewhere(where)
		if err != nil {
			return source, fmt.Errorf("--source: %w", err) // the text may have a password in it
		}
		if ok {
			return source, nil
		}
	}
	name, err := r.nameSource(name, where)
	if err != nil {
		shown := strings.TrimSuffix(text, where) + plan.WithoutCredentials(where)
		return pkgspec.Source{}, fmt.Errorf("--source %s: %w", shown, err)
	}
	r.contexts[name] = where
	return pkgspec.Source{Kind: plan.Named, Name: name, Dir: "."}, nil
}

// sourceElsewhere reads a source that is no folder: a URL, an image, or the name of a
// repository that jetkit knows. A folder of such a name comes first.
func sourceElsewhere(text string) (source pkgspec.Source, is bool, err error) {
	source = pkgspec.Source{Kind: plan.Repository, Name: text, Dir: "."}
	if strings.HasPrefix(text, plan.ImageScheme) {
		source.Kind = plan.ImageTree
		source.Remote, err = remote.ParseImage(text)
		return source, true, err
	}
	name, r, err := remote.ParseGit(text)
	source.Remote = r
	if strings.Contains(text, "://") {
		return source, true, err
	}
	if _, noFolder := os.Stat(text); noFolder == nil {
		return source, false, nil
	}
	if remote.IsURL(text) {
		return source, true, err
	}
	return source, err == nil && slices.Contains(platform.BuiltIn().Repositories(), name), nil
}

// nameSource returns a tree its name in plans and messages: the one that was
// given, or else its folder's, which does not depend on where that is.
func (r *request) nameSource(name, dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("it names no folder")
	}
	if name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		name = strings.Trim(unnamable.ReplaceAllString(strings.ToLower(filepath.Base(abs)), "-"), "-")
		if !contextName.MatchString(name) {
			name = "source"
		}
	}
	if name == plan.BaseContext || name == string(plan.Builtin) {
		return "", fmt.Errorf("%s has a meaning of its own; give another name: --source NAME=%s", name, plan.WithoutCredentials(dir))
	}
	if other, taken := r.contexts[name]; taken {
		return "", fmt.Errorf("%s is already called %s; give another name: --source NAME=%s", plan.WithoutCredentials(other), name, plan.WithoutCredentials(dir))
	}
	return name, nil
}

var unnamable = regexp.MustCompile(`[^a-z0-9]+`)
