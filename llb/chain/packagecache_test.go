package chain_test

import (
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

func withCaches(caches ...plan.PackageCache) plan.Build { return plan.Build{Caches: caches} }

const noPipCache = "ENV PIP_NO_CACHE_DIR=1\n"

func TestGoldenTreeOfPackageCaches(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + noPipCache + "RUN pip install torch\n")}}
	build := withCaches(plan.CacheApt, plan.CachePip)
	build.Ccache = cached.Ccache
	llbtest.Golden(t, "packagecaches.txt", tree(t, compileWith(t, build, nil, files, step("a", nil))).String())
}

// Steps with a cache, and those without, which would make other files with it or could not write to it.
func TestWhichStepsHavePackageCaches(t *testing.T) {
	const (
		pip = "mount /.jetkit-pip bind discarded"
		apt = "mount /.jetkit-apt cache"
		run = `exec "/.jetkit-apt-step/run" "/bin/sh" "-c" "x"`
	)
	for name, tc := range map[string]struct {
		dockerfile string
		want       map[string]int
	}{
		"shell":               {header + noPipCache + "RUN x\n", map[string]int{pip: 1, apt: 1, run: 1, "PIP_CACHE_DIR=/.jetkit-pip": 1, "PIP_NO_CACHE_DIR": 0}},
		"exec form":           {header + noPipCache + "RUN [\"x\"]\n", map[string]int{pip: 1, apt: 0, `exec "x"`: 1}},
		"another shell":       {header + noPipCache + "SHELL [\"python3\", \"-c\"]\nRUN x\n", map[string]int{pip: 1, apt: 0, `exec "python3" "-c" "x"`: 1}},
		"pip keeps its files": {header + "RUN x\n", map[string]int{pip: 0, apt: 1}},
		"no value":            {header + "ENV PIP_NO_CACHE_DIR=\nRUN x\n", map[string]int{pip: 0}},
		"an argument":         {header + "ARG PIP_NO_CACHE_DIR=off\nRUN x\n", map[string]int{pip: 1, "PIP_NO_CACHE_DIR": 0}},
		"own folder":          {header + noPipCache + "ENV PIP_CACHE_DIR=/c\nRUN x\n", map[string]int{pip: 1, "PIP_CACHE_DIR=": 1, "PIP_CACHE_DIR=/c": 0}},
		"own configuration":   {header + noPipCache + "ENV APT_CONFIG=/a\nRUN x\n", map[string]int{pip: 1, apt: 0, "APT_CONFIG=/a": 1}},
		"another user":        {header + noPipCache + "USER robot\nRUN x\n", map[string]int{pip: 0, apt: 0, "PIP_NO_CACHE_DIR=1": 1}},
		"a mount there":       {header + noPipCache + "RUN --mount=type=cache,target=/.jetkit-pip --mount=type=tmpfs,target=/.jetkit-apt x\n", map[string]int{pip: 0, apt: 0, run: 0, "PIP_NO_CACHE_DIR=1": 1}},
		"a mount beside it":   {header + "RUN --mount=type=tmpfs,target=/.jetkit-apt-step x\n", map[string]int{apt: 0, run: 0}},
		"other mounts":        {header + noPipCache + "RUN --mount=type=cache,target=/root/.cache/pip x\n", map[string]int{pip: 1, apt: 1, "mount /root/.cache/pip cache": 1}},
		"other image":         {"ARG BASE_IMAGE\nFROM debian AS d\nRUN x\nFROM ${BASE_IMAGE}\nRUN x\nCOPY --from=d /a /a\n", map[string]int{apt: 2, run: 2, "load the cache of apt": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(tc.dockerfile)}}
			got := tree(t, compileWith(t, withCaches(plan.CacheApt, plan.CachePip), nil, files, step("a", nil))).String()
			for text, want := range tc.want {
				assert.Equal(t, want, strings.Count(got, text), "%q in\n%s", text, got)
			}
		})
	}
}

// One cache alone comes without what others need; and none is as ever.
func TestOnePackageCache(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + noPipCache + "RUN x\n")}}
	pip := compileWith(t, withCaches(plan.CachePip), nil, files, step("a", nil))
	assert.NotContains(t, tree(t, pip).String(), "apt")
	apt := compileWith(t, withCaches(plan.CacheApt), nil, files, step("a", nil))
	assert.NotContains(t, tree(t, apt).String(), ".jetkit-pip")
	none := compileWith(t, plan.Build{}, nil, files, step("a", nil))
	assert.NotContains(t, tree(t, none).String(), "jetkit-")
	assert.Equal(t, none[0].Image, pip[0].Image)
	assert.Equal(t, none[0].Image, apt[0].Image)
}

// Targets have caches of their own, and so have namespaces.
func TestNamesOfPackageCaches(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + noPipCache + "RUN x\n")}}
	compile := func(opts map[string]string, target plan.Target) string {
		stages, err := stagesOf(chain.Compile(t.Context(), chain.Options{
			Plan: &plan.Plan{Steps: []plan.Step{step("a", nil)}, Build: withCaches(plan.CacheApt, plan.CachePip), Target: target},
			Base: chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()}, Platform: llbtest.Platform, Sources: llbtest.Sources(files), Client: &llbtest.Client{Opts: opts},
		}))
		require.NoError(t, err)
		return tree(t, stages).String()
	}
	value := func(s string) plan.Value { return plan.Value{Value: s} }
	orin := plan.Target{Arch: value("tegra-aarch64"), L4T: value("36.4.3"), CUDA: value("12.6"), Python: value("3.10"), Ubuntu: value("22.04")}
	got := compile(nil, orin)
	for _, id := range []string{"apt", "pip"} {
		assert.Contains(t, got, " id jetkit-"+id+"-tegra-aarch64-l4t36.4.3-cuda12.6-python3.10-ubuntu22.04")
	}
	assert.Contains(t, got, "ubuntu22.04-http shared")
	assert.Contains(t, got, "ubuntu22.04-http-v2 shared")
	assert.Contains(t, got, "ubuntu22.04 private")
	assert.Contains(t, compile(map[string]string{"build-arg:BUILDKIT_CACHE_MOUNT_NS": "mine"}, orin), " id mine/jetkit-apt-tegra-aarch64-l4t36")
	assert.Contains(t, compile(nil, plan.Target{}), " id jetkit-apt-"+llbtest.Platform.Architecture+" private")
}

// What runs a step with caches is no part of its command.
func TestPlainCommandsOfCaches(t *testing.T) {
	args := []string{"/.jetkit-step", "/.jetkit-apt-step/run", "/bin/sh", "-c", "x"}
	assert.Equal(t, args[2:], chain.PlainArgs(args))
	assert.Equal(t, `process "/bin/sh -c x" did`, chain.PlainText(`process "`+strings.Join(args, " ")+`" did`))
	assert.Empty(t, chain.PlainArgs(args[:2]))
}
