package chain_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

var cached = plan.Build{Ccache: plan.Ccache{Dir: "/root/.cache/ccache", MaxSize: "20G"}}

// compileWith compiles a chain with settings of its RUN steps.
func compileWith(t *testing.T, build plan.Build, opts map[string]string, files fstest.MapFS, steps ...plan.Step) []chain.Stage {
	t.Helper()
	stages, err := stagesOf(chain.Compile(t.Context(), chain.Options{
		Plan: &plan.Plan{Steps: steps, Build: build, Target: plan.Target{Arch: plan.Value{Value: "tegra-aarch64"}}},
		Base: chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()}, Platform: llbtest.Platform,
		Sources: llbtest.Sources(files), Client: &llbtest.Client{Opts: opts},
	}))
	require.NoError(t, err)
	return stages
}

func TestGoldenTreeOfCcache(t *testing.T) {
	stages := compileWith(t, cached, nil, everything, step("python", nil), step("app", nil))
	llbtest.Golden(t, "ccache.txt", tree(t, stages).String())
}

// Steps with the cache, however their Dockerfile has them, and those without.
func TestWhichStepsHaveCcache(t *testing.T) {
	const (
		mount    = "mount /root/.cache/ccache "
		launcher = `"jetkit-ccache" `
	)
	root := header + "USER root\n"
	for name, tc := range map[string]struct {
		dockerfile string
		want       map[string]int
	}{
		"shell":             {header + "RUN make\n", map[string]int{mount: 1, launcher + `"/bin/sh" "-c" "make"`: 1}},
		"lines":             {header + "RUN make \\\n  # all\n  && \\\n  install\n", map[string]int{mount: 1, launcher: 1}},
		"escape":            {"# escape=`\n" + header + "RUN make `\n  all\n", map[string]int{mount: 1, launcher: 1}},
		"heredoc":           {header + "RUN <<EOT\nmake\nEOT\n", map[string]int{mount: 1, launcher + `"/bin/sh" "-c"`: 1}},
		"script":            {header + "RUN <<EOT\n#!/usr/bin/python3\nprint()\nEOT\n", map[string]int{mount: 1, launcher + `"/bin/sh" "-c" "/dev/pipes/EOT"`: 1}},
		"bash":              {header + "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN make\n", map[string]int{mount: 1, launcher + `"/bin/bash" "-eo" "pipefail" "-c" "make"`: 1}},
		"another shell":     {header + "SHELL [\"python3\", \"-c\"]\nRUN make\n", map[string]int{mount: 1, launcher: 0, `exec "python3" "-c" "make"`: 1}},
		"exec form":         {header + "RUN [\"make\", \"all\"]\n", map[string]int{mount: 1, launcher: 0, `exec "make" "all"`: 1}},
		"other image":       {"ARG BASE_IMAGE\nFROM golang AS go\nRUN go build\nFROM ${BASE_IMAGE}\nRUN make\nCOPY --from=go /a /a\n", map[string]int{mount: 2, launcher: 2}},
		"other mounts":      {header + "RUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,target=/src make\n", map[string]int{mount: 1, "mount /src": 1, "mount /root/.cache/pip": 1}},
		"a mount there":     {header + "RUN --mount=type=cache,target=/root/.cache/ccache/ make\nRUN make\n", map[string]int{"mount /root/.cache/ccache": 2, launcher: 1}},
		"a relative mount":  {header + "WORKDIR /root\nRUN --mount=type=cache,target=.cache/ccache make\n", map[string]int{mount: 1, launcher: 0}},
		"a mount above":     {header + "RUN --mount=type=bind,target=/root make\n", map[string]int{mount: 0, launcher: 0}},
		"another user":      {header + "USER robot\nRUN make\nUSER 1000:0\nRUN make\n", map[string]int{mount: 0, launcher: 0}},
		"root":              {root + "RUN make\nUSER 0:0\nRUN make install\n", map[string]int{mount: 2, launcher: 2}},
		"own variables":     {header + "ENV CCACHE_DIR=/c CCACHE_MAXSIZE=1G PATH=/usr/lib/ccache:/bin\nRUN make\n", map[string]int{mount: 1, "CCACHE_DIR=/c": 0, "CCACHE_MAXSIZE=1G": 0, `env "PATH=/usr/lib/ccache:/bin"`: 1}},
		"a stage not built": {header + "RUN make\nFROM debian AS other\nRUN other\nFROM scratch\nCOPY --from=0 / /\n", map[string]int{mount: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got := tree(t, compileWith(t, cached, nil, fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(tc.dockerfile)}}, step("a", nil))).String()
			for text, want := range tc.want {
				n := strings.Count(got, text)
				assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
			}
			assert.Equal(t, strings.Count(got, `env "CCACHE_DIR=/root`), strings.Count(got, `env "PATH=/usr/lib/ccache:`), "first in PATH:\n%s", got)
		})
	}
}

// A privileged step and one with a GPU have the cache too, and are what they are without.
func TestCcacheBesideGPUAndPrivileges(t *testing.T) {
	gpu := withGPU("kernels", plan.GPUCDI)
	gpu.BuildPrivileged = true
	got := tree(t, compileWith(t, cached, nil, kernels, gpu, step("after", nil))).String()
	for text, want := range map[string]int{
		`exec "/.jetkit-step" "/bin/sh" "-c" "if command -v ccache`: 2, `"jetkit-ccache" "/bin/sh" "-c" "tune kernels"`: 1,
		"security INSECURE": 2, "mount /root/.cache/ccache": 3, "merge #": 1,
	} {
		n := strings.Count(got, text)
		assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
	}
}

// The image's configuration is the same with the cache and without, and without it the
// operations are as ever.
func TestCcacheLeavesTheConfiguration(t *testing.T) {
	with, without := compileWith(t, cached, nil, everything, step("python", nil), step("app", nil)), compileWith(t, plan.Build{}, nil, everything, step("python", nil), step("app", nil))
	for i := range with {
		assert.Equal(t, without[i].Image, with[i].Image)
		assert.Equal(t, without[i].Detached, with[i].Detached)
	}
	assert.NotContains(t, tree(t, without).String(), "ccache")
}

// Separate caches have separate folders.
func TestNameOfCcache(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN make\n")}}
	got := tree(t, compileWith(t, cached, nil, files, step("a", nil))).String()
	assert.Contains(t, got, "jetkit-ccache-tegra-aarch64")
	got = tree(t, compileWith(t, cached, map[string]string{"build-arg:BUILDKIT_CACHE_MOUNT_NS": "mine"}, files, step("a", nil))).String()
	assert.Contains(t, got, "mine/jetkit-ccache-tegra-aarch64")
}

// What runs a step is no part of its command, as errors and a shell in it show it.
func TestPlainCommands(t *testing.T) {
	stages := compileWith(t, cached, nil, kernels, withGPU("kernels", plan.GPUCDI))
	_, run, _ := strings.Cut(tree(t, stages).String(), "exec \"/.jetkit-step\" \"/bin/sh\"")
	require.NotEmpty(t, run)
	line, _, _ := strings.Cut("\"/.jetkit-step\" \"/bin/sh\""+run, "\n")
	var args []string
	for rest := line; rest != ""; rest = strings.TrimSpace(rest) {
		word, err := strconv.QuotedPrefix(rest)
		require.NoError(t, err, rest)
		plain, err := strconv.Unquote(word)
		require.NoError(t, err)
		args, rest = append(args, plain), rest[len(word):]
	}
	assert.Equal(t, []string{"/bin/sh", "-c", "tune kernels"}, chain.PlainArgs(args))
	failed := "process " + strconv.Quote(strings.Join(args, " ")) + " did not complete"
	assert.Equal(t, `process "/bin/sh -c tune kernels" did not complete`, chain.PlainText(failed))
	assert.Equal(t, "/bin/sh -c tune kernels", chain.PlainText(strings.Join(args, " ")))
}

// Downloads from GitHub's API are left out, whatever their form; all else stays, and
// where it is.
func TestWithoutGitHubAPI(t *testing.T) {
	const added = `"[a `
	for name, tc := range map[string]struct {
		dockerfile string
		steps      int
	}{
		"one":            {header + "ADD https://api.github.com/repos/a/b/git/refs/heads/main /tmp/b.json\nRUN x\n", 1},
		"lines":          {header + "add \\\n  # newest\n  https://api.github.com/repos/${A}/b /tmp/b.json\nRUN x\n", 1},
		"windows":        {strings.ReplaceAll(header+"ADD https://api.github.com/a \\\n /tmp/b.json\nRUN x", "\n", "\r\n"), 1},
		"json, flags":    {header + "ADD --chmod=644 [\"https://api.github.com/a\", \"/tmp/b.json\"]\nRUN x\n", 1},
		"several":        {header + "ADD https://api.github.com/a https://api.github.com/b /tmp/\nRUN x\n", 1},
		"with others":    {header + "ADD https://api.github.com/a https://example.com/b /tmp/\nRUN x\n", 2},
		"other hosts":    {header + "ADD https://github.com/a/b/archive/main.zip /tmp/\nADD https://api.github.com.example.com/a /tmp/\nRUN x\n", 3},
		"no instruction": {header + "RUN <<EOT\nADD https://api.github.com/a /tmp/\nEOT\n# ADD https://api.github.com/a /tmp\nRUN x\n", 2},
	} {
		files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(tc.dockerfile)}}
		stages := compileWith(t, plan.Build{NoGitHubAPI: true}, nil, files, step("a", nil))
		got := tree(t, stages).String()
		assert.Equal(t, tc.steps, strings.Count(got, added), "%s:\n%s", name, got)

		def, err := stages[0].State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
		require.NoError(t, err)
		run := int32(0)
		for _, places := range def.Source.Locations {
			for _, l := range places.Locations {
				run = max(run, l.Ranges[0].Start.Line)
			}
		}
		last := strings.Count(tc.dockerfile[:strings.LastIndex(tc.dockerfile, "RUN x")], "\n") + 1
		assert.Equal(t, int32(last), run, "%s: the place of the last step", name)
	}
}
