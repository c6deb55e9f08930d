package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

func newList(sys *system) *cobra.Command {
	var flags requestFlags
	var format string
	var chains, all bool
	cmd := &cobra.Command{
		Use:                   "list [OPTIONS] [PATTERN]",
		Aliases:               []string{"ls"},
		DisableFlagsInUseLine: true,
		Short:                 "List packages",
		Long: `List the packages of all sources, or those that go by a name or pattern ("cuda", "torch*").

The table leaves out packages that cannot be used on the target, unless --all is given. JSON has
all of them, each with the reason, in the order in which names are looked up.`,
		Example: `  jetkit packages list
  jetkit packages list 'torch*' --all --l4t 36.4.3 --source ~/jetson-containers/packages
  jetkit packages list --chains --format json --jetpack 6.2 --source ~/jetson-containers/packages --run-config-py`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := flags.load(cmd, sys)
			if err != nil {
				return err
			}
			defer w.close()
			pattern := everything
			if len(args) > 0 {
				pattern = args[0]
			}
			packages := w.matching(pattern)
			if len(packages) == 0 {
				return w.noPackage(pattern)
			}
			found := newEntries(w, chains).list(packages)
			printWarnings(sys.err, withoutCommandLine(w.problems))
			if format == "json" {
				return writeJSON(sys.out, listing{Target: w.target, Base: w.base, Packages: found})
			}
			return printTable(sys, found, chains, all)
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	cmd.Flags().BoolVar(&chains, "chains", false, "resolve each package, and list its chain")
	cmd.Flags().BoolVar(&all, "all", false, "list packages that cannot be used on the target too")
	oneOf(cmd, &format, "format", "list", "table", "json")
	return cmd
}

// load reads the flags of a command that looks at all packages. The file, if
// there is none, need not be.
func (f *requestFlags) load(cmd *cobra.Command, sys *system) (*library, error) {
	var names []string
	if f.file == "" {
		names = []string{everything}
	}
	r, err := f.request(cmd, names, sys)
	if err != nil {
		return nil, err
	}
	w, err := load(cmd.Context(), r)
	if err != nil {
		return nil, err
	}
	found, err := w.list(cmd.Context())
	if err != nil {
		w.close()
	}
	return found, err
}

// matching returns the packages that go by a name or pattern, in scan order.
func (w *library) matching(pattern string) []*catalog.Package {
	var found []*catalog.Package
	for _, p := range w.catalog.Packages() {
		if p.Matches(pattern) {
			found = append(found, p)
		}
	}
	return found
}

// noPackage is the error for a name or pattern that finds nothing.
func (w *library) noPackage(name string) error {
	hint := w.catalog.Suggest(name)
	if hint == "" && !catalog.IsPattern(name) {
		var families []string
		for _, p := range w.catalog.Packages() {
			families = append(families, p.Family())
		}
		hint = diag.DidYouMean(name, families)
	}
	e := &problemError{}
	e.list.Errorf(rules.MissingPackage, diag.Range{}, hint, "there is no package %s", name)
	return e
}

// printTable prints packages by name.
func printTable(sys *system, list []*entry, chains, all bool) error {
	rows := slices.DeleteFunc(slices.Clone(list), func(e *entry) bool { return e.Disabled != "" && !all })
	slices.SortStableFunc(rows, func(a, b *entry) int { return cmp.Compare(a.Name, b.Name) })
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
	heads := []string{"NAME", "GROUP", "ALIASES", "SOURCE"}
	if chains {
		heads = append(heads, "CHAIN")
	}
	if all {
		heads = append(heads, "DISABLED")
	}
	fmt.Fprintln(w, strings.Join(heads, "\t"))
	for _, e := range rows {
		cells := []string{e.Name, e.Group, strings.Join(e.Alias, " "), e.folder}
		if chains {
			cells = append(cells, e.chainText())
		}
		if all {
			cells = append(cells, e.Disabled)
		}
		for i, cell := range cells {
			cells[i] = diag.Clean(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(sys.out, strings.TrimRight(line, " \n"))
	}
	if hidden := len(list) - len(rows); hidden > 0 {
		fmt.Fprintf(sys.err, "%d more cannot be used on this target; --all lists them\n", hidden)
	}
	return nil
}

// chainText returns the chain in one line.
func (e *entry) chainText() string {
	if e.Error != "" {
		return "error: " + e.Error
	}
	return strings.Join(e.Chain, " ")
}
