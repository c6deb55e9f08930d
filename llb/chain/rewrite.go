package chain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"google.golang.org/protobuf/proto"
)

// rewriter changes the commands of steps whose root file system continues a base's, or of
// those that a Dockerfile has, and the sources above a base.
// It works on operations, not on a Dockerfile's text: whichever way the text names its
// base image and its shell, the operations show what runs on what.
type rewriter struct {
	base llb.State
	// matches reports whether a step is one to change; nil is none.
	matches func(*pb.ExecOp) bool
	rewrite func(exec *pb.ExecOp, added pb.InputIndex)
	// limit changes what the builder is told of a step that is rewritten, beside its key; nil
	// changes nothing.
	limit func(*pb.OpMetadata)
	// of limits it to the steps of a Dockerfile, on the base or not; nil is any step
	// that is on the base.
	of *llb.SourceMap
	// pin replaces sources; nil replaces none. Its result is nil for one that stays.
	pin func(context.Context, *pb.SourceOp) (*pb.SourceOp, error)
	// adds is a file system that rewrite mounts into the steps, by the number of its input;
	// the zero state is none.
	adds llb.State
}

// apply returns a copy of a state in which every step is rewritten that matches and is on
// the base. The second result reports whether the state also continues a step that
// matches and is not on the base; such a step stays as it is.
func (r rewriter) apply(ctx context.Context, st llb.State, c *llb.Constraints) (_ llb.State, offBase bool, _ error) {
	if st.Output() == nil {
		return st, false, nil // FROM scratch, and nothing on it
	}
	w := &rewriting{rewriter: r, constraints: c, visited: map[llb.Vertex]*visitedVertex{}}
	if r.base.Output() != nil {
		bottom := r.base.Output().Vertex(ctx, c)
		w.visited[bottom] = &visitedVertex{now: bottom, onBase: true}
	}
	top := st.Output().Vertex(ctx, c)
	s, err := w.visit(ctx, top)
	if err != nil || s.now == top {
		return st, err == nil && s.offBase, err
	}
	return llb.NewState(&rewrittenOutput{Output: st.Output(), vertex: s.now}), s.offBase, nil
}

// rewriting visits the operations above a base, each once. It makes new ones for those
// that change and for those that build on them; the operations themselves stay, as
// stages below have them too.
type rewriting struct {
	rewriter
	constraints *llb.Constraints
	visited     map[llb.Vertex]*visitedVertex
}

// visitedVertex is what is known of a vertex.
type visitedVertex struct {
	// now is the vertex that replaces it: itself, if nothing changes.
	now llb.Vertex
	// onBase is set if its file system continues the base's, and offBase if it
	// continues that of a matching step which is not on the base.
	onBase, offBase bool
}

func (w *rewriting) visit(ctx context.Context, v llb.Vertex) (*visitedVertex, error) {
	if s, ok := w.visited[v]; ok {
		return s, nil
	}
	rewritten := &rewrittenVertex{Vertex: v}
	inputs, differs, err := w.inputs(ctx, rewritten)
	if err != nil {
		return nil, err
	}
	_, dt, _, places, err := v.Marshal(ctx, w.constraints)
	if err != nil {
		return nil, err
	}
	op, err := readOp(dt)
	if err != nil {
		return nil, err
	}
	s := &visitedVertex{now: v}
	for _, dgst := range continued(op) {
		if in := inputs[dgst]; in != nil {
			s.onBase, s.offBase = s.onBase || in.onBase, s.offBase || in.offBase
		}
	}
	if source := op.GetSource(); source != nil && w.pin != nil {
		if rewritten.pinned, err = w.pin(ctx, source); err != nil {
			return nil, err
		}
		differs = differs || rewritten.pinned != nil
	}
	if exec := op.GetExec(); exec != nil && w.matches != nil && w.matches(exec) && w.belongs(places) {
		if s.onBase || w.of != nil {
			rewritten.rewrite, rewritten.limit, rewritten.added, differs = w.rewrite, w.limit, w.adds.Output(), true
		} else {
			s.offBase = true
		}
	}
	if differs {
		s.now = rewritten
	}
	w.visited[v] = s
	return s, nil
}

// belongs reports whether a step with these places is one of the Dockerfile that the
// rewriter is limited to. Steps of linked builds have other places.
func (r rewriter) belongs(places []*llb.SourceLocation) bool {
	return r.of == nil || slices.ContainsFunc(places, func(l *llb.SourceLocation) bool { return l.SourceMap == r.of })
}

// inputs visits what a vertex builds on, and reports whether any of it changes. The
// result is by the digests that the vertex's operation has for its inputs.
func (w *rewriting) inputs(ctx context.Context, v *rewrittenVertex) (map[string]*visitedVertex, bool, error) {
	visited := map[string]*visitedVertex{}
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
		visited[in.GetDigest()] = s
		after := before
		if s.now != was {
			after, differs = &rewrittenOutput{Output: before, vertex: s.now}, true
		}
		v.before, v.after = append(v.before, before), append(v.after, after)
	}
	return visited, differs, nil
}

// sortMounts puts the mounts of a step into the order that llb gives them.
func sortMounts(exec *pb.ExecOp) {
	slices.SortStableFunc(exec.Mounts, func(a, b *pb.Mount) int { return cmp.Compare(a.GetDest(), b.GetDest()) })
}

func readOp(dt []byte) (*pb.Op, error) {
	op := &pb.Op{}
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, fmt.Errorf("reading an operation: %w", err)
	}
	return op, nil
}
