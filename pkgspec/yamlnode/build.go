package yamlnode

import (
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// Limits that are far beyond any real file and keep a hostile one from costing
// time or memory.
const (
	maxDepth   = 32      // lists and mappings inside each other
	maxAliased = 1 << 20 // what aliases and "<<" add: values, keys and their text
)

// builder makes nodes of yaml.Nodes, each once and in the order of the file.
type builder struct {
	*reader
	// built holds what was made of each node with an anchor: nil until it is
	// complete, which is how an alias inside its own anchor is found.
	built map[*yaml.Node]*Node
	// aliased counts what aliases and merges have added; see spend.
	aliased int
}

func (b *builder) build(n *yaml.Node, depth int) *Node {
	if n.Kind == yaml.AliasNode {
		return b.alias(n)
	}
	if n.Anchor != "" {
		b.built[n] = nil
	}
	out := b.value(n, depth)
	if n.Anchor != "" {
		b.built[n] = out
	}
	return out
}

func (b *builder) alias(n *yaml.Node) *Node {
	out := b.node(b.token(n))
	switch target, known := b.built[n.Alias]; {
	case target != nil && b.spend(1+len(target.Text), out.span):
		copied := *target
		copied.span, copied.At = out.span, out.At
		return &copied
	case target == nil && known:
		b.problems.Errorf(rules.AliasCycle, out.At, "write the value out", "the alias *%s is part of the value that it stands for", Excerpt(n.Value))
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

func (b *builder) value(n *yaml.Node, depth int) *Node {
	if n.Kind == yaml.ScalarNode {
		out := b.node(b.token(n))
		if knownTag(n) {
			b.scalar(out, n.Tag, n.Value)
		} else {
			b.unknownTag(n, out)
		}
		return out
	}
	start := b.begin(n)
	out := &Node{span: span{start, min(start+1, len(b.Text))}}
	switch {
	case depth > maxDepth:
		b.tooDeep(out.span)
	case !knownTag(n):
		b.unknownTag(n, b.locate(out))
	case n.Kind == yaml.SequenceNode:
		out.Kind = List
		for _, item := range n.Content {
			made := b.build(item, depth+1)
			if made.isEmpty() && made.span.start > 0 {
				made.span.start-- // the dash; there is nothing else to point at
				b.locate(made)
			}
			out.Items = append(out.Items, made)
			out.span.end = max(out.span.end, made.span.end)
		}
	default:
		b.mapping(n, out, depth)
	}
	out.span = b.closed(out.span)
	return b.locate(out)
}

// node makes a node that is broken until it has a value.
func (r *reader) node(at span) *Node { return r.locate(&Node{span: at}) }

// locate sets a node's place to that of its span.
func (r *reader) locate(n *Node) *Node {
	n.At = r.at(n.span)
	return n
}

func (r *reader) tooDeep(at span) {
	r.problems.Errorf(rules.TooDeep, r.at(at), "five levels are enough for every key", "lists and mappings are nested more than %d deep", maxDepth)
}

func (b *builder) unknownTag(n *yaml.Node, out *Node) {
	b.problems.Errorf(rules.WrongType, out.At, "leave the tag out", "the tag %s is not known", Excerpt(n.Tag))
}

func knownTag(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.SequenceNode:
		return n.Tag == "!!seq"
	case yaml.MappingNode:
		return n.Tag == "!!map"
	}
	switch n.Tag {
	case StrTag, IntTag, FloatTag, BoolTag, NullTag, timeTag, mergeTag:
		return true
	}
	return false
}

// scalar fills in the value of a node.
func (r *reader) scalar(out *Node, tag, text string) {
	if strings.Contains(text, "\x00") {
		r.problems.Errorf(rules.BadValue, out.At, "remove the \\0", "the text holds a NUL character")
		return
	}
	out.Kind, out.Tag, out.Text = Scalar, tag, text
}

func (b *builder) mapping(n *yaml.Node, out *Node, depth int) {
	out.Kind = Mapping
	first := map[string]diag.Range{}
	var merges []*Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := b.build(n.Content[i], depth+1), b.build(n.Content[i+1], depth+1)
		if value.isEmpty() {
			value.span, value.At = key.span, key.At
		}
		out.span.end = max(out.span.end, key.span.end, value.span.end)
		if b.isNewKey(key, first) {
			if key.Tag == mergeTag {
				merges = append(merges, value)
			} else {
				out.Fields = append(out.Fields, Field{key.Text, key.At, value})
			}
		}
	}
	for _, m := range merges {
		from := []*Node{m}
		if m.Kind == List {
			from = m.Items
		}
		for i := 0; i < len(from) && b.spend(1+len(from[i].Fields), m.span); i++ {
			b.merge(from[i], out, first)
		}
	}
}

// isNewKey reports a key that is not a scalar, or that the mapping has already.
// A number is a key as typed. First holds the mapping's keys so far.
func (r *reader) isNewKey(key *Node, first map[string]diag.Range) bool {
	earlier, again := first[key.Text]
	switch {
	case key.Kind == Broken:
		return false
	case key.Kind != Scalar || key.IsNull():
		r.problems.Errorf(rules.BadKey, key.At, "write a single word before the colon", "a key must be a text, not %s", key.Describe())
		return false
	case again:
		r.problems.Errorf(rules.DuplicateKey, key.At, "keep one of them", "the key %s occurs twice", Quote(key.Text)).
			Relate(earlier, "the first one is here")
		return false
	}
	first[key.Text] = key.At
	return true
}

// merge copies the fields of from, the value of a "<<" key, into a mapping.
// What the mapping has already wins, as the YAML merge specification says.
func (b *builder) merge(from, into *Node, has map[string]diag.Range) {
	switch from.Kind {
	case Mapping:
		for _, f := range from.Fields {
			if _, ok := has[f.Key]; !ok {
				has[f.Key] = f.KeyAt
				into.Fields = append(into.Fields, f)
			}
		}
	case Scalar, List:
		b.problems.Errorf(rules.WrongType, from.At, "write <<: *name, or <<: [*name, *other]", "<< must name mappings to merge, not %s", from.Describe())
	}
}

// isEmpty reports whether nothing at all was written for the value.
func (n *Node) isEmpty() bool { return n.Tag == NullTag && n.span.start == n.span.end }
