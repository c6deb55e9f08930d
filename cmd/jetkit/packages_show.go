package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// shown is the JSON form of packages show: one package more closely.
type shown struct {
	*entry
	// NeededBy lists the packages that name this one in their depends.
	NeededBy []string `json:"needed_by"`
}

func newShow(sys *system) *cobra.Command {
	var flags requestFlags
	var format string
	cmd := &cobra.Command{
		Use:                   "show [OPTIONS] NAME",
		DisableFlagsInUseLine: true,
		Short:                 "Show what is known of a package: metadata, whether it can be used, its chain",
		Long: `Show the packages that a name finds: by their real name or an alias, and by a name without a tag
in each of its versions.`,
		Example: `  jetkit packages show numpy
  jetkit packages show pytorch:2.8 --l4t 36.4.3 --source ~/jetson-containers/packages --run-config-py`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := flags.load(cmd, sys)
			if err != nil {
				return err
			}
			defer w.close()
			e := newEntries(w, true)
			found := e.show(args[0])
			if len(found) == 0 {
				return w.noPackage(args[0])
			}
			printWarnings(sys.err, withoutCommandLine(w.problems))
			if format == "json" {
				return writeJSON(sys.out, struct {
					Target   plan.Target `json:"target"`
					Base     plan.Value  `json:"base"`
					Packages []*shown    `json:"packages"`
				}{w.target, w.base, found})
			}
			for i, s := range found {
				if i > 0 {
					fmt.Fprintln(sys.out)
				}
				if err := s.print(sys); err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	oneOf(cmd, &format, "format", "answer", "text", "json")
	return cmd
}

// show describes the packages that a name finds.
func (e *entries) show(name string) []*shown {
	packages := e.named(name)
	var found []*shown
	for i, described := range e.list(packages) {
		found = append(found, &shown{entry: described, NeededBy: e.neededBy(packages[i])})
	}
	return found
}

// named returns the packages that a name means: those with exactly this name or
// alias, and for a name without a tag those of its versions.
func (w *library) named(name string) []*catalog.Package {
	packages := w.catalog.Lookup(name)
	if catalog.Base(name) == name && !catalog.IsPattern(name) {
		for _, p := range w.catalog.Variants(name) {
			if !slices.Contains(packages, p) {
				packages = append(slices.Clip(packages), p)
			}
		}
	}
	return packages
}

// neededBy lists the packages whose depends name this one. A name without a tag
// means the version that has it as its alias.
func (e *entries) neededBy(of *catalog.Package) []string {
	names := []string{}
	for _, p := range e.catalog.Packages() {
		demands := slices.ContainsFunc(p.Depends, func(d diag.Text) bool {
			return slices.ContainsFunc(of.Names(), func(name string) bool { return catalog.Match(d.Value, name) })
		})
		if demands {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// maxNeededBy is how many packages the text form lists; JSON has them all.
const maxNeededBy = 12

// print shows a package as people read it.
func (s *shown) print(sys *system) error {
	w := tabwriter.NewWriter(sys.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, diag.Clean(value))
		}
	}
	row("Name", s.Name)
	row("Aliases", strings.Join(s.Alias, " "))
	row("Group", s.Group)
	row("Folder", s.folder)
	row("Dockerfile", s.Dockerfile)
	row("Image", s.Image)
	row("Disabled", s.Disabled)
	if !slices.Equal(s.Requires, []string{catalog.DefaultRequires}) { // every target satisfies it
		row("Requires", strings.Join(s.Requires, ", "))
	}
	row("Depends", strings.Join(s.Depends, " "))
	row("Constraints", strings.Join(s.Constraints, ", "))
	row("Kernels", plan.KernelsText(s.Kernels))
	row("Layers", s.Layers)
	row("Test timeout", s.TestTimeout)
	if s.TestRetries != nil {
		row("Test retries", strconv.Itoa(*s.TestRetries))
	}
	row("Build timeout", s.BuildTimeout)
	row("Needed by", diag.Some(s.NeededBy, " ", maxNeededBy))
	row("Chain", s.chainText())
	for _, name := range slices.Sorted(maps.Keys(s.Args)) {
		row("Argument", name+"="+s.Args[name])
	}
	for _, test := range s.Test {
		row("Test", test)
	}
	row("Notes", s.Notes)
	row("Docs", s.Docs)
	row("Facts from", s.FactsFrom)
	row("Checked", s.Checked)
	return w.Flush()
}
