//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/llb/teststep"
)

// gpuTree has a package that needs a GPU, because it depends on cuda, and one that does not.
func gpuTree() files {
	return files{
		"jetson.yaml":               "packages: [infer, plain, end]\n",
		"packages/cuda/Dockerfile":  dockerfile("name: cuda", "RUN echo @ID@ ${NVIDIA_VISIBLE_DEVICES-none} > /cuda\n"),
		"packages/infer/Dockerfile": dockerfile("name: infer\ndepends: cuda\ntest: test.sh", "COPY Dockerfile /infer\n"),
		"packages/infer/test.sh": script(`
echo "devices: ${NVIDIA_VISIBLE_DEVICES-none}, capabilities: ${NVIDIA_DRIVER_CAPABILITIES-none}, l4t: $JETKIT_L4T"
echo "cdi: ${FAKE_GPU-none}, driver: $(cat /usr/lib/fake-gpu/libcuda.so 2>/dev/null || echo none)"
test ! -e /dev/fake-gpu || echo written > /dev/fake-gpu`),
		"packages/plain/Dockerfile": dockerfile("name: plain\ntest: test.sh", "COPY Dockerfile /plain\n"),
		"packages/plain/test.sh":    script("env; test -z \"${FAKE_GPU-}${NVIDIA_VISIBLE_DEVICES-}${JETKIT_L4T-}\"; test ! -e /usr/lib/fake-gpu"),
		"packages/end/Dockerfile":   dockerfile("name: end", "COPY Dockerfile /end\n"),
	}
}

func TestGPUByCDI(t *testing.T) {
	t.Parallel()
	daemon := gpuDaemon(t)
	p := newProject(t, gpuTree())
	t.Run("not allowed", func(t *testing.T) {
		b := p.fail(t, on(daemon))
		assertContains(t, b.Stderr, "nvidia.com/gpu=all", "add --allow device to the command", "--build-arg TEST_GPU=skip")
		b.assertExecuted(t)
	})
	t.Run("another device", func(t *testing.T) {
		b := p.fail(t, on(daemon), with("--allow", "device"), arg("TEST_DEVICE=nvidia.com/gpu=7"))
		assertContains(t, b.Stderr, "the builder has no device nvidia.com/gpu=7", "docker buildx inspect", "TEST_GPU=skip")
	})
	t.Run("allowed", func(t *testing.T) {
		b := p.build(t, on(daemon), push(), with("--allow", "device"))
		for _, step := range []string{"[test infer] test.sh", "[test infer on image] test.sh"} {
			assertContains(t, b.output(t, step), "cdi: orin, driver: 540.4.0", "l4t: 36.4.3", "devices: none")
		}
		files := b.added(t)
		assert.False(t, slices.ContainsFunc(files, func(name string) bool { return strings.Contains(name, "fake-gpu") }), "the device's mounts left traces in the image: %q", files)
		config := b.config(t)
		assert.Empty(t, strings.Join(config.Config.Env[1:], " "), "environment")
		assert.Equal(t, "4", config.Config.Labels["io.jetkit.tests.passed"], "passed")
	})
}

func TestGPUWithoutDevice(t *testing.T) {
	t.Parallel()
	p := newProject(t, gpuTree())
	b := p.fail(t, with("--allow", "device"))
	assertContains(t, b.Stderr, "the builder has no device nvidia.com/gpu=all",
		"sudo nvidia-ctk cdi generate --mode=csv --output=/etc/cdi/nvidia.yaml", "--build-arg TEST_GPU=skip")

	b = p.build(t, push(), arg("TEST_GPU=skip"))
	assert.ElementsMatch(t, []string{"[test plain] test.sh", "[test plain on image] test.sh"}, b.tests(), "tests")
	skipped := 0
	for _, r := range b.manifest(t).Tests {
		if r.Result == teststep.Skipped {
			skipped++
			assert.Equal(t, "infer: it needs a GPU, and tests.gpu is skip", r.Package+": "+r.Reason, "skipped test")
		}
	}
	assert.Equal(t, 1, skipped, "skipped tests")
}

func TestGPUByRuntime(t *testing.T) {
	t.Parallel()
	tree := gpuTree()
	tree["jetson.yaml"] += "tests: {gpu: runtime}\n"
	p := newProject(t, tree)
	b := p.build(t, push()) // no --allow: nothing asks BuildKit for a device
	assertContains(t, b.output(t, "[test infer] test.sh"), "devices: all, capabilities: all, l4t: 36.4.3")
	assert.Equal(t, p.id+" none\n", b.file(t, "/cuda"), "/cuda")
	config := b.config(t)
	assert.Empty(t, strings.Join(config.Config.Env[1:], " "), "environment")
}

func TestGPUOnBuilderWithoutCDI(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "nocdi", harness.DaemonOptions{DisableCDI: true})
	p := newProject(t, gpuTree())
	b := p.fail(t, on(daemon), with("--allow", "device"))
	assertContains(t, b.Stderr, "the builder's configuration turns CDI devices off", "buildkitd.toml", "--build-arg TEST_GPU=skip")
}

// TestCUDAExample compiles examples/cuda with what looks like a toolkit: its compiler makes a script, and its test would need
// a GPU.
func TestCUDAExample(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"toolkit/bin/nvcc": script(`case "$*" in *--version*) echo "Cuda compilation tools, release 13.0, V13.0.88"; exit ;; esac
test -e "$LIBRARY_PATH/libcudart_static.a" && test -e "$CUDA_HOME/include/cuda_runtime.h" && test -e "$CUDA_HOME/nvvm/bin/cicc"
echo "asked for $*"
while [ "$1" != -o ]; do shift; done
echo made > "$2"`),
		"toolkit/nvvm/bin/cicc":                                "",
		"toolkit/targets/any-linux/lib/libcudart_static.a":     "",
		"toolkit/targets/any-linux/lib/libcudadevrt.a":         "",
		"toolkit/targets/any-linux/include/cuda_runtime.h":     "",
		"toolkit/targets/any-linux/lib/libof_another_thing.so": "",
	})
	require.NoError(t, os.Symlink("targets/any-linux/include", filepath.Join(p.dir, "toolkit/include")))
	require.NoError(t, os.Chmod(filepath.Join(p.dir, "toolkit/bin/nvcc"), 0o755))
	toolkit := filepath.Join(p.dir, "toolkit")
	p.dir = "../examples/cuda"
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	options := []buildOption{
		arg("BUILDKIT_SYNTAX=" + frontend), with("--build-context", "toolkit="+toolkit), arg("JETPACK_VERSION=7.0"), arg("CUDA_ARCH=x86_64"),
		arg("SKIP_PACKAGES=build-essential"), arg("TEST_GPU=skip"),
	}
	b := p.build(t, append(options, push())...)
	assertContains(t, b.output(t, "[test cuda] test.sh"), "nvcc 13.0")
	assertContains(t, b.output(t, "[vector-add 2/2] RUN"), "asked for --threads 0 -gencode=arch=compute_80,code=sm_80 ")
	assert.Equal(t, "made\n", b.file(t, "/usr/local/bin/vector-add"))
	b.assertAbsent(t, "/usr/local/cuda/lib64/libof_another_thing.so")

	b = p.fail(t, append(options, arg("CUDA_VERSION=13.1"))...)
	assertContains(t, b.Stderr, `the target has CUDA 13.1, the toolkit is 13.0: write cuda: "13.0" under target`)
}
