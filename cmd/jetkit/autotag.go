package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jetkit/cmd/internal/autotag"
	"jetkit/cmd/internal/outfile"
	"jetkit/pkgspec/diag"
)

// autotagFlags are the flags of jetkit autotag, with the names and letters of
// jetson-containers'.
type autotagFlags struct {
	requestFlags
	prefer, disable, users []string
	output, format         string
	quiet, verbose         bool
	explain                bool
}

func newAutotag(sys *system) *cobra.Command {
	var flags autotagFlags
	cmd := &cobra.Command{
		Use:                   "autotag [OPTIONS] PACKAGE...",
		DisableFlagsInUseLine: true,
		Short:                 "Find an image that holds packages and runs on this machine: local, in a registry, or built",
		Long: `Find an image that holds all of the packages and was made for this machine: for its L4T,
architecture, and the CUDA, Python and Ubuntu that are asked for. Standard output has the image's
name alone; the exit code is 127 and standard output empty where no image fits.

Images of Docker's engine and of containerd are looked at first, then registries, then jetkit offers
to build the packages. PACKAGE is a package's name, alias or pattern, with a tag or without one, or
an image's name without what it is for: pytorch, ros:humble-desktop, dustynv/ollama.

The variables of jetson-containers count where no flag says otherwise: L4T_VERSION, JETPACK_VERSION,
CUDA_VERSION, PYTHON_VERSION, LSB_RELEASE, CUDA_ARCH and SYSTEM_ARCH.`,
		Example: `  jetkit autotag pytorch
  jetkit run $(jetkit autotag ros:humble-desktop)
  jetkit autotag pytorch torchvision --explain
  jetkit autotag vllm --cuda 12.8 --user registry.example.com/robots --user dustynv
  jetkit autotag numpy --disable registry,build --format json`,
		Args: arguments(1, -1),
		RunE: func(cmd *cobra.Command, names []string) error {
			find, err := flags.finder(cmd, names, sys)
			if err != nil {
				return err
			}
			defer find.close()
			return find.run(cmd.Context())
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	return cmd
}

// sourceNames are what --prefer and --disable take.
var sourceNames = []string{autotag.Local, autotag.Registry, autotag.Build}

func (f *autotagFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.VarP(&sources{&f.prefer}, "prefer", "p", "`SOURCES` to look in, the preferred first, separated by commas or colons")
	flags.VarP(&sources{&f.disable}, "disable", "d", "`SOURCES` not to look in")
	flags.StringArrayVarP(&f.users, "user", "u", []string{"dustynv"}, "`USER` of Docker Hub, or path of another registry (HOST/PATH); may be repeated, the preferred first")
	flags.StringVarP(&f.output, "output", "o", "", "write the image's name to `FILE` too")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "ask nothing: take an image of a registry, and build none; say only what is wrong")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say where images were looked for")
	flags.BoolVar(&f.explain, "explain", false, "list all images that were considered, and why each was chosen or not")
	oneOf(cmd, &f.format, "format", "result", "text", "json")
	f.prefer = slices.Clone(sourceNames)
	f.requestFlags.register(cmd)
	for _, name := range []string{"prefer", "disable"} {
		// An error would mean that there is no such flag.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(sourceNames, cobra.ShellCompDirectiveNoFileComp))
	}
	_ = cmd.MarkFlagFilename("output")
}

// sources is the value of a flag that takes names of sources.
type sources struct{ list *[]string }

func (s *sources) Type() string { return "string" }

func (s *sources) String() string {
	if s.list == nil {
		return ""
	}
	return strings.Join(*s.list, ",")
}

func (s *sources) Set(text string) error {
	*s.list = nil
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(",;:", c) }) {
		if !slices.Contains(sourceNames, word) {
			return fmt.Errorf("there is no source %q: it can be %s", word, strings.Join(sourceNames, ", "))
		}
		if !slices.Contains(*s.list, word) {
			*s.list = append(*s.list, word)
		}
	}
	return nil
}

// finder is one search.
type finder struct {
	*autotagFlags
	sys     *system
	request *autotag.Request
	// names are the packages as typed, and flags the command line's.
	names   []string
	flags   *pflag.FlagSet
	sources []string
	stores  stores
	found   autotag.Result
}

// finder reads the command line.
func (f *autotagFlags) finder(cmd *cobra.Command, names []string, sys *system) (*finder, error) {
	find := &finder{autotagFlags: f, sys: sys, names: names, flags: cmd.Flags(), request: &autotag.Request{}}
	for _, text := range names {
		want, err := autotag.ParseWant(text)
		if err != nil {
			return nil, usagef(cmd, "%w", err)
		}
		find.request.Wants = append(find.request.Wants, want)
	}
	for _, source := range f.prefer {
		if !slices.Contains(f.disable, source) {
			find.sources = append(find.sources, source)
		}
	}
	if err := f.target(cmd, find); err != nil {
		return nil, err
	}
	var err error
	find.stores, err = newStores(sys, f.users)
	if err != nil {
		return nil, usagef(cmd, "--user: %w", err)
	}
	return find, nil
}

func (f *finder) close() { f.stores.close() }

// run looks in one source after the other.
func (f *finder) run(ctx context.Context) error {
	f.say(f.verbose, "looking for %s, for %s", strings.Join(f.names, " "), f.request.Target.String())
	chosen := ""
	for i, source := range f.sources {
		switch {
		case chosen != "" && (!f.explain || source == autotag.Build):
			continue
		case source == autotag.Build:
			image, err := f.build(ctx)
			if err != nil {
				return err
			}
			chosen = image
			continue
		}
		result, err := f.request.Find(ctx, f.stores.source(source), i)
		if err != nil {
			return err
		}
		f.report(result)
		f.found.Add(result)
		if chosen == "" && result.Best != nil {
			if chosen, err = f.accept(ctx, source, result.Best); err != nil {
				return err
			}
		}
	}
	return f.finish(chosen)
}

// accept asks, of an image that has to be pulled, whether it may be.
func (f *finder) accept(ctx context.Context, source string, best *autotag.Candidate) (string, error) {
	if source == autotag.Registry && !f.quiet {
		yes, err := f.sys.ask(ctx, "Found "+best.Describe()+"; take it? docker run will pull it", true)
		if err != nil || !yes {
			return "", err
		}
	}
	return best.Name, nil
}

// report says what went wrong with stores.
func (f *finder) report(result *autotag.Result) {
	for _, r := range result.Reports {
		if r.Problem != "" && !r.Absent {
			fmt.Fprintf(f.sys.err, "warning: %s\n", r)
			continue
		}
		f.say(f.verbose && !f.explain, "%s", r)
	}
}

// finish prints what was found.
func (f *finder) finish(chosen string) error {
	if f.explain {
		if err := f.found.WriteTable(f.sys.err); err != nil {
			return err
		}
	}
	if f.format == "json" {
		if err := f.found.JSON(f.sys.out, f.request, chosen); err != nil {
			return err
		}
	}
	if chosen == "" {
		return f.none()
	}
	if best := f.found.Best; best != nil && best.Name == chosen {
		f.say(!f.quiet && !f.explain, "%s", best.Describe())
		f.say(best.Hint != "", "%s", best.Hint)
	}
	if f.output != "" {
		if err := writeFile(f.output, chosen); err != nil {
			return err
		}
	}
	if f.format == "json" {
		return nil
	}
	_, err := fmt.Fprintln(f.sys.out, chosen)
	return err
}

// noImageError says that no image fits, in several lines.
type noImageError struct{ text string }

func (e *noImageError) Error() string { return e.text }

// none is the error for when no image fits.
func (f *finder) none() error {
	text := fmt.Sprintf("no image holds %s and runs on this machine (%s)", strings.Join(f.names, " and "), f.request.Target.String())
	if silent := f.silent(); len(silent) > 0 {
		text = fmt.Sprintf("no image was found that holds %s and runs on this machine (%s), but %s could not be asked",
			strings.Join(f.names, " and "), f.request.Target.String(), strings.Join(silent, " and "))
	}
	if f.found.Best != nil {
		text = "no image was taken"
	} else if !f.explain {
		for _, line := range f.found.Nearest() {
			text += "\n  " + line
		}
	}
	return &noImageError{text}
}

// silent are the stores that did not answer, and may hold an image that fits.
func (f *finder) silent() []string {
	var stores []string
	for _, r := range f.found.Reports {
		if r.Problem != "" && !r.Absent && !slices.Contains(stores, r.Store) {
			stores = append(stores, r.Store)
		}
	}
	return stores
}

// say prints a line of what goes on.
func (f *finder) say(when bool, format string, args ...any) {
	if when {
		fmt.Fprintln(f.sys.err, diag.Clean(fmt.Sprintf(format, args...)))
	}
}

// writeFile writes a file as a whole: who reads it finds the old text or the new one.
func writeFile(name, text string) error {
	return outfile.Write(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
