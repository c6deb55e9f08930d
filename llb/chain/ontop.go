package chain

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// changeOnTop gives a state in which the steps whose root file system continues
// base's are changed, those that change tells it has changed. The second result is false if the state itself does not
// continue it; one that only copies from it doesn't.
//
// What a Dockerfile says is left to the Dockerfile frontend: whichever way it names
// its base image and its shell, the operations tell what is run on what.
func changeOnTop(ctx context.Context, st, base llb.State, change func(*pb.ExecOp) bool, opts ...llb.ConstraintsOpt) (llb.State, bool, error) {
	below, err := base.Marshal(ctx, opts...)
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
	c := &changer{change: change, on: map[string]bool{string(start): true}, renamed: map[string]string{}}
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
	return llb.NewState(changed.Output()), c.last, nil
}

// changer goes through the operations of a definition.
type changer struct {
	change func(*pb.ExecOp) bool
	// on has the operations whose file system continues the base's.
	on map[string]bool
	// renamed has the digests of operations that are not what they were.
	renamed map[string]string
	// last tells whether the last operation's input continues the base's.
	last bool
}

// op gives an operation as it is to be.
func (c *changer) op(dt []byte) ([]byte, error) {
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, fmt.Errorf("reading an operation: %w", err)
	}
	before := string(digest.FromBytes(dt))
	changed := false
	continues := c.continues(op)
	if exec := op.GetExec(); exec != nil && continues {
		changed = c.change(exec)
	}
	c.on[before] = c.on[before] || continues
	c.last = op.GetOp() == nil && len(op.GetInputs()) > 0 && c.on[op.GetInputs()[0].GetDigest()]
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

// continues tells whether an operation works on the base's file system, or on one
// that continues it.
func (c *changer) continues(op *pb.Op) bool {
	input := func(i int64) bool {
		return i >= 0 && i < int64(len(op.GetInputs())) && c.on[op.GetInputs()[i].GetDigest()]
	}
	switch o := op.GetOp().(type) {
	case *pb.Op_Exec:
		for _, m := range o.Exec.GetMounts() {
			if m.GetDest() == pb.RootMount {
				return input(m.GetInput())
			}
		}
	case *pb.Op_File:
		for _, action := range o.File.GetActions() {
			if input(action.GetInput()) { // not what it copies from: that is the secondary input
				return true
			}
		}
	case *pb.Op_Merge: // COPY --link
		for _, in := range o.Merge.GetInputs() {
			if input(in.GetInput()) {
				return true
			}
		}
	}
	return false
}
