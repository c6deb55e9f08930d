package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/builder"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/platform"
)

// completeNames offers the names of packages to the shell.
func (f *requestFlags) completeNames(sys *system) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		f.sources, f.contexts = once(f.sources), once(f.contexts) // cobra reads the flags twice
		f.noted = true
		w, err := f.load(cmd, sys)
		if err != nil { // there is no place to say so
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer w.close()
		var names []cobra.Completion
		for _, p := range w.catalog.Packages() {
			for _, name := range p.Names() {
				if strings.HasPrefix(name, begun) && harmless.MatchString(name) {
					names = append(names, cobra.CompletionWithDesc(name, diag.Clean(p.Origin.String())))
				}
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// harmless matches names that mean nothing else to a shell: a tree may have a folder
// called $(rm -rf ~).
var harmless = regexp.MustCompile(`^[\w.+][\w.+:-]*$`)

// once returns a list without what was there before.
func once(list []string) []string {
	var short []string
	for _, text := range list {
		if !slices.Contains(short, text) {
			short = append(short, text)
		}
	}
	return short
}

// completeFlag offers values of a flag to the shell. They are only looked up when it
// asks.
func completeFlag(cmd *cobra.Command, flag string, values func() []string) {
	// An error would mean that there is no such flag.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	})
}

// knownValues lists what a value of the target can be, by its build argument: the
// newest release's first.
func knownValues(arg string) []string {
	of := map[string]func(platform.Release) string{
		"L4T_VERSION":     func(r platform.Release) string { return r.L4T },
		"JETPACK_VERSION": func(r platform.Release) string { return r.JetPack },
		"CUDA_VERSION":    func(r platform.Release) string { return r.CUDA },
		"PYTHON_VERSION":  func(r platform.Release) string { return r.Python },
		"LSB_RELEASE":     func(r platform.Release) string { return r.Ubuntu },
	}[arg]
	if arg == "CUDA_ARCH" {
		return []string{"tegra-aarch64", "aarch64", "x86_64"}
	}
	if of == nil {
		return nil
	}
	var values []string
	releases := platform.BuiltIn().Releases()
	for _, release := range slices.Backward(releases) {
		if value := of(release); value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values
}

// knownPlatforms lists the platforms that there are targets for.
func knownPlatforms() []string { return []string{"linux/arm64", "linux/amd64"} }

// completeBuilders offers the names of builders for each flag --builder.
func completeBuilders(cmd *cobra.Command, sys *system) {
	if cmd.Flags().Lookup("builder") != nil {
		completeFlag(cmd, "builder", func() []string { return builder.Names(sys.env) })
	}
	for _, sub := range cmd.Commands() {
		completeBuilders(sub, sys)
	}
}
