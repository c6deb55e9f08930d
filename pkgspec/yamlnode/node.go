// Package yamlnode reads YAML and JSON into nodes that know their places.
//
// It is jetkit's only reader of either: jetson.yaml, the headers of Dockerfiles,
// config.yaml and config.json all go through it, so they have the same limits,
// the same messages and the same idea of a number or a truth value.
package yamlnode

import (
	"slices"
	"strconv"
	"strings"

	"jetkit/pkgspec/diag"
)

// Kind is what a node is.
type Kind int

// The kinds of nodes.
const (
	// Broken nodes are reported already; readers pass over them in silence.
	Broken Kind = iota
	Scalar
	List
	Mapping
	// Other is a value that neither YAML nor JSON has, such as an object of a
	// program. Its Text is what messages call it.
	Other
)

// The tags that scalars have.
const (
	StrTag   = "!!str"
	IntTag   = "!!int"
	FloatTag = "!!float"
	BoolTag  = "!!bool"
	NullTag  = "!!null"
	timeTag  = "!!timestamp"
	mergeTag = "!!merge"
)

// Node is one value, with aliases and merges resolved, and with keys known to be
// scalars that occur once.
//
// An alias shares the items of its anchor, so a few lines of YAML can stand for
// a tree of any size. A reader that knows the depth of what it reads never walks
// a whole tree, so that costs nothing.
type Node struct {
	Kind Kind
	Tag  string // of a scalar
	Text string // of a scalar: as typed, less quotes
	// At is the value's place. For a value that is missing it is the place of its
	// key, or of the dash of its entry.
	At diag.Range
	// span is the place in the text, while it is read.
	span   span
	Items  []*Node
	Fields []Field
}

// Field is one key of a mapping and its value.
type Field struct {
	Key   string
	KeyAt diag.Range
	Value *Node
}

// Get returns the field of a key, or nil.
func (n *Node) Get(key string) *Field {
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return &n.Fields[i]
		}
	}
	return nil
}

// IsNull reports whether the value is null, or missing.
func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Tag == NullTag }

// Located returns a scalar's text and its place.
func (n *Node) Located() diag.Text { return diag.Text{Value: n.Text, At: n.At} }

// Describe returns what a node is, for messages: "a list", "a number".
func (n *Node) Describe() string {
	switch {
	case n.Kind == Other:
		return n.Text
	case n.Kind == List && len(n.Items) == 0:
		return "an empty list"
	case n.Kind == List:
		return "a list"
	case n.Kind == Mapping:
		return "a mapping"
	case n.Tag == NullTag:
		return "nothing"
	case n.Tag == BoolTag:
		return n.Text
	case n.Tag == IntTag || n.Tag == FloatTag:
		return "a number"
	case n.Tag == timeTag:
		return "a date"
	}
	return "a text"
}

// EntryHint returns a hint on how to mend an entry that should have been a text and is a
// mapping by accident, as "- pytorch: 2.8" is; it returns "" for other nodes. Keys
// are those that may stand beside the list; named lists hold names of packages.
func (n *Node) EntryHint(keys []string, named bool) string {
	if n.Kind != Mapping || len(n.Fields) != 1 || n.Fields[0].Value.Kind != Scalar {
		return ""
	}
	key, value := n.Fields[0].Key, n.Fields[0].Value
	switch {
	case slices.Contains(keys, key):
		return key + " is a key: write it on a line of its own, below the list and without the dash"
	case named && !value.IsNull() && value.Text != "" && !strings.ContainsAny(key+value.Text, " \t\r\n/"):
		return "a name and its version are one word: " + Excerpt(key) + ":" + Excerpt(value.Text)
	}
	return "a colon and a space make a mapping of it; put the entry in quotes if it is a text"
}

// Truth reads YAML's ways to write true and false.
func Truth(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

// Quote and Excerpt show a user's text in a message, however long or odd it is.
func Quote(text string) string { return strconv.Quote(Excerpt(text)) }

// Excerpt returns the beginning of a long text, and a short one as it is.
func Excerpt(text string) string {
	const limit = 60
	if runes := []rune(text[:min(len(text), 4*limit)]); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}
