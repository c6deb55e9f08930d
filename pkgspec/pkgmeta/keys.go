package pkgmeta

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// kind says what a key's value looks like.
type kind int

const (
	aText       kind = iota // one scalar, kept as it is written
	someTexts               // one scalar or a list of them
	someNames               // texts that are names of packages
	aBool                   // true or false
	boolOrText              // true, false or a text
	argMap                  // a mapping of build argument names to scalars
	aFile                   // a file inside the package's folder
	someFiles               // one or more such files
	variantList             // the versions that a package declares
	notOurs                 // known to jetson-containers, without a meaning here
)

// keys are the metadata keys, with what each holds.
var keys = map[string]kind{
	"name": aText, "alias": someNames, "group": aText, "depends": someNames, "requires": someTexts, "test": someTexts,
	"build_args": argMap, "build_flags": aText, "buildkit_device": boolOrText, "dockerfile": aFile, "config": someFiles,
	"disabled": boolOrText, "docs": aText, "gpu": aBool, "notes": aText, "path": notOurs, "postfix": aText, "prefix": aText,
	"variable": aText, "variants": variantList,
}

// keyNames are the keys in alphabetical order, for suggestions.
var keyNames = slices.Sorted(maps.Keys(keys))

// vocabulary is the keys that a mapping may have.
type vocabulary struct {
	// what is what messages call one of them.
	what  string
	kinds map[string]kind
}

// packageKeys are the keys of a package.
var packageKeys = vocabulary{"metadata key", keys}

// field is the value of one key.
type field struct {
	// at is the place of the value, key of the key itself.
	at, key diag.Range
	// items holds the scalars of all kinds but args: one for kinds that are not
	// lists.
	items []diag.Text
	// args holds build arguments; a Text's place is the value's.
	args map[string]diag.Text
	// variants holds the declared versions, each with the keys of its own.
	variants []fields
}

// value gives the scalar of a key that holds one.
func (f field) value() string {
	if len(f.items) == 0 {
		return ""
	}
	return f.items[0].Value
}

// fields is the metadata that one header or configuration file gives. Laying
// one over another is maps.Copy.
type fields map[string]field

// over returns the fields of top, and those of f that top lacks.
func (f fields) over(top fields) fields {
	merged := maps.Clone(f)
	if merged == nil {
		merged = fields{}
	}
	maps.Copy(merged, top)
	return merged
}

// reader turns the YAML nodes of one document into fields and reports every
// fault on the way.
type reader struct {
	// at gives a node's place in the user's file.
	at       func(*yaml.Node) diag.Range
	problems diag.List
}

// read reads a mapping of metadata keys. Keys at fault are left out.
func (r *reader) read(mapping *yaml.Node) fields { return r.readKeys(mapping, packageKeys) }

// readKeys reads a mapping whose keys are those of a vocabulary.
func (r *reader) readKeys(mapping *yaml.Node, known vocabulary) fields {
	read := fields{}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if !r.plain(key, "a key") || !r.once(seen, key) {
			continue
		}
		kind, ok := known.kinds[key.Value]
		if !ok {
			r.problems.Errorf(rules.UnknownKey, r.at(key), known.hint(key.Value), "%q is no %s", key.Value, known.what)
			continue
		}
		if isNull(value) {
			continue // "notes:" with nothing after it says nothing
		}
		if f, ok := r.field(key, value, kind); ok {
			f.at, f.key = r.at(value), r.at(key)
			read[key.Value] = f
		}
	}
	return read
}

// field reads the value of one key.
func (r *reader) field(key, value *yaml.Node, kind kind) (field, bool) {
	switch kind {
	case aText, boolOrText:
		item, ok := r.scalar(key.Value, value)
		return field{items: []diag.Text{item}}, ok
	case aFile:
		item, ok := r.scalar(key.Value, value)
		return field{items: []diag.Text{item}}, ok && r.inside(key.Value, item)
	case someTexts, someNames, someFiles:
		items, ok := r.list(key.Value, value, kind)
		return field{items: items}, ok
	case aBool:
		return r.boolean(key.Value, value)
	case argMap:
		return r.args(value)
	case variantList:
		return r.variants(value)
	}
	r.problems.Warnf(rules.IgnoredKey, r.at(key), "remove it", "%q has no effect: a package's path is the folder it is found in", key.Value)
	return field{}, false
}

// scalar reads one scalar as text: 3.10 stays "3.10".
func (r *reader) scalar(key string, n *yaml.Node) (diag.Text, bool) {
	if n.Kind != yaml.ScalarNode {
		r.problems.Errorf(rules.WrongType, r.at(n), "", "%s must be text, not %s", key, describe(n))
		return diag.Text{}, false
	}
	return diag.Text{Value: n.Value, At: r.at(n)}, true
}

// list reads a scalar or a list of scalars.
func (r *reader) list(key string, n *yaml.Node, kind kind) ([]diag.Text, bool) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	items := []diag.Text{}
	ok := true
	for _, entry := range nodes {
		if entry.Kind != yaml.ScalarNode || isNull(entry) {
			r.problems.Errorf(rules.WrongType, r.at(entry), listHint(entry), "%s must be text or a list of texts, but holds %s", key, describe(entry))
			ok = false
			continue
		}
		item := diag.Text{Value: entry.Value, At: r.at(entry)}
		if !r.entry(key, item, kind) {
			ok = false
			continue
		}
		items = append(items, item)
	}
	return items, ok || len(items) > 0
}

// entry checks one entry of a list by the list's kind.
func (r *reader) entry(key string, item diag.Text, kind kind) bool {
	switch {
	case strings.TrimSpace(item.Value) == "":
		r.problems.Errorf(rules.EmptyEntry, item.At, "", "%s has an empty entry", key)
		return false
	case kind == someNames:
		return r.name(key, item)
	case kind == someFiles:
		return r.inside(key, item)
	}
	return true
}

// name checks the name of a package: one word.
func (r *reader) name(key string, item diag.Text) bool {
	if i := strings.IndexFunc(item.Value, notInName); i >= 0 {
		hint := ""
		if parts := strings.FieldsFunc(item.Value, notInName); len(parts) > 1 {
			hint = "write a list: [" + strings.Join(parts, ", ") + "]"
		}
		r.problems.Errorf(rules.BadName, item.At, hint, "%q in %s is no package name", item.Value, key)
		return false
	}
	return true
}

// notInName tells the characters that no package name has.
func notInName(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`,;"'/\`+"`$", c) }

// boolean reads true or false.
func (r *reader) boolean(key string, n *yaml.Node) (field, bool) {
	item, ok := r.scalar(key, n)
	if !ok {
		return field{}, false
	}
	if _, ok := truth(item.Value); !ok {
		r.problems.Errorf(rules.WrongType, item.At, "", "%s must be true or false, not %q", key, item.Value)
		return field{}, false
	}
	return field{items: []diag.Text{item}}, true
}

// args reads the build arguments: a mapping of names to scalars.
func (r *reader) args(n *yaml.Node) (field, bool) {
	if n.Kind != yaml.MappingNode {
		r.problems.Errorf(rules.WrongType, r.at(n), "write NAME: value pairs", "build_args must be a mapping, not %s", describe(n))
		return field{}, false
	}
	f := field{args: map[string]diag.Text{}}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !r.plain(key, "a build argument") || !r.once(seen, key) {
			continue
		}
		switch {
		case !isArgName(key.Value):
			r.problems.Errorf(rules.BadName, r.at(key), "use letters, digits and _", "%q cannot be the name of a build argument", key.Value)
		case isNull(value):
			r.problems.Errorf(rules.WrongType, r.at(key), `write "" for an empty one`, "build argument %s has no value", key.Value)
		default:
			if item, ok := r.scalar("build argument "+key.Value, value); ok {
				f.args[key.Value] = item
			}
		}
	}
	return f, true
}

// plain checks that a mapping's key is a plain scalar.
func (r *reader) plain(key *yaml.Node, what string) bool {
	if key.Kind == yaml.ScalarNode && key.Tag != "!!merge" {
		return true
	}
	r.problems.Errorf(rules.WrongType, r.at(key), "", "%s must be a word, not %s", what, describe(key))
	return false
}

// once reports a key that a mapping has twice.
func (r *reader) once(seen map[string]*yaml.Node, key *yaml.Node) bool {
	first, twice := seen[key.Value]
	if twice {
		r.problems.Errorf(rules.DuplicateKey, r.at(key), "keep one of them", "%q is given twice", key.Value).
			Relate(r.at(first), "the first %q", key.Value)
		return false
	}
	seen[key.Value] = key
	return true
}

// inside checks that a path stays in the package's folder.
func (r *reader) inside(key string, item diag.Text) bool {
	if staysInside(item.Value) {
		return true
	}
	r.problems.Errorf(rules.PathOutside, item.At, "name a file inside the package's folder", "%s: %q leaves the package's folder", key, item.Value)
	return false
}

// hint says which key is meant, or which there are.
func (v vocabulary) hint(key string) string {
	if hint := diag.DidYouMean(key, v.names()); hint != "" {
		return hint
	}
	return "known keys: " + strings.Join(v.names(), ", ")
}

// names lists the keys in alphabetical order.
func (v vocabulary) names() []string { return slices.Sorted(maps.Keys(v.kinds)) }

// listHint explains the mapping that "[python: 3.10]" is by accident.
func listHint(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		return `"name: tag" with a space is a mapping in YAML; write ` + n.Content[0].Value + ":" + n.Content[1].Value
	}
	return ""
}

// truth reads YAML's ways to write true and false.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func isArgName(s string) bool {
	for i, c := range s {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// describe names the sort of a node for messages.
func describe(n *yaml.Node) string {
	switch {
	case n.Tag == pythonTag:
		return n.Value
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "a YAML alias (*" + n.Value + "), which is not supported"
	case n.Tag == "!!merge":
		return "a YAML merge (<<), which is not supported"
	case isNull(n):
		return "nothing"
	}
	return "text"
}
