// Package llbtree prints an LLB definition as text that people and golden files
// can read, and computes a digest of it that does not depend on who is building.
//
// BuildKit writes the client's session into the operations that read local
// files, so the digests of equal builds differ between sessions. Here they are
// computed without it: equal digests mean the same build.
package llbtree

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// sessionAttrs are the attributes of a source operation that name the client's
// session instead of what is read.
var sessionAttrs = []string{pb.AttrLocalSessionID, pb.AttrLocalUniqueID, pb.AttrOCILayoutSessionID}

// Tree is a definition, its operations numbered in the order in which a build
// can run them.
type Tree struct {
	nodes []node
	// index maps the digests of the definition to positions in nodes.
	index map[digest.Digest]int
}

type node struct {
	op     *pb.Op
	name   string
	inputs []int
	// stable is the digest of the operation and all that it builds on,
	// without sessions.
	stable digest.Digest
}

// New reads a definition. It fails on a definition that BuildKit would not
// accept either: no operations, or an input that is missing.
func New(def *llb.Definition) (*Tree, error) {
	ops := make(map[digest.Digest]*pb.Op, len(def.Def))
	for _, dt := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, fmt.Errorf("reading an operation: %w", err)
		}
		ops[digest.FromBytes(dt)] = op
	}
	if len(def.Def) == 0 {
		return nil, fmt.Errorf("the definition has no operations")
	}
	t := &Tree{index: map[digest.Digest]int{}}
	head := digest.FromBytes(def.Def[len(def.Def)-1])
	if err := t.add(head, ops, def); err != nil {
		return nil, err
	}
	return t, nil
}

// add appends the operation after everything that it builds on.
func (t *Tree) add(dgst digest.Digest, ops map[digest.Digest]*pb.Op, def *llb.Definition) error {
	if _, ok := t.index[dgst]; ok {
		return nil
	}
	op, ok := ops[dgst]
	if !ok {
		return fmt.Errorf("the definition lacks the operation %s", dgst)
	}
	n := node{op: op, name: def.Metadata[dgst].Description["llb.customname"]}
	for _, in := range op.GetInputs() {
		d := digest.Digest(in.GetDigest())
		if err := t.add(d, ops, def); err != nil {
			return err
		}
		n.inputs = append(n.inputs, t.index[d])
	}
	stable, err := t.stable(op, n.inputs)
	if err != nil {
		return err
	}
	n.stable = stable
	t.index[dgst] = len(t.nodes)
	t.nodes = append(t.nodes, n)
	return nil
}

// stable computes an operation's digest without its session, from the stable
// digests of its inputs.
func (t *Tree) stable(op *pb.Op, inputs []int) (digest.Digest, error) {
	clean := op.CloneVT()
	for i, in := range inputs {
		clean.Inputs[i].Digest = string(t.nodes[in].stable)
	}
	if src := clean.GetSource(); src != nil {
		for _, attr := range sessionAttrs {
			delete(src.Attrs, attr)
		}
	}
	dt, err := clean.Marshal()
	if err != nil {
		return "", fmt.Errorf("encoding an operation: %w", err)
	}
	return digest.FromBytes(dt), nil
}

// Digest identifies the build: the stable digest of the last operation.
func (t *Tree) Digest() digest.Digest { return t.nodes[len(t.nodes)-1].stable }

// String prints one paragraph per operation: its number, its progress name, and
// what it does, with the numbers of what it builds on.
func (t *Tree) String() string {
	var b strings.Builder
	for i, n := range t.nodes {
		fmt.Fprintf(&b, "%d", i+1)
		if n.name != "" {
			fmt.Fprintf(&b, " %q", n.name)
		}
		b.WriteByte('\n')
		for _, line := range describe(n) {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}

// Since prints what the tree has and the one that it is built on has not, without progress
// names and numbered on their own. #0 is the last operation of the other tree, and numbers
// below are others of it.
func (t *Tree) Since(base *Tree) string {
	before := map[digest.Digest]int{}
	for i, n := range base.nodes {
		before[n.stable] = i
	}
	last := len(base.nodes) - 1
	if last > 0 && base.nodes[last].op.GetOp() == nil { // it only names the result
		last--
	}
	positions := make([]int, len(t.nodes))
	own := 0
	var b strings.Builder
	for i, n := range t.nodes {
		if k, ok := before[n.stable]; ok {
			positions[i] = k - last - 1
			continue
		}
		positions[i] = own
		if n.op.GetOp() == nil {
			continue
		}
		own++
		n.inputs = slices.Clone(n.inputs)
		for k, in := range n.inputs {
			n.inputs[k] = positions[in]
		}
		fmt.Fprintf(&b, "%d\n", own)
		for _, line := range describe(n) {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}
