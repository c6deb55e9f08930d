package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/shlex"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jetkit/pkgspec/diag"
)

// upstreamFlags are those of jetson-containers build that docker's build does not have.
type upstreamFlags struct {
	ccacheFlags

	name                                     string
	skipPackages, skipTests, testOnly        string
	argPairs, moreFlags, packageDirs, device string
	multiple, skipErrors, simulate, useProxy bool
	listPackages, showPackages, version      bool
	buildkit, noBuildkit, debug, verbose     bool
	logLevel, logColors, logStatus           string
}

func (f *upstreamFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.name, "name", "", "`NAME` of the image, which gets a tag that says what it was built for; NAME/ puts the package's name below it")
	flags.BoolVar(&f.multiple, "multiple", false, "build an image of each package, instead of one of all")
	flags.BoolVar(&f.skipErrors, "skip-errors", false, "with --multiple: go on when an image fails, and list at the end how each did")
	flags.StringVar(&f.skipPackages, "skip-packages", "", "packages to leave out of chains: `NAMES` or patterns, separated by commas")
	flags.StringVar(&f.skipTests, "skip-tests", "", "tests not to run: all, intermediate, or `NAMES` of packages, separated by commas")
	flags.StringVar(&f.testOnly, "test-only", "", "run the tests of these packages only: `NAMES` separated by commas")
	flags.StringVar(&f.argPairs, "build-args", "", "build arguments as `NAME:VALUE,...`")
	flags.StringVar(&f.moreFlags, "build-flags", "", "further `FLAGS` of this command, as one text: \"--no-cache --network=host\"")
	flags.StringVar(&f.packageDirs, "package-dirs", "", "trees of packages to search before the built-in ones: `DIRS`, separated by commas or colons; as --source")
	flags.BoolVar(&f.useProxy, "use-proxy", false, "give the steps this machine's proxy variables")
	flags.BoolVar(&f.simulate, "simulate", false, "print the plan and the image's name, and build nothing")
	flags.BoolVar(&f.listPackages, "list-packages", false, "list the packages, or those that match, and build nothing")
	flags.BoolVar(&f.showPackages, "show-packages", false, "show what is known of packages, and build nothing")
	flags.BoolVar(&f.version, "version", false, "print what this machine and the build are for, and build nothing")
	flags.StringVar(&f.device, "buildkit-device", "", "CDI `DEVICE` of the RUN steps that have one, such as nvidia.com/gpu=all (BUILDKIT_DEVICE)")
	f.ccacheFlags.register(flags)
	for _, name := range []struct {
		flag *bool
		name string
	}{
		{&f.buildkit, "buildkit"},
		{&f.noBuildkit, "no-buildkit"},
		{&f.debug, "debug"},
		{&f.verbose, "verbose"},
	} {
		flags.BoolVar(name.flag, name.name, false, "of jetson-containers: see the manual")
		_ = flags.MarkHidden(name.name) // an error would mean that there is no such flag
	}
	for _, name := range []struct {
		flag *string
		name string
	}{
		{&f.logLevel, "log-level"},
		{&f.logColors, "log-colors"},
		{&f.logStatus, "log-status"},
	} {
		flags.StringVar(name.flag, name.name, "", "of jetson-containers: see the manual")
		_ = flags.MarkHidden(name.name) // an error would mean that there is no such flag
	}
}

// foreign is what flags of jetson-containers mean here that cannot mean the same.
var foreign = map[string]struct {
	// refuse makes it an error, unless the flag is given as false.
	refuse bool
	why    string
}{
	"buildkit":    {why: "jetkit always builds with BuildKit"},
	"no-buildkit": {refuse: true, why: "jetkit builds with BuildKit only"},
	"debug":       {why: "it means nothing here; --progress plain shows all output of the steps"},
	"verbose":     {why: "it means nothing here; --progress plain shows all output of the steps"},
	"log-level":   {why: "it means nothing here; --progress says how much is shown"},
	"log-colors":  {why: "it means nothing here; NO_COLOR turns colors off"},
	"log-status":  {why: "it means nothing here; --progress tty has a display that moves"},
}

// translate turns the flags of jetson-containers into jetkit's own.
func (f *buildFlags) translate(cmd *cobra.Command, sys *system) error {
	if err := f.expand(cmd); err != nil {
		return err
	}
	if err := f.strange(cmd, sys); err != nil {
		return err
	}
	if f.skipErrors && !f.multiple {
		return usagef(cmd, "--skip-errors can only be used with --multiple")
	}
	f.sources = append(f.sources, split(f.packageDirs, ",;:")...)
	f.skip = append(f.skip, split(f.skipPackages, ",;")...)
	for name, value := range map[string]string{"SKIP_TESTS": f.skipTests, "TEST_ONLY": f.testOnly} {
		if names := split(value, ",;"); len(names) > 0 {
			f.args = append(f.args, name+"="+strings.Join(names, ","))
		}
	}
	if f.argPairs != "" {
		for pair := range strings.SplitSeq(f.argPairs, ",") {
			name, value, ok := strings.Cut(pair, ":")
			if !ok {
				return usagef(cmd, "--build-args %s: write NAME:VALUE,NAME:VALUE; a value with a comma needs --build-arg NAME=VALUE", f.argPairs)
			}
			f.args = append(f.args, strings.TrimSpace(name)+"="+value)
		}
	}
	f.settingsFromEnvironment(sys)
	return f.changes(cmd, sys)
}

// expand reads the flags that --build-flags holds as one text.
func (f *buildFlags) expand(cmd *cobra.Command) error {
	if f.moreFlags == "" {
		return nil
	}
	args, err := shlex.Split(f.moreFlags)
	if err != nil {
		return usagef(cmd, "--build-flags: %w", err)
	}
	more := pflag.NewFlagSet("build-flags", pflag.ContinueOnError)
	more.SetNormalizeFunc(cmd.Flags().GetNormalizeFunc())
	more.AddFlagSet(cmd.Flags())
	if err := more.Parse(args); err != nil {
		return usagef(cmd, "--build-flags: %w", err)
	}
	if more.NArg() > 0 {
		return usagef(cmd, "--build-flags: %s is no flag", more.Arg(0))
	}
	return nil
}

// strange refuses what jetkit cannot do, and says of what it does not need that it
// does not.
func (f *buildFlags) strange(cmd *cobra.Command, sys *system) error {
	var refused error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		about, ok := foreign[flag.Name]
		switch {
		case !ok || flag.Value.String() == "false":
		case about.refuse:
			refused = errors.Join(refused, fmt.Errorf("--%s: %s", flag.Name, about.why))
		default:
			fmt.Fprintf(sys.err, "note: --%s: %s\n", flag.Name, about.why)
		}
	})
	if refused != nil {
		return usagef(cmd, "%w", refused)
	}
	return nil
}

// takePlatform takes the platform from the environment, as a plan does, unless a flag names one.
func (f *buildFlags) takePlatform(sys *system) {
	if p := sys.platformVariable(); p != "" && len(f.platforms) == 0 {
		f.platforms = []string{p}
	}
}

// settingsFromEnvironment takes from the environment what jetson-containers takes from it
// besides the target.
func (f *buildFlags) settingsFromEnvironment(sys *system) {
	if f.device != "" {
		f.args = append(f.args, deviceArgs(f.device)...)
	} else if device, _ := sys.env("BUILDKIT_DEVICE"); device != "" {
		fmt.Fprintf(sys.err, "note: BUILDKIT_DEVICE=%s is from %s\n", diag.Clean(device), sys.whence("BUILDKIT_DEVICE"))
		f.args = append(f.args, deviceArgs(device)...)
	}
	if f.useProxy {
		for _, name := range []string{"all_proxy", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
			if value, ok := sys.env(name); ok {
				f.args = append(f.args, name+"="+value)
			}
		}
	}
	if epoch, _ := sys.env("SOURCE_DATE_EPOCH"); epoch != "" && !slices.ContainsFunc(f.args, func(a string) bool { return strings.HasPrefix(a, "SOURCE_DATE_EPOCH") }) {
		f.args = append(f.args, "SOURCE_DATE_EPOCH="+epoch) // as buildx does
	}
	for name, list := range map[string]*[]string{"BUILDKIT_CACHE_FROM": &f.cacheFrom, "BUILDKIT_CACHE_TO": &f.cacheTo} {
		value, _ := sys.env(name)
		*list = append(*list, split(value, ";")...)
	}
}

// take makes a variable of the environment a build argument, unless that is given.
func (f *buildFlags) take(sys *system, name, arg string) {
	value, _ := sys.env(name)
	if value == "" || slices.ContainsFunc(f.args, func(a string) bool { return a == arg || strings.HasPrefix(a, arg+"=") }) {
		return
	}
	fmt.Fprintf(sys.err, "note: %s=%s is from the environment\n", name, diag.Clean(value))
	f.args = append(f.args, arg+"="+value)
}

// deviceArgs returns the build arguments that --buildkit-device stands for: a name, or
// yes or no.
func deviceArgs(device string) []string {
	switch strings.ToLower(device) {
	case "0", "false", "no", "none", "off":
		return []string{"BUILD_GPU=skip"}
	case "1", "true", "yes", "on":
		return []string{"BUILD_GPU=cdi"}
	}
	return []string{"BUILD_GPU=cdi", "BUILD_DEVICE=" + device}
}

// split returns the words of a list.
func split(list, separators string) []string {
	var words []string
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
