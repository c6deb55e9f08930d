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
)

// found is a family of packages that a search found: pytorch with all its versions.
type found struct {
	Name string `json:"name"`
	// Versions are the real names in lookup order; the JSON form of a search has
	// those too that cannot be used on the target.
	Versions []string `json:"versions"`
	Alias    []string `json:"alias"`
	Group    string   `json:"group,omitempty"`
	Notes    string   `json:"notes,omitempty"`
	// Score orders the families: the higher, the nearer to the words.
	Score int `json:"score"`
	// Disabled says why no version can be used on the target.
	Disabled string `json:"disabled,omitempty"`

	// usable are those of the versions that can be used.
	usable []string
}

func newSearch(sys *system) *cobra.Command {
	var flags requestFlags
	var format string
	var all, wide bool
	var limit int
	cmd := &cobra.Command{
		Use:                   "search [OPTIONS] WORD...",
		DisableFlagsInUseLine: true,
		Short:                 "Find packages by words of their names, aliases, groups and notes",
		Long: `Find the packages that have all of the words in their names, aliases, groups, notes or docs, the
nearest first: a whole name before the beginning of one, names before groups, and groups before
notes. A word that is nearly a name finds it too. Versions of one package are one line.`,
		Example: `  jetkit packages search numpy
  jetkit packages search speech whisper --source ~/jetson-containers/packages --run-config-py`,
		Args: arguments(1, -1),
		RunE: func(cmd *cobra.Command, words []string) error {
			if limit < 0 {
				return usagef(cmd, "--limit %d: give the most lines to show, or 0 for all", limit)
			}
			w, err := flags.load(cmd, sys)
			if err != nil {
				return err
			}
			defer w.close()
			list := newEntries(w, false).search(words)
			printWarnings(sys.err, withoutCommandLine(w.problems))
			if format == "json" {
				return writeJSON(sys.out, list)
			}
			if len(list) == 0 {
				return fmt.Errorf("no package has the words %s; jetkit packages list shows all", strings.Join(words, " "))
			}
			return printFound(sys, list, all, wide, limit)
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	cmd.Flags().BoolVar(&all, "all", false, "show packages that cannot be used on the target too")
	cmd.Flags().IntVar(&limit, "limit", 25, "show at most `N` packages, 0 for all; JSON has all")
	cmd.Flags().BoolVar(&wide, "no-trunc", false, "do not cut notes that are long")
	oneOf(cmd, &format, "format", "list", "table", "json")
	return cmd
}

// What a word is worth where it is found.
const (
	scoreExact  = 100
	scorePrefix = 60
	scoreInside = 40
	scoreNearly = 20
	scoreGroup  = 15
	scoreNotes  = 10
)

// search returns the families that have all of the words, the nearest first.
func (e *entries) search(words []string) []*found {
	families := map[string]*found{}
	list := []*found{}
	for _, p := range e.catalog.Packages() {
		score := scoreOf(p, words)
		if score == 0 {
			continue
		}
		family := families[p.Family()]
		if family == nil {
			family = &found{Name: p.Family(), Alias: []string{}}
			families[p.Family()] = family
			list = append(list, family)
		}
		family.add(p, score, e.disabled(p))
	}
	slices.SortStableFunc(list, func(a, b *found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// add counts a version that was found.
func (f *found) add(p *catalog.Package, score int, disabled string) {
	f.Versions = append(f.Versions, p.Name)
	f.Score = max(f.Score, score)
	f.Group, f.Notes = cmp.Or(f.Group, p.Group), cmp.Or(f.Notes, p.Notes)
	for _, alias := range p.Alias {
		if name := catalog.Base(alias); name != f.Name && !slices.Contains(f.Alias, name) {
			f.Alias = append(f.Alias, name)
		}
	}
	switch {
	case disabled == "":
		f.usable, f.Disabled = append(f.usable, p.Name), ""
	case len(f.usable) == 0:
		f.Disabled = cmp.Or(f.Disabled, disabled)
	}
}

// scoreOf sums up what the words are worth, 0 if one of them is missing.
func scoreOf(p *catalog.Package, words []string) int {
	sum := 0
	for _, word := range words {
		score := scoreWord(p, strings.ToLower(word))
		if score == 0 {
			return 0
		}
		sum += score
	}
	return sum
}

func scoreWord(p *catalog.Package, word string) int {
	best := 0
	for _, name := range p.Names() {
		name = strings.ToLower(name)
		base := catalog.Base(name)
		switch {
		case name == word || base == word:
			return scoreExact
		case strings.HasPrefix(name, word):
			best = max(best, scorePrefix)
		case strings.Contains(name, word):
			best = max(best, scoreInside)
		case diag.Nearest(word, []string{base}) != "":
			best = max(best, scoreNearly)
		}
	}
	if strings.Contains(strings.ToLower(p.Group), word) {
		best = max(best, scoreGroup)
	}
	if strings.Contains(strings.ToLower(p.Notes), word) || strings.Contains(strings.ToLower(p.Docs), word) {
		best = max(best, scoreNotes)
	}
	return best
}

const (
	// maxTags is how many characters the versions of a line have; JSON has them all.
	maxTags = 36
	// maxNotes is how many characters of the notes a line has.
	maxNotes = 60
)

// printFound prints families as a table.
func printFound(sys *system, list []*found, all, wide bool, limit int) error {
	rows := slices.DeleteFunc(slices.Clone(list), func(f *found) bool { return f.Disabled != "" && !all })
	unusable := len(list) - len(rows)
	more := 0
	if limit > 0 && len(rows) > limit {
		more = len(rows) - limit
		rows = rows[:limit]
	}
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
	heads := []string{"NAME", "GROUP", "VERSIONS", "NOTES"}
	if all {
		heads = append(heads, "DISABLED")
	}
	if len(rows) > 0 {
		fmt.Fprintln(w, strings.Join(heads, "\t"))
	}
	for _, f := range rows {
		notes := []rune(f.Notes)
		if len(notes) > maxNotes && !wide {
			notes = append(notes[:maxNotes-1], '…')
		}
		cells := []string{strings.Join(append([]string{f.Name}, f.Alias...), ", "), f.Group, f.tags(), string(notes)}
		if all {
			cells = append(cells, f.Disabled)
		}
		for i, cell := range cells {
			cells[i] = printable(diag.Clean(cell))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(sys.out, strings.TrimRight(line, " \n"))
	}
	if more > 0 {
		fmt.Fprintf(sys.err, "%d more; --limit 0 shows all\n", more)
	}
	if unusable > 0 {
		fmt.Fprintf(sys.err, "%d more cannot be used on this target; --all shows them\n", unusable)
	}
	return nil
}

// tags lists the tags of the versions that can be used, or of all if none can. It is
// empty if the package has no tag.
func (f *found) tags() string {
	names := f.usable
	if len(names) == 0 {
		names = f.Versions
	}
	var tags []string
	for _, name := range names {
		if _, tag, ok := strings.Cut(name, ":"); ok && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	most, width := 0, 0
	for ; most < len(tags) && (most == 0 || width+len(tags[most]) <= maxTags); most++ {
		width += len(tags[most]) + len(" ")
	}
	return diag.Some(tags, " ", most)
}
