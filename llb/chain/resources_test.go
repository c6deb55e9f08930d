package chain_test

import (
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// RUN steps of the package that has limits have them, and a package without any is what it was.
func TestResources(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "RUN a\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "ENV MAX_JOBS=7\nRUN b\n")},
	}
	limited := step("b", nil)
	limited.Resources = plan.Resources{Memory: 1 << 30, CPUs: "1.5", Jobs: 2}
	onlyLimits := limited
	onlyLimits.Resources.Jobs = 0

	marshal := func(last plan.Step) (*llb.Definition, map[string]*pb.ExecOp, map[string]*pb.LinuxResources) {
		stages := compileWith(t, plan.Build{}, nil, files, step("a", nil), last)
		def, err := stages[1].State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
		require.NoError(t, err)
		execs, limits := map[string]*pb.ExecOp{}, map[string]*pb.LinuxResources{}
		for _, dt := range def.Def {
			var op pb.Op
			require.NoError(t, op.UnmarshalVT(dt))
			if exec := op.GetExec(); exec != nil {
				name, md := exec.GetMeta().GetArgs()[2], def.Metadata[digest.FromBytes(dt)]
				execs[name], limits[name] = exec, md.ToPB().GetLinuxResources()
			}
		}
		return def, execs, limits
	}
	plain, _, _ := marshal(step("b", nil))
	with, execs, limits := marshal(limited)
	same, _, sameLimits := marshal(onlyLimits)

	assert.Subset(t, execs["b"].GetMeta().GetEnv(), []string{"MAX_JOBS=7", "CMAKE_BUILD_PARALLEL_LEVEL=2", "MAKEFLAGS=-j2", "CARGO_BUILD_JOBS=2"})
	assert.NotContains(t, execs["b"].GetMeta().GetEnv(), "MAX_JOBS=2", "the package's own wins")
	assert.NotContains(t, execs["a"].GetMeta().GetEnv(), "MAX_JOBS=2")
	assert.Nil(t, limits["a"])
	for _, l := range []*pb.LinuxResources{limits["b"], sameLimits["b"]} {
		assert.Equal(t, int64(1<<30), l.GetMemory())
		assert.Equal(t, int64(150000), l.GetCpuQuota())
		assert.Equal(t, uint64(100000), l.GetCpuPeriod())
	}
	assert.NotEqual(t, plain.Def, with.Def, "jobs are part of the step")
	assert.Equal(t, plain.Def, same.Def, "limits are no part of the steps")
}
