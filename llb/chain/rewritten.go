package chain

import (
	"context"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// rewrittenVertex is a vertex whose operation, or one that it builds on, is rewritten.
type rewrittenVertex struct {
	llb.Vertex
	// before and after are the inputs of the original vertex and of this one.
	before, after []llb.Output
	// rewrite is nil if only inputs differ.
	rewrite func(*pb.ExecOp, pb.InputIndex)
	// limit changes what the builder is told of the operation; nil changes nothing.
	limit func(*pb.OpMetadata)
	// pinned takes the place of a source; nil if it stays.
	pinned *pb.SourceOp
	// added is one more input, for what rewrite mounts; nil is none.
	added llb.Output
	cache llb.MarshalCache
}

// Inputs returns the new inputs.
func (v *rewrittenVertex) Inputs() []llb.Output {
	if v.added == nil {
		return v.after
	}
	return append(slices.Clone(v.after), v.added)
}

// Output returns the first output.
func (v *rewrittenVertex) Output() llb.Output {
	return &rewrittenOutput{Output: v.Vertex.Output(), vertex: v}
}

// Marshal returns the rewritten operation, with the progress name and the source of the
// original.
func (v *rewrittenVertex) Marshal(ctx context.Context, c *llb.Constraints) (digest.Digest, []byte, *pb.OpMetadata, []*llb.SourceLocation, error) {
	cache := v.cache.Acquire()
	defer cache.Release()
	if dgst, dt, md, sources, err := cache.Load(c); err == nil {
		return dgst, dt, md, sources, nil
	}
	_, dt, md, sources, err := v.Vertex.Marshal(ctx, c)
	if err != nil {
		return "", nil, nil, nil, err
	}
	op, err := readOp(dt)
	if err != nil {
		return "", nil, nil, nil, err
	}
	if err := v.rename(ctx, c, op); err != nil {
		return "", nil, nil, nil, err
	}
	if v.added != nil {
		in, err := v.added.ToInput(ctx, c)
		if err != nil {
			return "", nil, nil, nil, err
		}
		op.Inputs = append(op.GetInputs(), in)
	}
	if v.rewrite != nil {
		v.rewrite(op.GetExec(), pb.InputIndex(len(op.GetInputs())-1))
	}
	if v.limit != nil && md != nil {
		md = md.CloneVT()
		v.limit(md)
	}
	if v.pinned != nil {
		op.Op = &pb.Op_Source{Source: v.pinned}
	}
	if dt, err = (proto.MarshalOptions{Deterministic: true}).Marshal(op); err != nil {
		return "", nil, nil, nil, fmt.Errorf("encoding an operation: %w", err)
	}
	return cache.Store(dt, md, sources, c)
}

// rename makes an operation refer to the new inputs.
func (v *rewrittenVertex) rename(ctx context.Context, c *llb.Constraints, op *pb.Op) error {
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

// rewrittenOutput is an output of a replaced vertex.
type rewrittenOutput struct {
	llb.Output
	vertex llb.Vertex
}

// Vertex returns the vertex that replaces the original.
func (o *rewrittenOutput) Vertex(context.Context, *llb.Constraints) llb.Vertex { return o.vertex }

// ToInput refers to the output, by the number that it has in the original.
func (o *rewrittenOutput) ToInput(ctx context.Context, c *llb.Constraints) (*pb.Input, error) {
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
