//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// baking is one call of docker buildx bake.
type baking struct {
	dir    string
	daemon *harness.Daemon
	// env holds variables of the bake file, "NAME=value".
	env  []string
	args []string
}

// try runs docker buildx bake. Nobody is there to answer a prompt.
func (b baking) try(t *testing.T) *built {
	t.Helper()
	result := shared.BuildxCommand(t.Context(), harness.BuildxRun{
		Daemon: b.daemon, Dir: b.dir, Env: b.env, Args: append([]string{"bake"}, b.args...),
	})
	return &built{Result: result, steps: progress.Parse(result.Stderr)}
}

// bake is a try that must succeed.
func (b baking) bake(t *testing.T) *built {
	t.Helper()
	done := b.try(t)
	require.NoError(t, done.Err())
	return done
}

// fail is a try that must not succeed.
func (b baking) fail(t *testing.T) *built {
	t.Helper()
	done := b.try(t)
	require.Positive(t, done.ExitCode, "bake should fail, but its exit code is %d:\n%s", done.ExitCode, done.Stderr)
	return done
}

// with gives a further call of the same kind.
func (b baking) with(args ...string) baking {
	b.args = append(slices.Clone(b.args), args...)
	return b
}

// examples bakes examples/docker-bake.hcl as it is, but for what this machine lacks: the public frontend and base image,
// and a Jetson.
func examples(t *testing.T, env ...string) baking {
	t.Helper()
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	b := baking{dir: filepath.Join("..", "examples"), env: append([]string{
		"REGISTRY=" + shared.Ref("robots"), "PLATFORM=linux/" + runtime.GOARCH, "COMPRESSION=uncompressed",
	}, env...)}
	python, err := shared.BasePython()
	require.NoError(t, err)
	b = b.with("--set", "*-jp*.args.BUILDKIT_SYNTAX="+frontend, "--set", "*-jp*.args.BASE_IMAGE="+base(t), "--set", "*-jp*.args.PYTHON_VERSION="+python)
	if runtime.GOARCH == "amd64" {
		b = b.with("--set", "*-jp*.args.CUDA_ARCH=x86_64")
	}
	return b
}

// executedOfAny names the executed steps without bake's target: "[stack-jp6-2 numpy 1/1] RUN …" is "[numpy 1/1] RUN …".
// Two targets that have a step in common run it once, under the name of either.
func (b *built) executedOfAny() []string {
	target := regexp.MustCompile(`^\[\S+-jp\d-\d(?:-gpu)? `)
	var names []string
	for _, name := range b.executed() {
		names = append(names, target.ReplaceAllString(name, "["))
	}
	return names
}

func TestBakePrint(t *testing.T) {
	t.Parallel()
	b := baking{dir: filepath.Join("..", "examples")}
	printed := func(b baking) map[string]json.RawMessage {
		t.Helper()
		var plan struct{ Target map[string]json.RawMessage }
		out := b.bake(t).Stdout
		require.NoError(t, json.Unmarshal([]byte(out), &plan), out)
		return plan.Target
	}
	names := func(targets map[string]json.RawMessage) []string {
		var names []string
		for name := range targets {
			names = append(names, name)
		}
		return names
	}
	assert.ElementsMatch(t, []string{
		"stack-jp6-2", "stack-jp7-0", "robot-arm-jp6-2", "robot-arm-jp7-0", "gpu-check-jp6-2", "gpu-check-jp7-0",
	}, names(printed(b.with("--print"))), "targets")

	b.env = []string{"JETPACKS=7.0", "BRANCH=feature", "CACHE_WRITE=true", "NETWORK=host", "EPOCH=monday"}
	targets := printed(b.with("--print", "gpu-test"))
	assert.ElementsMatch(t, []string{"stack-jp7-0", "robot-arm-jp7-0-gpu", "gpu-check-jp7-0-gpu"}, names(targets), "targets")
	want, err := os.ReadFile(filepath.Join("testdata", "bake-robot-arm-jp7-0-gpu.json"))
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(want)), indented(t, targets["robot-arm-jp7-0-gpu"]), "robot-arm-jp7-0-gpu")

	b.env = []string{"BRANCH=feature/x"}
	assertContains(t, b.with("--print").fail(t).Stderr, "BRANCH becomes part of a tag")
}

func indented(t *testing.T, dt json.RawMessage) string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(dt, &value))
	return mustJSON(t, value)
}

// As in docs/ci.md: one builder compiles and writes the cache, another has the GPU, runs what is left and pushes.
func TestBakeExamples(t *testing.T) {
	t.Parallel()
	gpuBuilder := startDaemon(t, "bakegpu", harness.DaemonOptions{})
	b := examples(t, "CACHE_WRITE=true", "TAG=test")

	compiled := b.bake(t)
	ran := compiled.executedOfAny()
	for _, step := range []string{"[numpy 1/1] RUN", "[test numpy] test.py", "[test cmake:apt on image] test.sh"} {
		// Another test may have left it in the builder's cache.
		n := count(ran, step)
		if assert.LessOrEqual(t, n, 1, "%s ran %d times in one call for two releases and two applications:\n%s", step, n, strings.Join(ran, "\n")) {
			assert.True(t, compiled.has(step), "%s ran %d times in one call for two releases and two applications:\n%s", step, n, strings.Join(ran, "\n"))
		}
	}
	for _, step := range []string{"[arm-kinematics build 3/3] RUN", "[test arm-kinematics] test.py", "[gpu-check 1/1] COPY"} {
		assert.NotEqual(t, 0, count(ran, step), "%s did not run:\n%s", step, strings.Join(ran, "\n"))
	}
	assert.False(t, compiled.has("[test gpu-check]"), "a GPU test ran without a GPU")

	b.daemon = gpuBuilder
	b.with().bake(t).assertExecuted(t) // all of it comes from the cache

	driver := fakeDriver(t, b)
	assertContains(t, b.with("gpu-test").fail(t).Stderr,
		" - Access to CDI devices", `Pass "--allow=device" to grant requested privileges`, "ERROR: additional privileges requested")
	host := b
	host.env = append(slices.Clone(b.env), "NETWORK=host")
	assertContains(t, host.with("gpu-test", "--allow", "device").fail(t).Stderr, `Pass "--allow=network.host" to grant requested privileges`)
	assertContains(t, b.with("gpu-test", "--allow", "device").fail(t).Stderr,
		"the builder has no device nvidia.com/gpu=all", "test.sh of gpu-check")
	mount := fmt.Sprintf("mounts: [{hostPath: %s, containerPath: /usr/lib/libcuda.so.1, options: [ro, nosuid, nodev, bind]}]", driver)
	require.NoError(t, writeSpec(gpuBuilder, mount))
	tested := b.with("gpu-test", "--allow", "device", "--push").bake(t)
	// The test of each release is a test of its own: it ran on that release's driver.
	assert.ElementsMatch(t, []string{"[test gpu-check] test.sh", "[test gpu-check] test.sh"}, tested.executedOfAny(), "executed steps")
	assertContains(t, tested.Stderr, "GPU 0: compute capability 8.7")

	tested.image = shared.Ref("robots/robot-arm:jp6-2-test")
	config := tested.config(t)
	assert.Equal(t, "arm-kinematics", strings.Join(config.Config.Entrypoint, " "), "entrypoint")
	assertContains(t, strings.Join(config.Config.Env, " "), "LANG=C.UTF-8", "PYTHONUNBUFFERED=1") // the stack's
	assert.Equal(t, "robot-arm", config.Config.Labels["org.opencontainers.image.title"], "title")
	assert.Equal(t, "arm-kinematics from context:arm-kinematics", origins(tested.manifest(t)), "packages")
	tested.image = shared.Ref("robots/gpu-check:jp7-0-test")
	assert.Equal(t, "2", tested.config(t).Config.Labels["io.jetkit.tests.passed"], "passed tests") // on its stage and on the image: one run

	// Passed tests come from the cache too, even where there is no GPU.
	b.daemon = nil
	b.with("gpu-test", "--allow", "device").bake(t).assertExecuted(t)
}

// has reports whether the build had a step of that name in any target, executed or not.
func (b *built) has(step string) bool {
	name := strings.TrimPrefix(step, "[")
	return slices.ContainsFunc(b.steps, func(s *progress.Step) bool { return strings.Contains(s.Name, " "+name) })
}

func count(names []string, prefix string) int {
	n := 0
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

// fakeDriver compiles a CUDA driver with one GPU, by a plain Dockerfile that builds on the stack.
func fakeDriver(t *testing.T, b baking) string {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, "", files{"driver.hcl": fmt.Sprintf(`target "driver" {
  contexts          = { stack = "target:stack-jp6-2" }
  output            = ["type=local,dest=%s"]
  dockerfile-inline = <<EOT
FROM stack AS build
COPY <<EOC /cuda.c
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? 8 : 7; return 0; }
EOC
RUN gcc -shared -fPIC -o /libcuda.so.1 /cuda.c
FROM scratch
COPY --from=build /libcuda.so.1 /
EOT
}
`, dir)})
	b = b.with("-f", "docker-bake.hcl", "-f", filepath.Join(dir, "driver.hcl"), "driver")
	b.with("--allow", "fs.write="+dir).bake(t)
	return filepath.Join(dir, "libcuda.so.1")
}
