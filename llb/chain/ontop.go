package chain

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// onTop says which steps on top of a file system to change, and how.
type onTop struct {
	base llb.State
	// concerns tells whether it is about a step.
	concerns func(*pb.ExecOp) bool
	change   func(*pb.ExecOp)
}

// apply gives a state in which the steps are changed that it is about and whose root
// file system continues the base's. The second result tells of steps that it is
// about, that the state continues, and that do not continue the base.
//
// What a Dockerfile says is left to the Dockerfile frontend: whichever way it names
// its base image and its shell, the operations tell what is run on what.
func (t onTop) apply(ctx context.Context, st llb.State, opts ...llb.ConstraintsOpt) (llb.State, bool, error) {
	below, err := t.base.Marshal(ctx, opts...)
	if err != nil {
		return st, false, err
	}
	start, err := below.Head()
	if err != nil {
		return st, false, err
	}
	marshalled, err := st.Marshal(ctx, opts...)
	if err != nil {
		return st, false, err
	}
	def := marshalled.ToPB()
	c := &changer{onTop: t, on: map[string]bool{string(start): true}, astray: map[string]bool{}, renamed: map[string]string{}}
	for i := range def.Def { // inputs come before what uses them
		if def.Def[i], err = c.op(def.Def[i]); err != nil {
			return st, false, err
		}
	}
	for before, after := range c.renamed {
		if md, ok := def.Metadata[before]; ok {
			def.Metadata[after] = md
			delete(def.Metadata, before)
		}
		if at := def.Source.GetLocations()[before]; at != nil {
			def.Source.Locations[after] = at
			delete(def.Source.Locations, before)
		}
	}
	changed, err := llb.NewDefinitionOp(def)
	if err != nil {
		return st, false, fmt.Errorf("reading the changed definition: %w", err)
	}
	end, err := marshalled.Head()
	return llb.NewState(changed.Output()), c.astray[string(end)], err
}

// changer goes through the operations of a definition, which it calls by their
// digests.
type changer struct {
	onTop
	// on has the operations whose file system continues the base's.
	on map[string]bool
	// astray has those whose file system continues that of a step which is not on
	// the base.
	astray map[string]bool
	// renamed has the digests of operations that are not what they were.
	renamed map[string]string
}

// op gives an operation as it is to be.
func (c *changer) op(dt []byte) ([]byte, error) {
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, fmt.Errorf("reading an operation: %w", err)
	}
	before := string(digest.FromBytes(dt))
	if c.on[before] {
		return dt, nil // the base itself
	}
	for _, in := range continued(op) {
		c.on[before] = c.on[before] || c.on[in]
		c.astray[before] = c.astray[before] || c.astray[in]
	}
	changed := false
	if exec := op.GetExec(); exec != nil && c.concerns(exec) {
		if changed = c.on[before]; changed {
			c.change(exec)
		} else {
			c.astray[before] = true
		}
	}
	for _, in := range op.GetInputs() {
		if after, ok := c.renamed[in.GetDigest()]; ok {
			in.Digest, changed = after, true
		}
	}
	if !changed {
		return dt, nil
	}
	dt, err := proto.MarshalOptions{Deterministic: true}.Marshal(op)
	if err != nil {
		return nil, fmt.Errorf("encoding an operation: %w", err)
	}
	c.renamed[before] = string(digest.FromBytes(dt))
	return dt, nil
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
