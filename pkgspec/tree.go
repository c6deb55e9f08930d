package pkgspec

import (
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/rules"
)

// kind is what a node is.
type kind int

const (
	broken kind = iota // reported already; readers pass over it in silence
	scalar
	list
	mapping
)

// node is a value of the file: a yaml.Node with its extent, its aliases and
// merges resolved, and its keys known to be texts that occur once.
//
// An alias shares the items of its anchor, so a few lines of YAML can stand for
// a tree of any size. Readers know the depth of what they read and never walk a
// whole tree, so that costs nothing.
type node struct {
	kind   kind
	tag    string // of a scalar: strTag, intTag, ...
	text   string // of a scalar: as typed, less quotes
	span   span
	items  []*node
	fields []field
}

type field struct {
	key     string
	keySpan span
	value   *node
}

// get returns the field of a key, or nil.
func (n *node) get(key string) *field {
	for i := range n.fields {
		if n.fields[i].key == key {
			return &n.fields[i]
		}
	}
	return nil
}

// The tags that values of a jetson.yaml can have.
const (
	strTag   = "!!str"
	intTag   = "!!int"
	floatTag = "!!float"
	boolTag  = "!!bool"
	nullTag  = "!!null"
	timeTag  = "!!timestamp"
	mergeTag = "!!merge"
)

// builder makes nodes of yaml.Nodes, each once and in the order of the file.
type builder struct {
	*loader
	// built holds what was made of each node with an anchor: nil until it is
	// complete, which is how an alias inside its own anchor is found.
	built map[*yaml.Node]*node
	// aliased counts what aliases and merges have added; see spend.
	aliased int
}

func (l *loader) tree(root *yaml.Node) *node {
	b := &builder{loader: l, built: map[*yaml.Node]*node{}}
	return b.build(root, 1)
}

func (b *builder) build(n *yaml.Node, depth int) *node {
	if n.Kind == yaml.AliasNode {
		return b.alias(n)
	}
	if n.Anchor != "" {
		b.built[n] = nil
	}
	out := b.buildValue(n, depth)
	if n.Anchor != "" {
		b.built[n] = out
	}
	return out
}

func (b *builder) alias(n *yaml.Node) *node {
	out := &node{span: b.token(n)}
	switch target, known := b.built[n.Alias]; {
	case target != nil && b.spend(1+len(target.text), out.span):
		copied := *target
		copied.span = out.span
		return &copied
	case target == nil && known:
		b.problems.Errorf(rules.AliasCycle, b.at(out.span), "write the value out", "the alias *%s is part of the value that it stands for", excerpt(n.Value))
	}
	return out
}

// spend takes from the budget for aliases, and reports when it is used up. An
// alias of a list or mapping costs little, as its items are shared; a text may
// end up in the plan as often as it is named.
func (b *builder) spend(cost int, at span) bool {
	within := b.aliased <= maxAliased
	b.aliased += cost
	if within && b.aliased > maxAliased {
		b.problems.Errorf(rules.TooLarge, b.at(at), "write the values out, or use fewer", "the aliases of the file stand for more than jetkit reads")
	}
	return b.aliased <= maxAliased
}

func (b *builder) buildValue(n *yaml.Node, depth int) *node {
	out := &node{}
	if n.Kind == yaml.ScalarNode {
		out.span = b.token(n)
	} else {
		start := b.begin(n)
		out.span = span{start, min(start+1, len(b.text))}
	}
	switch {
	case depth > maxDepth:
		b.problems.Errorf(rules.TooDeep, b.at(out.span), "a jetson.yaml needs no more than four levels", "lists and mappings are nested more than %d deep", maxDepth)
	case !knownTag(n):
		b.problems.Errorf(rules.WrongType, b.at(out.span), "leave the tag out", "the tag %s is not known", excerpt(n.Tag))
	case n.Kind == yaml.ScalarNode:
		b.scalar(n, out)
	case n.Kind == yaml.SequenceNode:
		out.kind = list
		for _, item := range n.Content {
			made := b.build(item, depth+1)
			if made.isEmpty() && made.span.start > 0 {
				made.span.start-- // the dash; there is nothing else to point at
			}
			out.items = append(out.items, made)
			out.span.end = max(out.span.end, made.span.end)
		}
	case n.Kind == yaml.MappingNode:
		b.mapping(n, out, depth)
	}
	if n.Kind != yaml.ScalarNode {
		out.span = b.closed(out.span)
	}
	return out
}

func knownTag(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.SequenceNode:
		return n.Tag == "!!seq"
	case yaml.MappingNode:
		return n.Tag == "!!map"
	}
	switch n.Tag {
	case strTag, intTag, floatTag, boolTag, nullTag, timeTag, mergeTag:
		return true
	}
	return false
}

func (b *builder) scalar(n *yaml.Node, out *node) {
	if strings.Contains(n.Value, "\x00") {
		b.problems.Errorf(rules.BadValue, b.at(out.span), "remove the \\0", "the text holds a NUL character")
		return
	}
	out.kind, out.tag, out.text = scalar, n.Tag, n.Value
}

func (b *builder) mapping(n *yaml.Node, out *node, depth int) {
	out.kind = mapping
	first := map[string]span{}
	var merges []*node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := b.build(n.Content[i], depth+1), b.build(n.Content[i+1], depth+1)
		if value.isEmpty() {
			value.span = key.span
		}
		out.span.end = max(out.span.end, key.span.end, value.span.end)
		earlier, again := first[key.text]
		switch {
		case key.kind == broken:
		case key.tag != strTag && key.tag != mergeTag:
			b.problems.Errorf(rules.BadKey, b.at(key.span), "put the key in quotes if it is meant", "a key must be a text, not %s", key.describe())
		case again:
			b.problems.Errorf(rules.DuplicateKey, b.at(key.span), "keep one of them", "the key %s occurs twice", quote(key.text)).
				Relate(b.at(earlier), "the first one is here")
		case key.tag == mergeTag:
			first[key.text] = key.span
			merges = append(merges, value)
		default:
			first[key.text] = key.span
			out.fields = append(out.fields, field{key.text, key.span, value})
		}
	}
	for _, m := range merges {
		from := []*node{m}
		if m.kind == list {
			from = m.items
		}
		for i := 0; i < len(from) && b.spend(1+len(from[i].fields), m.span); i++ {
			b.merge(from[i], out, first)
		}
	}
}

// merge copies the fields of from, the value of a "<<" key, into a mapping.
// What the mapping has already wins, as the YAML merge specification says.
func (b *builder) merge(from, into *node, has map[string]span) {
	switch from.kind {
	case mapping:
		for _, f := range from.fields {
			if _, ok := has[f.key]; !ok {
				has[f.key] = f.keySpan
				into.fields = append(into.fields, f)
			}
		}
	case scalar, list:
		b.problems.Errorf(rules.WrongType, b.at(from.span), "write <<: *name, or <<: [*name, *other]", "<< must name mappings to merge, not %s", from.describe())
	}
}

// isEmpty tells whether nothing at all was written for the value.
func (n *node) isEmpty() bool { return n.tag == nullTag && n.span.start == n.span.end }

// describe says what a node is, for messages.
func (n *node) describe() string {
	switch {
	case n.kind == list:
		return "a list"
	case n.kind == mapping:
		return "a mapping"
	case n.tag == nullTag:
		return "nothing"
	case n.tag == boolTag:
		return n.text
	case n.tag == intTag || n.tag == floatTag:
		return "a number"
	case n.tag == timeTag:
		return "a date"
	}
	return "a text"
}
