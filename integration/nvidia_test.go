//go:build integration

package integration

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// jetsonTree has a package that needs the GPU and one that does not. The first one's test says what it found of a
// Jetson's files; the other one's, and both packages' build steps, fail if they find any.
func jetsonTree() files {
	none := "for f in " + strings.Join(harness.JetsonFiles(), " ") + "; do test ! -e $f; done\n"
	return files{
		"jetson.yaml":               "packages: [infer, plain]\n",
		"packages/cuda/Dockerfile":  dockerfile("name: cuda", "RUN set -e; echo @ID@ > /cuda; "+strings.ReplaceAll(none, "\n", "")+"\n"),
		"packages/infer/Dockerfile": dockerfile("name: infer\ndepends: cuda\ntest: test.sh", "COPY Dockerfile /infer\n"),
		"packages/infer/test.sh": script(`
for f in ` + strings.Join(harness.JetsonFiles(), " ") + `; do
  echo "$f: $(stat --format %F $f 2>/dev/null || echo missing) $(readlink $f || true)"
done
echo written > /dev/nvmap
LD_PRELOAD=libcuda.so.1 /bin/true
ldconfig -p | grep nvidia`),
		"packages/plain/Dockerfile": dockerfile("name: plain\ntest: test.sh", "COPY Dockerfile /plain\n"),
		"packages/plain/test.sh":    script(none + "test -z \"${NVIDIA_VISIBLE_DEVICES-}\""),
	}
}

// assertNothingOfJetson checks that no file that the host's driver brings, or that NVIDIA's hooks make, is in a layer
// of the image.
func assertNothingOfJetson(t *testing.T, b *built) {
	t.Helper()
	added := b.added(t)
	assert.NotEmpty(t, added, "the image has no files of its own")
	for _, name := range added {
		if assert.False(t, fromJetson(name), "the image") {
			assert.NotContains(t, name, "ld.so", "the image")
		}
	}
}

// fromJetson reports whether the driver brings a file of this name, or NVIDIA's hooks make it.
func fromJetson(name string) bool {
	name = path.Join("/", name)
	return strings.Contains(name, "nvcr") || slices.ContainsFunc(harness.JetsonFiles(), func(file string) bool {
		return name == file || strings.HasPrefix(name, file+"/")
	})
}

func TestJetsonByCDI(t *testing.T) {
	t.Parallel()
	daemon := jetsonDaemon(t, 0)
	inspect := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: []string{"inspect", daemon.Builder}})
	require.NoError(t, inspect.Err())
	assertContains(t, inspect.Stdout, "nvidia.com/gpu=all", "nvidia.com/gpu=0")

	p := newProject(t, jetsonTree())
	cache := shared.Ref(p.id + ":cache")
	b := p.build(t, on(daemon), push(), with("--allow", "device"), cacheTo(cache))
	for _, step := range []string{"[test infer] test.sh", "[test infer on image] test.sh"} {
		output := b.output(t, step)
		assertContains(t, output, "loaded the host's libcuda.so.1",
			"/dev/nvmap: character special file", "/dev/nvhost-gpu: character special file",
			harness.DriverDir+"/libcuda.so.1.1: regular file",
			harness.DriverDir+"/libcuda.so.1: symbolic link libcuda.so.1.1",
			"/usr/lib/aarch64-linux-gnu/libcuda.so: symbolic link nvidia/libcuda.so",
			"libnvrm_gpu.so (libc6")
		assert.NotContains(t, output, "missing", "%s has not got all of the host's files", step)
	}
	assertNothingOfJetson(t, b)

	// A builder that has no GPU takes the results over, with the GPU tests' results among them.
	without := secondDaemon(t)
	again := p.build(t, on(without), push(), with("--allow", "device"), cacheFrom(cache))
	again.assertExecuted(t)
	assert.ElementsMatch(t, b.tests(), again.tests(), "tests")
	assertNothingOfJetson(t, again)
	named := p.fail(t, on(without), with("--allow", "device=nvidia.com/gpu=all"), cacheFrom(cache))
	assertContains(t, named.Stderr, `required device "nvidia.com/gpu=all" is not registered`)
}

// TestJetsonByRuntime runs every step by nvidia-container-runtime, which is to see to the steps that ask for it and to
// leave the others as they are.
func TestJetsonByRuntime(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"csv", "cdi", "jit-cdi"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := newProject(t, jetsonTree()).build(t, on(runtimeDaemon(t, mode)), push(), arg("TEST_GPU=runtime"))
			for _, step := range []string{"[test infer] test.sh", "[test infer on image] test.sh"} {
				assertContains(t, b.output(t, step), "loaded the host's libcuda.so.1",
					"/dev/nvmap: character special file", "/dev/nvhost-gpu: character special file",
					harness.DriverDir+"/libcuda.so.1.1: regular file", "libnvrm_gpu.so (libc6")
			}
			assertNothingOfJetson(t, b)
			log, err := os.ReadFile(filepath.Join(runtimeDir(mode), "runtime.log"))
			require.NoError(t, err)
			// The other steps passed through the runtime too: it had nothing to do for them.
			assertContains(t, strings.ToLower(string(log)), "no modification required", "applied required modification")
		})
	}
}
