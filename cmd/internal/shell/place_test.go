package shell

import (
	"errors"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/testinit"
	"jetkit/llb/turn"
)

// step is a step with everything that one can have.
func step() *pb.ExecOp {
	return &pb.ExecOp{
		Meta: &pb.Meta{
			Args: []string{testinit.Program, "--timeout=60", "/bin/bash", "/test/it's.sh"}, Env: []string{"A=b"}, Cwd: "/srv", User: "joe",
			Hostname: "box", ExtraHosts: []*pb.HostIP{{Host: "h", IP: "10.0.0.1"}}, ProxyEnv: &pb.ProxyEnv{HttpProxy: "http://p"},
		},
		Mounts: []*pb.Mount{
			{Dest: "/"},
			{Dest: turn.Dir, MountType: pb.MountType_CACHE, CacheOpt: &pb.CacheOpt{ID: "t", Sharing: pb.CacheSharingOpt_LOCKED}},
			{Dest: "/secret", MountType: pb.MountType_SECRET, SecretOpt: &pb.SecretOpt{ID: "token"}},
			{Dest: "/cache", MountType: pb.MountType_CACHE, CacheOpt: &pb.CacheOpt{ID: "c"}},
			{Dest: testinit.Program, Selector: "/init", Readonly: true},
		},
		Network: pb.NetMode_HOST, Security: pb.SecurityMode_INSECURE,
		Secretenv:  []*pb.SecretEnv{{ID: "token", Name: "TOKEN"}},
		CdiDevices: []*pb.CDIDevice{{Name: "nvidia.com/gpu=all"}},
	}
}

// failure is the error of a step, as a solve returns it.
func failure(op *pb.Op, mounts ...string) error {
	err := errdefs.WithSolveError(&gwpb.ExitError{ExitCode: 7}, nil, nil, mounts)
	solve, ok := errors.AsType[*errdefs.SolveError](err)
	if !ok {
		return err
	}
	solve.Op, solve.Description = op, map[string]string{customName: "[a 1/1] RUN \x1b[31mx"}
	return err
}

func TestPlaceOfAFailedStep(t *testing.T) {
	p, err := failedPlace(failure(&pb.Op{Op: &pb.Op_Exec{Exec: step()}, Platform: &pb.Platform{Architecture: "arm64"}}, "root", "turn", "", "cache", "init"))
	require.NoError(t, err)
	assert.Equal(t, []gateway.Mount{
		{Dest: "/", ResultID: "root"},
		{Dest: "/secret", MountType: pb.MountType_SECRET, SecretOpt: &pb.SecretOpt{ID: "token"}},
		{Dest: "/cache", ResultID: "cache", MountType: pb.MountType_CACHE, CacheOpt: &pb.CacheOpt{ID: "c"}},
		{Dest: testinit.Program, ResultID: "init", Selector: "/init", Readonly: true},
	}, p.container.Mounts)
	assert.Equal(t, "arm64", p.container.Platform.GetArchitecture())
	assert.Equal(t, "box", p.container.Hostname)
	assert.Equal(t, "h", p.container.ExtraHosts[0].GetHost())
	assert.Equal(t, pb.NetMode_HOST, p.container.NetMode)
	assert.Equal(t, pb.SecurityMode_INSECURE, p.process.SecurityMode)
	assert.Equal(t, []string{"A=b", "HTTP_PROXY=http://p", "http_proxy=http://p"}, p.process.Env)
	assert.Equal(t, "TOKEN", p.process.SecretEnv[0].GetName())
	assert.True(t, p.init)
	assert.Equal(t, `
[a 1/1] RUN \x1b[31mx failed with exit code 7.
You are in its container, in /bin/sh, as user joe in /srv. The step's command was:
  /bin/bash '/test/it'\''s.sh'
The step had the device nvidia.com/gpu=all. BuildKit gives a shell no devices.
exit ends it; nothing that it changes is kept.
`, p.introduction("/bin/sh"))
}

func TestNoPlace(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"no step":         {errors.New("x"), "no step of the builder failed"},
		"a copy":          {failure(&pb.Op{Op: &pb.Op_File{}}), "the step that failed runs no program"},
		"not yet started": {failure(&pb.Op{Op: &pb.Op_Exec{Exec: step()}}, "root"), "before its container was made"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := failedPlace(c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestQuote(t *testing.T) {
	assert.Equal(t, `a-b/c=1 'a b' '' '$x' 'it'\''s'`, quote([]string{"a-b/c=1", "a b", "", "$x", "it's"}))
}
