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

// said is a piece of text that the user gave, be it in the file or as a build
// argument; what is wrong with it is reported the same way for both.
type said struct {
	text string
	// name is what the user calls the place: "tests.gpu", "--build-arg TEST_GPU".
	name string
	// at is the place in the file; the zero Range for build arguments.
	at diag.Range
}

func (s said) inFile() bool { return s.at.File != "" }

// located gives the text in the form that later phases take.
func (s said) located() diag.Text { return diag.Text{Value: s.text, At: s.at} }

// reject reports a bad value. The message goes after the name of the place.
func (l *loader) reject(s said, hint, format string, args ...any) {
	l.problems.Errorf(rules.BadValue, s.at, hint, "%s: %s", s.name, fmt.Sprintf(format, args...))
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
		l.problems.Errorf(rules.UnknownKey, f.KeyAt, suggest(f.Key, names), "unknown key %s%s", yamlnode.Quote(f.Key), in)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// suggest gives the hint for a word that is none of the known ones.
func suggest(got string, known []string) string {
	if len(got) <= 100 {
		if hint := diag.DidYouMean(got, known); hint != "" {
			return hint
		}
	}
	return "it can be " + diag.Or(known)
}

// expect tells whether n is one of the kinds, the usual one first, and reports
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
func (l *loader) value(n *yamlnode.Node, path string) (said, bool) {
	if !l.expect(n, path, "a text", yamlnode.Scalar) {
		return said{}, false
	}
	return said{text: n.Text, name: path, at: n.At}, true
}

// line reads a scalar that is one line and neither empty nor true or false. A
// number is the text that the user typed: python: 3.10 is not Python 3.1.
func (l *loader) line(n *yamlnode.Node, path string) (said, bool) {
	s, ok := l.value(n, path)
	if ok && n.Tag == yamlnode.BoolTag {
		l.wrongType(n, path, "a text", "put it in quotes if it is meant")
		return s, false
	}
	return s, ok && l.checkLine(s)
}

// checkLine reports a text that is empty or more than a line.
func (l *loader) checkLine(s said) bool {
	switch {
	case strings.TrimSpace(s.text) == "":
		l.reject(s, "give it a value, or leave it out", "the text is empty")
	case strings.ContainsFunc(s.text, unicode.IsControl):
		l.reject(s, "write it in one line", "the text %s holds a line break or another control character", yamlnode.Quote(s.text))
	default:
		return true
	}
	return false
}

// items gives the entries of a list; a single value is a list of one.
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
func (l *loader) texts(n *yamlnode.Node, path string) []said {
	var texts []said
	for _, item := range l.items(n, path, "names") {
		entry := "an entry of " + path
		if item.Kind == yamlnode.Mapping && len(item.Fields) == 1 && item.Fields[0].Value.Kind == yamlnode.Scalar {
			// "- pytorch: 2.8" is a mapping to YAML.
			f := item.Fields[0]
			l.wrongType(item, entry, "a name", "a name and its version are one word: "+yamlnode.Excerpt(f.Key)+":"+yamlnode.Excerpt(f.Value.Text))
			continue
		}
		if s, ok := l.line(item, entry); ok {
			s.name = path
			texts = append(texts, s)
		}
	}
	return texts
}

// table reads a mapping of the user's own names to values.
func (l *loader) table(n *yamlnode.Node, path string, each func(name, value said)) {
	if !l.expect(n, path, "a mapping of names to values", yamlnode.Mapping) {
		return
	}
	for _, f := range n.Fields {
		name := said{text: f.Key, name: path, at: f.KeyAt}
		if value, ok := l.value(f.Value, join(path, yamlnode.Excerpt(f.Key))); ok {
			each(name, value)
		}
	}
}

// choice reads one of a few words.
func choice[T ~string](l *loader, s said, words ...T) (T, bool) {
	if w := T(s.text); slices.Contains(words, w) {
		return w, true
	}
	known := make([]string, len(words))
	for i, w := range words {
		known[i] = string(w)
	}
	l.reject(s, suggest(s.text, known), "unknown value %s", yamlnode.Quote(s.text))
	return "", false
}
