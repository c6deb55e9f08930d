package platform

import (
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// maxFacts bounds a file of facts, in bytes.
const maxFacts = 1 << 20

// TableNames lists the files that hold tables: those of the program, and those
// that a folder of a user's own facts may have.
func TableNames() []string {
	return []string{"arch.json", "l4t.json", "sm.json", "sources.json", "ubuntu.json"}
}

// FactsFile is a file with more rows for one of the tables.
type FactsFile struct {
	// Table is one of TableNames, Name the file's name as people know it.
	Table, Name string
	Data        []byte
}

// Extend returns the tables with more rows. A row with the key of another one
// (an L4T number, an Ubuntu release, a compute capability, a name …) takes its place.
// Files have the form of the built-in tables; what is wrong with them is
// reported at its line, and the tables are then t itself.
func (t *Tables) Extend(files ...FactsFile) (*Tables, diag.List) {
	return t.extended(func(r tableReader, into *Tables) {
		for _, f := range files {
			switch {
			case !slices.Contains(TableNames(), f.Table):
				hint := diag.DidYouMean(f.Table, TableNames())
				r.problems.Errorf(rules.BadFacts, diag.Range{File: f.Name}, hint, "%s is none of the tables: %s", f.Table, diag.And(TableNames()))
			case len(f.Data) > maxFacts:
				r.problems.Errorf(rules.TooLarge, diag.Range{File: f.Name}, "", "the file is larger than %d KiB", maxFacts>>10)
			default:
				r.read(f, into)
			}
		}
	})
}

// ExtendInline is Extend for a mapping that holds the tables themselves, each by
// the name of its file without ".json".
func (t *Tables) ExtendInline(facts *yamlnode.Node) (*Tables, diag.List) {
	return t.extended(func(r tableReader, into *Tables) {
		r.asTyped = true
		var names []string
		for _, name := range TableNames() {
			names = append(names, strings.TrimSuffix(name, ".json"))
		}
		for _, f := range facts.Fields {
			if !slices.Contains(names, f.Key) {
				r.problems.Errorf(rules.UnknownKey, f.KeyAt, diag.DidYouMean(f.Key, names), "unknown key %s in facts: the tables are %s", yamlnode.Quote(f.Key), diag.And(names))
				continue
			}
			r.table(f.Key+".json", f.Value, into)
		}
	})
}

// extended adds the rows that add reads to a copy of the tables.
func (t *Tables) extended(add func(r tableReader, into *Tables)) (*Tables, diag.List) {
	t = t.orBuiltIn()
	extended := &Tables{
		releases: slices.Clone(t.releases), ubuntus: slices.Clone(t.ubuntus), arches: t.arches, jetsonArches: slices.Clone(t.jetsonArches),
		cudaLimits: slices.Clone(t.cudaLimits), lists: slices.Clone(t.lists), capabilities: slices.Clone(t.capabilities),
		repositories: slices.Clone(t.repositories),
	}
	var problems diag.List
	add(tableReader{problems: &problems}, extended)
	if !problems.HasErrors() {
		extended.complete(&problems)
	}
	if problems.HasErrors() {
		return t, problems.Sorted()
	}
	return extended, nil
}

// read adds the rows of one file to tables.
func (r tableReader) read(f FactsFile, t *Tables) {
	root, problems := yamlnode.ReadJSON(yamlnode.Source{File: f.Name, Text: f.Data})
	*r.problems = append(*r.problems, problems...)
	switch {
	case root != nil && root.Kind != yamlnode.Mapping:
		r.wrongType(root, "the file", "a mapping")
	case root != nil:
		r.table(f.Table, root, t)
	case len(problems) == 0:
		r.problems.Errorf(rules.EmptyFile, diag.Range{File: f.Name}, "write a table, or remove the file", "the file is empty")
	}
}

// table adds the rows of one table, which the name of its file says.
func (r tableReader) table(name string, root *yamlnode.Node, t *Tables) {
	sections := map[string]func(*yamlnode.Node){}
	switch name {
	case "l4t.json":
		sections["releases"] = func(n *yamlnode.Node) { t.releases = rows(r, n, "a release", t.releases, (*release).check) }
	case "ubuntu.json":
		sections["releases"] = func(n *yamlnode.Node) { t.ubuntus = rows(r, n, "a release", t.ubuntus, (*ubuntuRelease).check) }
	case "sm.json":
		sections["capabilities"] = func(n *yamlnode.Node) {
			t.capabilities = rows(r, n, "a capability", t.capabilities, (*capability).check)
		}
	case "sources.json":
		sections["repositories"] = func(n *yamlnode.Node) {
			t.repositories = rows(r, n, "a repository", t.repositories, (*repository).check)
		}
	case "arch.json":
		sections["board_arches"] = func(n *yamlnode.Node) { t.jetsonArches = rows(r, n, "a row", t.jetsonArches, (*jetsonArch).check) }
		sections["cuda_limits"] = func(n *yamlnode.Node) { t.cudaLimits = rows(r, n, "a row", t.cudaLimits, (*cudaLimit).check) }
		sections["cuda_architectures"] = func(n *yamlnode.Node) { t.lists = rows(r, n, "a row", t.lists, (*archList).check) }
		if t.arches == nil { // the names of architectures are jetkit's own
			sections["arches"] = func(n *yamlnode.Node) { t.arches = rows(r, n, "an arch", t.arches, (*archName).check) }
		}
	}
	known := []string{"$comment"}
	for key := range sections {
		known = append(known, key)
	}
	slices.Sort(known)
	if root.Kind != yamlnode.Mapping {
		r.wrongType(root, "the table", "a mapping")
		return
	}
	for _, f := range root.Fields {
		section := sections[f.Key]
		switch {
		case section != nil:
			section(f.Value)
		case f.Key != "$comment":
			r.problems.Errorf(rules.UnknownKey, f.KeyAt, diag.DidYouMean(f.Key, known), "unknown key %s: %s has %s", yamlnode.Quote(f.Key), name, diag.And(known))
		}
	}
}

// row is what all rows have: a key, by which one takes another's place, and an
// order.
type row[T any] interface {
	*T
	// before reports whether the row goes before another one.
	before(other *T) bool
}

// rows adds the rows of a list to those there are, in their order.
func rows[T any, P row[T]](r tableReader, n *yamlnode.Node, what string, have []T, check func(P, *checker)) []T {
	if n.Kind != yamlnode.List {
		r.wrongType(n, "the table", "a list")
		return have
	}
	for _, element := range n.Items {
		var one T
		if !r.decode(element, what, &one) {
			continue
		}
		c := &checker{tableReader: r, row: element}
		check(&one, c)
		if c.failed {
			continue
		}
		i := slices.IndexFunc(have, func(other T) bool { return !P(&other).before(&one) })
		switch {
		case i < 0:
			have = append(have, one)
		case P(&one).before(&have[i]):
			have = slices.Insert(have, i, one)
		default:
			have[i] = one
		}
	}
	return have
}

// checker checks one row.
type checker struct {
	tableReader
	row    *yamlnode.Node
	failed bool
}

// errorf reports a bad value of a key, at the key if the row has it.
func (c *checker) errorf(key, hint, format string, args ...any) {
	at := c.row.At
	if f := c.row.Get(key); f != nil {
		at = f.KeyAt
	}
	c.problems.Errorf(rules.BadFacts, at, hint, format, args...)
	c.failed = true
}

// has reports whether the row has all of some keys, and reports those that are missing.
func (c *checker) has(keys ...string) bool {
	missing := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return c.row.Get(key) != nil })
	if len(missing) > 0 {
		c.errorf("", "a row takes the place of one for the same release, so it must be whole", "the row has no %s", diag.And(missing))
	}
	return len(missing) == 0
}

// version reports a text that is no version number.
func (c *checker) version(key, text, hint string) {
	if _, ok := dotted.Parse(text); !ok {
		c.errorf(key, hint, "%s: %q is not a version", key, text)
	}
}

// text reports a text that is missing, or has control characters.
func (c *checker) text(key, text string) {
	switch {
	case text == "":
		c.errorf(key, "", "the row has no %s", key)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.errorf(key, "", "%s: control characters are not allowed", key)
	}
}

// origin adds the file and line of the row to its source, for tables that are
// not the program's.
func (c *checker) origin(source *string) {
	if !c.ofProgram {
		*source = strings.TrimPrefix(*source+", in "+c.row.At.String(), ", in ")
	}
}
