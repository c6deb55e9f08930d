package chain

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// changedVertex is a vertex whose operation, or one that it builds on, is changed.
type changedVertex struct {
	llb.Vertex
	// before and after are its inputs as they were and as they are.
	before, after []llb.Output
	// change is nil if only inputs are other ones.
	change func(*pb.ExecOp)
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
	op, err := readOp(dt)
	if err != nil {
		return "", nil, nil, nil, err
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
