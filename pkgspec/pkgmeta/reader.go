package pkgmeta

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// field is the value of one key.
type field struct {
	// at is the place of the value, key of the key itself.
	at, key diag.Range
	// items holds the scalars of all kinds but args: one for kinds that are not
	// lists.
	items []diag.Text
	args  map[string]argument
	// variants holds the declared versions, each with the keys of its own.
	variants []fields
}

// argument is the value of a build argument.
type argument struct {
	diag.Text
	// key is the place of its name; zero for one that no file declares.
	key diag.Range
}

// value returns the scalar of a key that holds one.
func (f field) value() string {
	if len(f.items) == 0 {
		return ""
	}
	return f.items[0].Value
}

// fields is the metadata that one header or configuration file holds. Laying
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

// reader turns the nodes of one document into fields and reports every fault on
// the way.
type reader struct {
	problems diag.List
	// lenient makes a warning of a key that is none.
	lenient bool
}

// read reads a mapping of metadata keys. Keys at fault are left out.
func (r *reader) read(mapping *yamlnode.Node) fields { return r.readKeys(mapping, packageKeys) }

// readKeys reads a mapping whose keys are those of a vocabulary.
func (r *reader) readKeys(mapping *yamlnode.Node, known vocabulary) fields {
	read := fields{}
	for _, entry := range mapping.Fields {
		k := known.find(entry.Key)
		if k == nil {
			report := r.problems.Errorf
			if r.lenient {
				report = r.problems.Warnf
			}
			report(rules.UnknownKey, entry.KeyAt, known.hint(entry.Key), "%s is no %s", yamlnode.Quote(entry.Key), known.what).About(unknownKey{})
			continue
		}
		if entry.Value.IsNull() {
			continue // "notes:" with nothing after it says nothing
		}
		if f, ok := r.field(entry, k.kind); ok {
			f.at, f.key = entry.Value.At, entry.KeyAt
			read[entry.Key] = f
		}
	}
	return read
}

// field reads the value of one key.
func (r *reader) field(entry yamlnode.Field, kind kind) (field, bool) {
	key, value := entry.Key, entry.Value
	switch kind {
	case aText, boolOrText:
		item, ok := r.scalar(key, value)
		return field{items: []diag.Text{item}}, ok
	case aFile:
		item, ok := r.scalar(key, value)
		return field{items: []diag.Text{item}}, ok && r.inside(key, item)
	case someTexts, someNames, someFiles:
		items, ok := r.list(key, value, kind)
		return field{items: items}, ok
	case aBool:
		return r.boolean(key, value)
	case theChain:
		return r.chain(key, value)
	case aTimeout:
		return r.checked(key, value, plan.TimeoutHint, "is not a time limit", isTimeout)
	case aNumber:
		return r.checked(key, value, "", fmt.Sprintf("is not a number from 0 to %d", plan.MaxRetries), isRetries)
	case aDate:
		return r.checked(key, value, "write year, month and day: 2026-11-25", "is not a day", isDate)
	case someKernels:
		return r.kernels(key, value)
	case argMap:
		return r.args(value)
	case variantList:
		return r.variants(value)
	}
	r.problems.Warnf(rules.IgnoredKey, entry.KeyAt, "remove it", "%q has no effect: a package's path is the folder it is found in", key)
	return field{}, false
}

// wrongType reports a node of the wrong kind, unless it is reported already.
func (r *reader) wrongType(n *yamlnode.Node, hint, want string) {
	if n.Kind != yamlnode.Broken {
		r.problems.Errorf(rules.WrongType, n.At, hint, "%s, not %s", want, n.Describe())
	}
}

// scalar reads one scalar as text: 3.10 stays "3.10".
func (r *reader) scalar(key string, n *yamlnode.Node) (diag.Text, bool) {
	if n.Kind != yamlnode.Scalar {
		r.wrongType(n, "write a single value", key+" must be a text")
		return diag.Text{}, false
	}
	return n.Located(), true
}

// list reads a scalar or a list of scalars.
func (r *reader) list(key string, n *yamlnode.Node, kind kind) ([]diag.Text, bool) {
	nodes := []*yamlnode.Node{n}
	if n.Kind == yamlnode.List {
		nodes = n.Items
	}
	items := []diag.Text{}
	ok := true
	for _, entry := range nodes {
		if entry.Kind != yamlnode.Scalar || entry.IsNull() {
			r.wrongType(entry, entry.EntryHint(packageKeys.names(), kind == someNames), "an entry of "+key+" must be a text")
			ok = false
			continue
		}
		item := entry.Located()
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

// notInName matches the characters that no package name has.
func notInName(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`,;"'/\`+"`$", c) }

// boolean reads true or false.
func (r *reader) boolean(key string, n *yamlnode.Node) (field, bool) {
	item, ok := r.scalar(key, n)
	if !ok {
		return field{}, false
	}
	if _, ok := yamlnode.Truth(item.Value); !ok {
		r.problems.Errorf(rules.WrongType, item.At, "", "%s must be true or false, not %q", key, item.Value)
		return field{}, false
	}
	return field{items: []diag.Text{item}}, true
}

// chain reads the one word that a package can say of its layers.
func (r *reader) chain(key string, n *yamlnode.Node) (field, bool) {
	const chain = string(plan.LayersChain)
	item, ok := r.scalar(key, n)
	if ok && item.Value != chain {
		hint := cmp.Or(diag.DidYouMean(item.Value, []string{chain}), "leave it out: the user's jetson.yaml says whether packages are layers of their own")
		r.problems.Errorf(rules.BadValue, item.At, hint, "%s can only be %s, not %q", key, chain, item.Value)
		return field{}, false
	}
	return field{items: []diag.Text{item}}, ok
}

// checked reads a scalar that a function knows; wrong says of another what it is not.
func (r *reader) checked(key string, n *yamlnode.Node, hint, wrong string, known func(string) bool) (field, bool) {
	item, ok := r.scalar(key, n)
	if ok && !known(item.Value) {
		r.problems.Errorf(rules.BadValue, item.At, hint, "%s: %q %s", key, item.Value, wrong)
		return field{}, false
	}
	return field{items: []diag.Text{item}}, ok
}

func isTimeout(text string) bool {
	_, ok := plan.ParseTimeout(text)
	return ok
}

func isRetries(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && n <= plan.MaxRetries
}

// timeout returns a time limit that was checked; nil is none given.
func (f field) timeout() *plan.Seconds {
	limit, ok := plan.ParseTimeout(f.value())
	if !ok {
		return nil
	}
	return &limit
}

// number returns a number that was checked; nil is none given.
func (f field) number() *int {
	n, err := strconv.Atoi(f.value())
	if err != nil {
		return nil
	}
	return &n
}

// args reads the build arguments: a mapping of names to scalars. One that is null
// is not given.
func (r *reader) args(n *yamlnode.Node) (field, bool) {
	if n.Kind != yamlnode.Mapping {
		r.wrongType(n, "write NAME: value pairs", "build_args must be a mapping")
		return field{}, false
	}
	f := field{args: map[string]argument{}}
	for _, entry := range n.Fields {
		switch {
		case !isArgName(entry.Key):
			r.problems.Errorf(rules.BadName, entry.KeyAt, "use letters, digits and _", "%q cannot be the name of a build argument", entry.Key)
		case entry.Value.IsNull():
		default:
			if item, ok := r.scalar("build argument "+entry.Key, entry.Value); ok {
				f.args[entry.Key] = argument{Text: item, key: entry.KeyAt}
			}
		}
	}
	return f, true
}

// inside checks that a path stays in the package's folder.
func (r *reader) inside(key string, item diag.Text) bool {
	if staysInside(item.Value) {
		return true
	}
	r.problems.Errorf(rules.PathOutside, item.At, "name a file inside the package's folder", "%s: %q leaves the package's folder", key, item.Value)
	return false
}

func isArgName(s string) bool {
	for i, c := range s {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
