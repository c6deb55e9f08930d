package pyeval

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
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
	if err != nil {
		t.Fatal(err)
	}
	def, err := st.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range def.Def {
		var found pb.Op
		if err := found.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		if found.GetExec() != nil {
			op = found.GetExec()
		}
	}
	return op, def.Def
}

// TestConfined checks what keeps strangers' code in its step.
func TestConfined(t *testing.T) {
	op, _ := exec(t, options("{}"))
	if op.Network != pb.NetMode_NONE || op.Security != pb.SecurityMode_SANDBOX {
		t.Errorf("network %s, security %s", op.Network, op.Security)
	}
	if len(op.Secretenv) > 0 || op.Meta.ProxyEnv != nil {
		t.Errorf("secrets %v, proxy %v", op.Secretenv, op.Meta.ProxyEnv)
	}
	if !slices.Equal(op.Meta.Env, []string{"A=b=c"}) {
		t.Errorf("environment %q", op.Meta.Env)
	}
	want := []string{"python3", "-S", "/jetkit/runner/runner.py", "/jetkit/request/request.json", "/jetkit/result/result.json", "/jetkit/tree"}
	if !slices.Equal(op.Meta.Args, want) {
		t.Errorf("arguments %q", op.Meta.Args)
	}
	for _, m := range op.Mounts {
		if writable := m.Dest == resultDir; m.Readonly == writable || m.MountType != pb.MountType_BIND {
			t.Errorf("mount %s: %s", m.Dest, m)
		}
		if m.Dest == treeDir && m.Selector != "/packages" {
			t.Errorf("the tree is %s", m.Selector)
		}
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
	if !equal(one, again) {
		t.Error("equal inputs give different steps")
	}
	if equal(one, other) {
		t.Error("another request gives the same step")
	}
}
