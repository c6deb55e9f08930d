package chain_test

import (
	"context"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// The plan decides what RUN steps may do; the options of the build are in it.
func TestWhatRunStepsMayDo(t *testing.T) {
	privileged := step("a", nil)
	privileged.BuildPrivileged = true
	p := &plan.Plan{Steps: []plan.Step{privileged, step("b", nil)}, Build: plan.Build{Sandbox: plan.Sandbox{
		Network: plan.NetworkHost, ShmSize: 1 << 20, Ulimits: []plan.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 64, Hard: 128}},
	}}}
	stages, err := chain.Compile(context.Background(), chain.Options{
		Plan: p, Base: chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()}, Platform: llbtest.Platform,
		Sources: llbtest.Sources{
			"packages/a/Dockerfile": {Data: []byte(header + "run \\\n  echo a\nRUN --security=sandbox echo plain\nRUN <<EOT\nRUN=1\nEOT\n")},
			"packages/b/Dockerfile": {Data: []byte(header + "RUN echo b\n")},
		},
		Client: &llbtest.Client{Opts: map[string]string{"force-network-mode": "none", "shm-size": "5", "ulimit": "core=0:0"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := tree(t, stages).String()
	for text, want := range map[string]int{
		"network HOST": 4, "network NONE": 0, "size 1048576": 4, "ulimit nofile=64:128": 4, "ulimit memlock=-1:-1": 4, "ulimit core": 0,
		"security INSECURE": 2, // not the step that asks for a sandbox, nor the other package's
	} {
		if n := strings.Count(got, text); n != want {
			t.Errorf("%q appears %d times, want %d, in\n%s", text, n, want, got)
		}
	}
}
