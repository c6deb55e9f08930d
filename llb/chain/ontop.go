package chain

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
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
func (t onTop) apply(ctx context.Context, st llb.State, c *llb.Constraints) (llb.State, bool, error) {
	if st.Output() == nil {
		return st, false, nil // FROM scratch, and nothing on it
	}
	w := &changer{onTop: t, constraints: c, seen: map[llb.Vertex]*seenVertex{}}
	if t.base.Output() != nil {
		bottom := t.base.Output().Vertex(ctx, c)
		w.seen[bottom] = &seenVertex{now: bottom, on: true}
	}
	top := st.Output().Vertex(ctx, c)
	s, err := w.visit(ctx, top)
	if err != nil || s.now == top {
		return st, err == nil && s.astray, err
	}
	return llb.NewState(&changedOutput{Output: st.Output(), vertex: s.now}), s.astray, nil
}

// changer goes through the operations above a base, each once. What it finds it
// makes new; the operations themselves stay, and so do those of the stages below.
type changer struct {
	onTop
	constraints *llb.Constraints
	seen        map[llb.Vertex]*seenVertex
}

// seenVertex is what is known of a vertex.
type seenVertex struct {
	// now is what takes its place: itself, if nothing changes.
	now llb.Vertex
	// on tells whether its file system continues the base's, and astray whether it
	// continues that of a step which is not on the base.
	on, astray bool
}

func (w *changer) visit(ctx context.Context, v llb.Vertex) (*seenVertex, error) {
	if s, ok := w.seen[v]; ok {
		return s, nil
	}
	changed := &changedVertex{Vertex: v}
	inputs, differs, err := w.inputs(ctx, changed)
	if err != nil {
		return nil, err
	}
	_, dt, _, _, err := v.Marshal(ctx, w.constraints)
	if err != nil {
		return nil, err
	}
	op, err := readOp(dt)
	if err != nil {
		return nil, err
	}
	s := &seenVertex{now: v}
	for _, dgst := range continued(op) {
		if in := inputs[dgst]; in != nil {
			s.on, s.astray = s.on || in.on, s.astray || in.astray
		}
	}
	if exec := op.GetExec(); exec != nil && w.concerns(exec) {
		if s.on {
			changed.change, differs = w.change, true
		} else {
			s.astray = true
		}
	}
	if differs {
		s.now = changed
	}
	w.seen[v] = s
	return s, nil
}

// inputs visits what a vertex builds on, and tells whether any of it changes. The
// result is by the digests that the vertex's operation calls its inputs by.
func (w *changer) inputs(ctx context.Context, v *changedVertex) (map[string]*seenVertex, bool, error) {
	seen := map[string]*seenVertex{}
	differs := false
	for _, before := range v.Vertex.Inputs() {
		was := before.Vertex(ctx, w.constraints)
		s, err := w.visit(ctx, was)
		if err != nil {
			return nil, false, err
		}
		in, err := before.ToInput(ctx, w.constraints)
		if err != nil {
			return nil, false, err
		}
		seen[in.GetDigest()] = s
		after := before
		if s.now != was {
			after, differs = &changedOutput{Output: before, vertex: s.now}, true
		}
		v.before, v.after = append(v.before, before), append(v.after, after)
	}
	return seen, differs, nil
}

func readOp(dt []byte) (*pb.Op, error) {
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, fmt.Errorf("reading an operation: %w", err)
	}
	return op, nil
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
