package pyeval

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func options(request string) Options {
	return Options{
		Python: llb.Image("python:3"), Tree: llb.Image("tree"), Dir: "packages",
		Runner:  fstest.MapFS{"runner.py": {Data: []byte("print()")}, "lib/x.py": {Data: []byte("x = 1")}},
		Program: "runner.py", Flags: []string{"-S"}, Env: []string{"A=b=c", "nonsense"},
		Request: []byte(request), Name: "run",
	}
}

// exec compiles options and gives the one exec operation.
func exec(t *testing.T, o Options) (op *pb.ExecOp, definition [][]byte) {
	t.Helper()
	st, err := Run(o)
	require.NoError(t, err)
	def, err := st.Marshal(context.Background(), llb.LinuxAmd64)
	require.NoError(t, err)
	for _, dt := range def.Def {
		var found pb.Op
		require.NoError(t, found.UnmarshalVT(dt))
		if found.GetExec() != nil {
			op = found.GetExec()
		}
	}
	return op, def.Def
}

// TestConfined checks what keeps strangers' code in its step.
func TestConfined(t *testing.T) {
	op, _ := exec(t, options("{}"))
	assert.Equal(t, pb.NetMode_NONE, op.Network, "network %s, security", op.Network)
	assert.Equal(t, pb.SecurityMode_SANDBOX, op.Security, "network %s, security", op.Network)
	assert.Empty(t, op.Secretenv, "secrets %v, proxy", op.Secretenv)
	assert.Nil(t, op.Meta.ProxyEnv, "secrets %v, proxy", op.Secretenv)
	assert.Equal(t, []string{"A=b=c"}, op.Meta.Env, "environment")
	want := []string{"python3", "-S", "/jetkit/runner/runner.py", "/jetkit/request/request.json", "/jetkit/result/result.json", "/jetkit/tree"}
	assert.Equal(t, want, op.Meta.Args, "arguments")
	for _, m := range op.Mounts {
		writable := m.Dest == resultDir
		assert.NotEqual(t, writable, m.Readonly, "mount %s: %s", m.Dest, m)
		assert.Equal(t, pb.MountType_BIND, m.MountType, "mount %s: %s", m.Dest, m)
		assert.False(t, m.Dest == treeDir && m.Selector != "/packages", "the tree is %s", m.Selector)
	}
}

// TestCacheKey checks that equal inputs are one step, and others another.
func TestCacheKey(t *testing.T) {
	equal := func(a, b [][]byte) bool {
		return slices.EqualFunc(a, b, func(x, y []byte) bool { return string(x) == string(y) })
	}
	_, one := exec(t, options("{}"))
	_, again := exec(t, options("{}"))
	_, other := exec(t, options(`{"env":{}}`))
	assert.True(t, equal(one, again), "equal inputs give different steps")
	assert.False(t, equal(one, other), "another request gives the same step")
}
