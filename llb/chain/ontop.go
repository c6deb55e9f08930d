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
// base's are changed, those that change tells it has changed. The second result is
// false if the state itself does not continue it; one that only copies from it
// doesn't.
//
// What a Dockerfile says is left to the Dockerfile frontend: whichever way it names
// its base image and its shell, the operations tell what is run on what.
func changeOnTop(ctx context.Context, st, base llb.State, c *llb.Constraints, change func(*pb.ExecOp) bool) (llb.State, bool, error) {
	bottom, top := base.Output().Vertex(ctx, c), st.Output().Vertex(ctx, c)
	w := &changer{constraints: c, change: change, seen: map[llb.Vertex]*seenVertex{bottom: {now: bottom, continues: true}}}
	last, err := w.visit(ctx, top)
	if err != nil || last.now == top {
		return st, err == nil && last.continues, err
	}
	return llb.NewState(&changedOutput{Output: st.Output(), vertex: last.now}), last.continues, nil
}

// changer goes through the operations above a base.
type changer struct {
	constraints *llb.Constraints
	change      func(*pb.ExecOp) bool
	seen        map[llb.Vertex]*seenVertex
}

// seenVertex is what became of a vertex.
type seenVertex struct {
	// now is what takes its place: itself, if nothing changes.
	now llb.Vertex
	// continues tells whether its file system continues the base's.
	continues bool
}

func (w *changer) visit(ctx context.Context, v llb.Vertex) (*seenVertex, error) {
	if s, ok := w.seen[v]; ok {
		return s, nil
	}
	changed := &changedVertex{Vertex: v}
	inputs := map[string]*seenVertex{} // by digest
	differs := false
	for _, before := range v.Inputs() {
		s, err := w.visit(ctx, before.Vertex(ctx, w.constraints))
		if err != nil {
			return nil, err
		}
		in, err := before.ToInput(ctx, w.constraints)
		if err != nil {
			return nil, err
		}
		inputs[in.GetDigest()] = s
		after := before
		if s.now != before.Vertex(ctx, w.constraints) {
			after, differs = &changedOutput{Output: before, vertex: s.now}, true
		}
		changed.before, changed.after = append(changed.before, before), append(changed.after, after)
	}
	_, dt, _, _, err := v.Marshal(ctx, w.constraints)
	if err != nil {
		return nil, err
	}
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, fmt.Errorf("reading an operation: %w", err)
	}
	s := &seenVertex{now: v, continues: continues(op, inputs)}
	if exec := op.GetExec(); exec != nil && s.continues && w.change(exec) {
		changed.change, differs = w.change, true
	}
	if differs {
		s.now = changed
	}
	w.seen[v] = s
	return s, nil
}

// continues tells whether an operation works on a file system that continues the
// base's.
func continues(op *pb.Op, inputs map[string]*seenVertex) bool {
	input := func(i int64) bool {
		if i < 0 || i >= int64(len(op.GetInputs())) {
			return false
		}
		s := inputs[op.GetInputs()[i].GetDigest()]
		return s != nil && s.continues
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

// changedVertex is a vertex whose operation, or one that it builds on, is changed.
type changedVertex struct {
	llb.Vertex
	// before and after are its inputs as they were and as they are.
	before, after []llb.Output
	// change is nil if only inputs are other ones.
	change func(*pb.ExecOp) bool
	cache  llb.MarshalCache
}

// Inputs gives the inputs as they are.
func (v *changedVertex) Inputs() []llb.Output { return v.after }

// Output gives the first output.
func (v *changedVertex) Output() llb.Output {
	return &changedOutput{Output: v.Vertex.Output(), vertex: v}
}

// Marshal gives the changed operation, with the progress name and the source of the
// one that was.
func (v *changedVertex) Marshal(ctx context.Context, c *llb.Constraints) (digest.Digest, []byte, *pb.OpMetadata, []*llb.SourceLocation, error) {
	cache := v.cache.Acquire()
	defer cache.Release()
	if dgst, dt, md, sources, err := cache.Load(c); err == nil {
		return dgst, dt, md, sources, nil
	}
	_, dt, md, sources, err := v.Vertex.Marshal(ctx, c)
	if err != nil {
		return "", nil, nil, nil, err
	}
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return "", nil, nil, nil, fmt.Errorf("reading an operation: %w", err)
	}
	if err := v.rename(ctx, c, op); err != nil {
		return "", nil, nil, nil, err
	}
	if v.change != nil {
		v.change(op.GetExec())
	}
	if dt, err = (proto.MarshalOptions{Deterministic: true}).Marshal(op); err != nil {
		return "", nil, nil, nil, fmt.Errorf("encoding an operation: %w", err)
	}
	return cache.Store(dt, md, sources, c)
}

// rename makes an operation refer to the inputs as they are.
func (v *changedVertex) rename(ctx context.Context, c *llb.Constraints, op *pb.Op) error {
	names := map[string]string{}
	for i := range v.before {
		before, err := v.before[i].ToInput(ctx, c)
		if err != nil {
			return err
		}
		after, err := v.after[i].ToInput(ctx, c)
		if err != nil {
			return err
		}
		names[before.GetDigest()] = after.GetDigest()
	}
	for _, in := range op.GetInputs() {
		in.Digest = names[in.GetDigest()]
	}
	return nil
}

// changedOutput is an output of a vertex that another took the place of.
type changedOutput struct {
	llb.Output
	vertex llb.Vertex
}

// Vertex gives the vertex as it is.
func (o *changedOutput) Vertex(context.Context, *llb.Constraints) llb.Vertex { return o.vertex }

// ToInput refers to the output, which has the number that it had.
func (o *changedOutput) ToInput(ctx context.Context, c *llb.Constraints) (*pb.Input, error) {
	in, err := o.Output.ToInput(ctx, c)
	if err != nil {
		return nil, err
	}
	dgst, _, _, _, err := o.vertex.Marshal(ctx, c)
	if err != nil {
		return nil, err
	}
	return &pb.Input{Digest: string(dgst), Index: in.GetIndex()}, nil
}
