package pkgspec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// located is a text that the user gave, be it in the file or as a build argument;
// what is wrong with it is reported the same way for both. Its place is zero for
// build arguments.
type located struct {
	diag.Text
	// name is what the user calls the place: "tests.gpu", "--build-arg TEST_GPU".
	name string
}

func (s located) inFile() bool { return s.At.File != "" }

// part returns a part of the text.
func (s located) part(value string) located {
	s.Value = value
	return s
}

// reject reports a bad value. The message goes after the name of the place.
func (l *loader) reject(s located, hint, format string, args ...any) {
	l.problems.Errorf(rules.BadValue, s.At, hint, "%s: %s", s.name, fmt.Sprintf(format, args...))
}

// key is a key that a mapping may have, and what reads its value.
type key struct {
	name string
	read func(f *yamlnode.Field, path string)
}

// keys reads a mapping. Path is its own name ("" for the whole file).
func (l *loader) keys(n *yamlnode.Node, path string, known ...key) {
	if !l.expect(n, path, "a mapping of keys", yamlnode.Mapping) {
		return
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		if path == "" && strings.HasPrefix(f.Key, "x-") {
			continue
		}
		if k := slices.IndexFunc(known, func(k key) bool { return k.name == f.Key }); k >= 0 {
			known[k].read(f, join(path, f.Key))
			continue
		}
		names := make([]string, len(known))
		for k := range known {
			names[k] = known[k].name
		}
		in := ""
		if path != "" {
			in = " in " + path
		}
		hint := cmp.Or(l.elsewhere(f.Key, path), suggest(f.Key, names, synonyms))
		l.problems.Errorf(rules.UnknownKey, f.KeyAt, hint, "unknown key %s%s", yamlnode.Quote(f.Key), in)
	}
}

// synonyms are words that people write for keys, from other tools.
var synonyms = map[string]string{
	"arguments": "args", "build_args": "args",
	"base_image":   "base",
	"command":      "cmd",
	"cuda_version": "cuda", "jetpack_version": "jetpack", "l4t_version": "l4t", "python_version": "python",
	"dependencies": "packages", "depends": "packages",
	"directory": "dir", "folder": "dir", "path": "dir",
	"environment": "env",
	"exclude":     "skip",
	"cwd":         "workdir", "working_dir": "workdir", "working_directory": "workdir",
}

// elsewhere returns the hint for a key that stands in the wrong section, and "" for
// one that no section has.
func (l *loader) elsewhere(name, path string) string {
	var sections []string
	for _, s := range l.settings {
		section, last, ok := strings.Cut(s.key, ".")
		switch {
		case ok && last == name:
			sections = append(sections, section)
		case s.key == name && !s.argOnly:
			return fmt.Sprintf("%s is a key of the file itself: write it outside %s", name, path)
		}
	}
	if len(sections) == 0 {
		return ""
	}
	return "it is a key of " + diag.Or(sections)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// suggest returns the hint for a word that is none of the known ones.
func suggest(got string, known []string, synonyms map[string]string) string {
	if len(got) <= 100 {
		if meant := diag.Meant(got, known, synonyms); meant != "" {
			return "did you mean " + meant + "?"
		}
	}
	return "it can be " + diag.Or(known)
}

// expect reports whether n is one of the kinds, the usual one first, and reports
// it otherwise.
func (l *loader) expect(n *yamlnode.Node, path, what string, kinds ...yamlnode.Kind) bool {
	if n.Kind == yamlnode.Broken {
		return false
	}
	if n.Kind == yamlnode.Scalar && n.Tag == yamlnode.NullTag {
		l.problems.Errorf(rules.MissingValue, n.At, "give it a value, or leave it out", "%s has no value", cmp.Or(path, "the file"))
		return false
	}
	if !slices.Contains(kinds, n.Kind) {
		hint := "write a single value"
		switch {
		case path == "":
			hint = "for example: packages: [numpy]"
		case kinds[0] == yamlnode.Mapping:
			hint = "write KEY: VALUE on lines of their own below it, indented"
		case kinds[0] == yamlnode.List:
			hint = "write - VALUE on lines of their own, or [VALUE, VALUE]"
		}
		l.wrongType(n, path, what, hint)
		return false
	}
	return true
}

func (l *loader) wrongType(n *yamlnode.Node, path, want, hint string) {
	l.problems.Errorf(rules.WrongType, n.At, hint, "%s must be %s, not %s", cmp.Or(path, "the file"), want, n.Describe())
}

// value reads a scalar of any type as the text that the user typed; it may be
// empty.
func (l *loader) value(n *yamlnode.Node, path string) (located, bool) {
	if !l.expect(n, path, "a text", yamlnode.Scalar) {
		return located{}, false
	}
	return located{n.Located(), path}, true
}

// line reads a scalar that is one line and neither empty nor true or false. A
// number is the text that the user typed: python: 3.10 is not Python 3.1.
func (l *loader) line(n *yamlnode.Node, path string) (located, bool) {
	s, ok := l.value(n, path)
	if ok && n.Tag == yamlnode.BoolTag {
		l.wrongType(n, path, "a text", "put it in quotes if it is meant")
		return s, false
	}
	return s, ok && l.checkLine(s)
}

// checkLine reports a text that is empty or more than a line.
func (l *loader) checkLine(s located) bool {
	switch {
	case strings.TrimSpace(s.Value) == "":
		l.reject(s, "give it a value, or leave it out", "the text is empty")
	case strings.ContainsFunc(s.Value, unicode.IsControl):
		l.reject(s, "write it in one line", "the text %s holds a line break or another control character", yamlnode.Quote(s.Value))
	default:
		return true
	}
	return false
}

// items returns the entries of a list; a single value is a list of one.
func (l *loader) items(n *yamlnode.Node, path, what string) []*yamlnode.Node {
	if !l.expect(n, path, "a list of "+what, yamlnode.List, yamlnode.Scalar, yamlnode.Mapping) {
		return nil
	}
	if n.Kind == yamlnode.List {
		return n.Items
	}
	return []*yamlnode.Node{n}
}

// texts reads names of packages: a list, or one.
func (l *loader) texts(n *yamlnode.Node, path string) []located {
	var texts []located
	for _, item := range l.items(n, path, "names") {
		entry := "an entry of " + path
		if hint := item.EntryHint(l.sectionKeys(""), true); hint != "" {
			l.wrongType(item, entry, "a name", hint)
			continue
		}
		if s, ok := l.line(item, entry); ok {
			s.name = path
			texts = append(texts, s)
		}
	}
	return texts
}

// table reads a mapping of the user's own names to values. Where null is a value,
// it means not given.
func (l *loader) table(n *yamlnode.Node, path string, nullable bool, each func(name, value located)) {
	if !l.expect(n, path, "a mapping of names to values", yamlnode.Mapping) {
		return
	}
	for _, f := range n.Fields {
		if nullable && f.Value.IsNull() {
			continue
		}
		name := located{diag.Text{Value: f.Key, At: f.KeyAt}, path}
		if value, ok := l.value(f.Value, join(path, yamlnode.Excerpt(f.Key))); ok {
			each(name, value)
		}
	}
}

// hasEntries reports an empty list.
func (l *loader) hasEntries(n *yamlnode.Node, path, hint string) bool {
	if n.Kind == yamlnode.List && len(n.Items) == 0 {
		l.reject(located{diag.Text{At: n.At}, path}, hint, "the list is empty")
		return false
	}
	return true
}
