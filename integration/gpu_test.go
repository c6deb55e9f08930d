//go:build integration

package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
