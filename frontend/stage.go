package frontend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// Container is what a gateway needs to make a container: a step, and a result for each
// of its mounts.
type Container struct {
	// Exec is the step. Its command does nothing.
	Exec     *pb.ExecOp
	Platform *pb.Platform
	// Mounts are the results that are mounted, by the step's mounts; nil where a mount
	// begins empty.
	Mounts []client.Reference
}

// Stage builds the last package of a request's chain, for the first platform, and returns
// the container that the package's tests have. Without the option target it is that of the
// finished image. Tests do not run.
func Stage(ctx context.Context, c client.Client) (*Container, error) {
	return Options{}.stage(ctx, c)
}

func (o Options) stage(ctx context.Context, c client.Client) (_ *Container, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = keepText(b.locate(recovered(recover(), err))) }()
	platform := b.targetPlatform(b.firstPlatform())
	p, problems, err := b.plan(ctx, platform)
	if err != nil {
		return nil, err
	}
	b.show(ctx, platform, b.warningsOf(problems))
	idle, err := b.idle(ctx, p, platform)
	if err != nil {
		return nil, err
	}
	return b.solveMounts(ctx, idle)
}

// idle compiles a chain up to a step that does nothing in its last stage.
func (b *build) idle(ctx context.Context, p *plan.Plan, platform ocispecs.Platform) (*compiled, error) {
	c, _, err := b.convert(ctx, p, platform, nil)
	if err != nil {
		return nil, err
	}
	st, err := b.idleState(p, c, platform)
	if err != nil {
		return nil, err
	}
	def, err := st.Marshal(ctx, llb.WithCaps(b.ui.BuildOpts().LLBCaps), llb.Platform(platform))
	if err != nil {
		return nil, fmt.Errorf("marshalling the LLB definition: %w", err)
	}
	if err := chain.Locate(def, ranges(p.BaseAt)); err != nil {
		return nil, err
	}
	return b.solvable(p, c, def, platform), nil
}

func (b *build) idleState(p *plan.Plan, c *converted, platform ocispecs.Platform) (llb.State, error) {
	cfg := b.testConfig(p, platform)
	if b.ui.Target != "" {
		return teststep.Container(cfg, c.Stages[len(c.Stages)-1])
	}
	finished, err := finish(p, c.Finished)
	if err != nil {
		return llb.State{}, err
	}
	return teststep.ImageContainer(cfg, finished)
}

// solveMounts solves what the last step of a definition mounts, and not the step.
func (b *build) solveMounts(ctx context.Context, c *compiled) (*Container, error) {
	op, before, err := lastStep(c.definition)
	if err != nil {
		return nil, err
	}
	exec := op.GetExec()
	if exec == nil {
		return nil, errors.New("internal error of jetkit: the last step runs nothing")
	}
	solved := make([]client.Reference, len(op.Inputs))
	for i, input := range op.Inputs {
		def := before.CloneVT()
		if def, err = endingIn(def, input); err != nil {
			return nil, err
		}
		res, err := b.client.Solve(ctx, client.SolveRequest{Definition: def, CacheImports: b.ui.CacheImports, Evaluate: true})
		if err != nil {
			return nil, b.explain(ctx, c, err)
		}
		if solved[i], err = res.SingleRef(); err != nil {
			return nil, err
		}
	}
	mounts := make([]client.Reference, len(exec.Mounts))
	for i, m := range exec.Mounts {
		if m.Input >= 0 {
			mounts[i] = solved[m.Input]
		}
	}
	return &Container{Exec: exec, Platform: op.Platform, Mounts: mounts}, nil
}

// lastStep takes the last step off a definition.
func lastStep(def *llb.Definition) (*pb.Op, *pb.Definition, error) {
	before := def.ToPB()
	if len(before.Def) == 0 {
		return nil, nil, errors.New("internal error of jetkit: the definition is empty")
	}
	var end pb.Op // names the definition's result and does nothing
	if err := end.UnmarshalVT(before.Def[len(before.Def)-1]); err != nil {
		return nil, nil, err
	}
	before.Def = slices.Clone(before.Def[:len(before.Def)-1])
	for i, dt := range before.Def {
		if digest.FromBytes(dt).String() != end.Inputs[0].GetDigest() {
			continue
		}
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, nil, err
		}
		before.Def = slices.Delete(before.Def, i, i+1)
		return op, before, nil
	}
	return nil, nil, errors.New("internal error of jetkit: the definition has no last step")
}

// endingIn makes an operation's output the result of a definition.
func endingIn(def *pb.Definition, output *pb.Input) (*pb.Definition, error) {
	dt, err := (&pb.Op{Inputs: []*pb.Input{output}}).Marshal()
	if err != nil {
		return nil, err
	}
	def.Def = append(def.Def, dt)
	return def, nil
}
