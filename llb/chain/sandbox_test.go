package chain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	stages, err := stagesOf(chain.Compile(context.Background(), chain.Options{
		Plan: p, Base: chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()}, Platform: llbtest.Platform,
		Sources: llbtest.Sources{
			"packages/a/Dockerfile": {Data: []byte(header + "run \\\n  echo a\nRUN --security=sandbox echo plain\nRUN <<EOT\nRUN=1\nEOT\n")},
			"packages/b/Dockerfile": {Data: []byte(header + "RUN echo b\n")},
		},
		Client: &llbtest.Client{Opts: map[string]string{"force-network-mode": "none", "shm-size": "5", "ulimit": "core=0:0"}},
	}))
	require.NoError(t, err)
	got := tree(t, stages).String()
	for text, want := range map[string]int{
		"network HOST": 4, "network NONE": 0, "size 1048576": 4, "ulimit nofile=64:128": 4, "ulimit memlock=-1:-1": 4, "ulimit core": 0,
		"security INSECURE": 2, // not the step that asks for a sandbox, nor the other package's
	} {
		n := strings.Count(got, text)
		assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
	}
}

// All RUN instructions of a privileged package run without a sandbox, however they
// are written, and nothing else of its Dockerfile changes.
func TestPrivilegedHoweverItIsWritten(t *testing.T) {
	const insecure = "security INSECURE"
	for name, tc := range map[string]struct {
		dockerfile string
		want       map[string]int
	}{
		"last line":    {header + "  \tRUN\techo RUN", map[string]int{insecure: 1, `"echo RUN"`: 1}},
		"windows":      {strings.ReplaceAll(header+"RUN \\\n  echo \\\n  RUN\n", "\n", "\r\n"), map[string]int{insecure: 1}},
		"escape":       {"# escape=`\n" + header + "RUN `\n # RUN\n  echo C:\\\n", map[string]int{insecure: 1, `"-c" "echo C:\\`: 1}},
		"byte order":   {"\ufeff" + header + "RUN a\n", map[string]int{insecure: 1}},
		"heredoc":      {header + "RUN <<EOT bash\nRUN a \\\nEOT\nCOPY <<EOT /a\nRUN b\nEOT\n", map[string]int{insecure: 1, `"<<EOT bash\nRUN a \\\nEOT"`: 1}},
		"flags":        {header + "RUN \\\n  --mount=type=tmpfs,target=/run \\\n --security=sandbox a\nRUN --network=none [\"run\"]\n", map[string]int{insecure: 1, `"run"`: 1}},
		"other things": {header + "ENV RUN=run\nLABEL a=\"RUN b\" \\\n RUN=c\n# RUN c\nONBUILD RUN d\nRUN $RUN\n", map[string]int{insecure: 1}},
		"stages":       {"ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nrun a\nFROM ${BASE_IMAGE}\nCOPY --from=x / /\nRun b\n", map[string]int{insecure: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			s := step("a", nil)
			s.BuildPrivileged = true
			stages, err := compile(t, nil, fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(tc.dockerfile)}}, s)
			require.NoError(t, err)
			got := tree(t, stages).String()
			for text, want := range tc.want {
				n := strings.Count(got, text)
				assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
			}
		})
	}
}

// A keyword that is not on its instruction's first line cannot be told to be
// privileged.
func TestPrivilegedNeedsAWholeKeyword(t *testing.T) {
	for _, run := range []string{"R\\\nUN a\n", "\\\nRUN a\n"} {
		s := step("a", nil)
		s.BuildPrivileged = true
		_, err := compile(t, nil, fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + run)}}, s)
		location, ok := errors.AsType[*parser.LocationError](err)
		if assert.True(t, ok, "%q: want an error at line 3, got %v", run, err) {
			assert.Equal(t, 3, location.Locations[0][0].Start.Line, "%q: want an error at line 3, got %v", run, err)
			assert.Contains(t, err.Error(), "write RUN", "%q: want an error at line 3, got %v", run, err)
		}
	}
}
