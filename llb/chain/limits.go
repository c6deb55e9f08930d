package chain

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/testinit"
	"jetkit/llb/turn"
)

// withLimits gives the RUN steps of a stage's Dockerfile what they may take: a time, memory,
// processors and jobs, and turns where stages are built side by side.
func (s *Stage) withLimits(ctx context.Context, opt Options, in stepInput) error {
	timeout, turns, resources := s.Step.BuildTimeout, opt.Plan.Layers.ByPackage(), s.Step.Resources
	if !canLimit(opt.Client.BuildOpts().LLBCaps) { // a warning says so
		resources.Memory, resources.CPUs = 0, ""
	}
	if timeout == 0 && !turns && resources.String() == "" {
		return nil
	}
	var program llb.State
	if timeout > 0 {
		var err error
		if program, err = testinit.File(opt.Platform, dockerui.WithInternalName("load the first process of RUN steps")); err != nil {
			return err
		}
	}
	r := rewriter{
		base: in.base, of: s.SourceMap, adds: program,
		matches: func(*pb.ExecOp) bool { return true },
		rewrite: func(exec *pb.ExecOp, added pb.InputIndex) {
			if turns {
				turn.Add(exec, turn.Build, s.number, opt.Plan.Build.Parallel)
			}
			exec.Meta.Env = withJobs(exec.GetMeta().GetEnv(), resources.Jobs)
			if timeout > 0 {
				exec.Meta.Args = testinit.Command(testinit.Limits{Timeout: timeout.Duration()}, exec.GetMeta().GetArgs()...)
				exec.Mounts = append(exec.GetMounts(), testinit.InputMount(added))
			}
			sortMounts(exec)
		},
		limit: func(md *pb.OpMetadata) { limitResources(md, resources) },
	}
	st, _, err := r.apply(ctx, s.State, in.constraints)
	s.State = st
	return err
}
