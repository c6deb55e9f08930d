package chain

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// part is what a package adds to the graph: all that is on top of base, up to state.
type part struct {
	base, state llb.State
	// concerns tells of a step whether it is to be changed, by change, if its root
	// file system continues the base's. It is nil for a part without such steps.
	concerns func(*pb.ExecOp) bool
	change   func(*pb.ExecOp)
	// astray is set if the state continues a step that is concerned but not on top of
	// the base.
	astray bool
}

// changeOnTop changes steps in a chain of parts, each of which is on top of the one
// before it. All states are done at once: each has those before it below itself, and
// one by one the work would grow with the square of the parts.
//
// What a Dockerfile says is left to the Dockerfile frontend: whichever way it names
// its base image and its shell, the operations tell what is run on what.
func changeOnTop(ctx context.Context, parts []*part, opts ...llb.ConstraintsOpt) error {
	var ends []llb.State // what to marshal: bases and states, but for those of no file
	index := func(st llb.State) int {
		if st.Output() == nil {
			return -1
		}
		ends = append(ends, st)
		return len(ends) - 1
	}
	bases, states := make([]int, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		bases[i], states[i] = index(p.base), index(p.state)
	}
	if len(ends) == 0 {
		return nil
	}
	marshalled, err := llb.NewState(llb.NewMerge(ends, llb.Constraints{}).Output()).Marshal(ctx, opts...)
	if err != nil {
		return err
	}
	c, err := newChanger(marshalled.ToPB())
	if err != nil {
		return err
	}
	for i, p := range parts {
		c.own(c.end(bases[i]), nil)
		c.own(c.end(states[i]), p)
		c.bases[p] = c.end(bases[i])
	}
	if err := c.changeAll(); err != nil {
		return err
	}
	changed, err := llb.NewDefinitionOp(c.def)
	if err != nil {
		return fmt.Errorf("reading the changed definition: %w", err)
	}
	outputs := changed.Inputs()
	for i, p := range parts {
		p.astray = c.astray[c.end(states[i])]
		if states[i] >= 0 {
			p.state = llb.NewState(outputs[states[i]])
		}
	}
	return nil
}

// changer goes through the operations of a definition, which it calls by their
// digests.
type changer struct {
	def *pb.Definition
	ops map[string]*pb.Op
	// ends has the operations whose results were marshalled.
	ends []string
	// owners has the part that an operation belongs to; nil for what is below all.
	owners map[string]*part
	bases  map[*part]string
	// on has the operations whose file system continues that of their part's base.
	on map[string]bool
	// astray has those whose file system continues that of a concerned step which is
	// not on the base.
	astray map[string]bool
	// renamed has the digests of operations that are not what they were.
	renamed map[string]string
}

func newChanger(def *pb.Definition) (*changer, error) {
	c := &changer{
		def: def, ops: map[string]*pb.Op{}, owners: map[string]*part{}, bases: map[*part]string{},
		on: map[string]bool{}, astray: map[string]bool{}, renamed: map[string]string{},
	}
	for _, dt := range def.GetDef() {
		op := &pb.Op{}
		if err := proto.Unmarshal(dt, op); err != nil {
			return nil, fmt.Errorf("reading an operation: %w", err)
		}
		c.ops[string(digest.FromBytes(dt))] = op
		if merge := op.GetMerge(); merge != nil {
			c.ends = nil // that of all ends is the last one
			for _, in := range op.GetInputs() {
				c.ends = append(c.ends, in.GetDigest())
			}
		}
	}
	return c, nil
}

// end gives the operation of an end, or "" for none.
func (c *changer) end(i int) string {
	if i < 0 {
		return ""
	}
	return c.ends[i]
}

// own gives a part the operations below an end that belong to none yet.
func (c *changer) own(end string, p *part) {
	for open := []string{end}; len(open) > 0; {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		if _, known := c.owners[last]; known || last == "" {
			continue
		}
		c.owners[last] = p
		for _, in := range c.ops[last].GetInputs() {
			open = append(open, in.GetDigest())
		}
	}
}

// changeAll changes the definition.
func (c *changer) changeAll() error {
	for i, dt := range c.def.GetDef() { // inputs come before what uses them
		before := string(digest.FromBytes(dt))
		op := c.ops[before]
		changed := c.change(before, op)
		for _, in := range op.GetInputs() {
			if after, ok := c.renamed[in.GetDigest()]; ok {
				in.Digest, changed = after, true
			}
		}
		if !changed {
			continue
		}
		dt, err := proto.MarshalOptions{Deterministic: true}.Marshal(op)
		if err != nil {
			return fmt.Errorf("encoding an operation: %w", err)
		}
		c.def.Def[i] = dt
		c.renamed[before] = string(digest.FromBytes(dt))
	}
	for before, after := range c.renamed {
		if md, ok := c.def.GetMetadata()[before]; ok {
			c.def.Metadata[after] = md
			delete(c.def.Metadata, before)
		}
		if at := c.def.GetSource().GetLocations()[before]; at != nil {
			c.def.Source.Locations[after] = at
			delete(c.def.Source.Locations, before)
		}
	}
	return nil
}

// change changes an operation if its part wants that, and finds out what its file
// system continues.
func (c *changer) change(name string, op *pb.Op) bool {
	p := c.owners[name]
	if p == nil {
		return false
	}
	for _, in := range continued(op) {
		switch {
		case in == c.bases[p]:
			c.on[name] = true
		case c.astray[in]:
			c.astray[name] = true
		case c.on[in] && c.owners[in] == p:
			c.on[name] = true
		}
	}
	exec := op.GetExec()
	if exec == nil || p.concerns == nil || !p.concerns(exec) {
		return false
	}
	if !c.on[name] {
		c.astray[name] = true
		return false
	}
	p.change(exec)
	return true
}

// continued gives the operations whose file systems an operation works on. Those
// that it only copies or mounts from are not among them.
func continued(op *pb.Op) []string {
	var inputs []string
	add := func(i int64) {
		if i >= 0 && i < int64(len(op.GetInputs())) {
			inputs = append(inputs, op.GetInputs()[i].GetDigest())
		}
	}
	switch o := op.GetOp().(type) {
	case *pb.Op_Exec:
		for _, m := range o.Exec.GetMounts() {
			if m.GetDest() == pb.RootMount {
				add(m.GetInput())
			}
		}
	case *pb.Op_File:
		for _, action := range o.File.GetActions() {
			add(action.GetInput()) // what it copies from is the secondary input
		}
	case *pb.Op_Merge: // COPY --link
		for _, in := range o.Merge.GetInputs() {
			add(in.GetInput())
		}
	}
	return inputs
}
