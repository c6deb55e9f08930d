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
)

// kernelsTree has a package whose RUN steps have a GPU, between two that have none.
func kernelsTree() files {
	return files{
		"jetson.yaml":                 "packages: [tools, kernels, app]\n",
		"packages/tools/Dockerfile":   dockerfile("name: tools", "RUN mkdir /tools && echo @ID@ > /tools/old && echo keep > /tools/kept\n"),
		"packages/kernels/Dockerfile": dockerfile("name: kernels\ndepends: tools\nbuildkit_device: true\ntest: test.sh", kernelsBody),
		"packages/kernels/data":       "@ID@\n",
		"packages/kernels/test.sh": script(`cat /kernels
if test -e /tools/old; then echo "/tools/old is there"; exit 1; fi
test -z "${FAKE_GPU-}${NVIDIA_VISIBLE_DEVICES-}"
if test -e /app && test -e /usr/lib/fake-gpu; then ls -lR /usr/lib/fake-gpu; exit 2; fi`),
		"packages/app/Dockerfile": dockerfile("name: app\ndepends: kernels", "RUN test -z \"${FAKE_GPU-}${NVIDIA_VISIBLE_DEVICES-}\" && cp /kernels /app\n"),
	}
}

const kernelsBody = `ENV TUNED=yes
RUN echo "gpu ${FAKE_GPU-none} ${NVIDIA_VISIBLE_DEVICES-none}, driver $(cat /usr/lib/fake-gpu/libcuda.so)" > /kernels && rm /tools/old
COPY data /kernel-data
RUN echo "${FAKE_GPU-none} again" >> /kernels && chown 1000:1000 /kernels
`

// assertKernels checks the image of a kernelsTree.
func assertKernels(t *testing.T, b *built) {
	t.Helper()
	const want = "gpu orin none, driver 540.4.0\norin again\n"
	assert.Equal(t, want, b.file(t, "/kernels"), "/kernels")
	assert.Equal(t, want, b.file(t, "/app"), "/app")
	assert.Equal(t, "keep\n", b.file(t, "/tools/kept"), "/tools/kept")
	added := b.added(t)
	assert.False(t, slices.ContainsFunc(added, func(name string) bool { return strings.Contains(name, "fake-gpu") }), "the device's mounts left traces in the layers: %q", added)
	assert.True(t, slices.ContainsFunc(added, func(name string) bool { return strings.HasSuffix(name, "tools/.wh.old") }), "the file that a RUN step removed is still there: %q", added)
	env := b.config(t).Config.Env
	assert.Contains(t, env, "TUNED=yes", "environment of the image")
	assert.False(t, slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "FAKE_GPU") }), "environment of the image")
}

func TestGPUAtBuildTime(t *testing.T) {
	t.Parallel()
	daemon := gpuDaemon(t)
	p := newProject(t, kernelsTree())
	cache := shared.Ref(p.id + ":cache")
	t.Run("not allowed", func(t *testing.T) {
		b := p.fail(t, on(daemon))
		assertContains(t, b.Stderr, "add --allow device to the command", "--build-arg BUILD_GPU=skip", "the RUN steps of kernels (packages/kernels/Dockerfile:2")
		assert.NotContains(t, b.Stderr, "TEST_GPU", "no test needs the device, but the message speaks of TEST_GPU")
	})
	t.Run("allowed", func(t *testing.T) {
		b := p.build(t, on(daemon), push(), with("--allow", "device"), cacheTo(cache))
		assertKernels(t, b)
		assertContains(t, b.Stderr, "[kernels 2/3] COPY data /kernel-data")
	})
	t.Run("again", func(t *testing.T) {
		p.build(t, on(daemon), with("--allow", "device")).assertExecuted(t)
	})
	t.Run("on a builder without the device, from the cache", func(t *testing.T) {
		b := p.build(t, push(), with("--allow", "device"), cacheFrom(cache))
		b.assertExecuted(t)
		assertKernels(t, b)
	})
	t.Run("on a builder without the device", func(t *testing.T) {
		p.write(t, files{"packages/kernels/data": "new\n"})
		b := p.fail(t, with("--allow", "device", "--no-cache"))
		assertContains(t, b.Stderr, "the builder has no device nvidia.com/gpu=all", "BUILD_DEVICE", "the RUN steps of kernels")
	})
	t.Run("without it", func(t *testing.T) {
		tree := kernelsTree()["packages/kernels/Dockerfile"]
		p.write(t, files{"packages/kernels/Dockerfile": strings.ReplaceAll(tree, "$(cat /usr/lib/fake-gpu/libcuda.so)", "none")})
		b := p.build(t, push(), arg("BUILD_GPU=skip"))
		assertContains(t, b.file(t, "/kernels"), "gpu none ", "none again")
	})
}

// A Dockerfile can ask for a device itself; then only that step has it.
func TestRunDevice(t *testing.T) {
	t.Parallel()
	tree := kernelsTree()
	body := strings.Replace(kernelsBody, "RUN echo \"gpu", "RUN --device=nvidia.com/gpu=all,required echo \"gpu", 1)
	body = strings.Replace(body, `"${FAKE_GPU-none} again"`, `"${FAKE_GPU-orin} again"`, 1) // not set in this step
	tree["packages/kernels/Dockerfile"] = dockerfile("name: kernels\ndepends: tools\ntest: test.sh", body)
	p := newProject(t, tree)
	assertContains(t, p.build(t, with("--call", "outline")).Stdout, "needs --allow device for the Dockerfile of kernels")
	assertKernels(t, p.build(t, on(gpuDaemon(t)), push(), with("--allow", "device")))
}

// With nvidia-container-runtime it is variables that bring the GPU; they stay in
// the steps that are to have one.
func TestGPUAtBuildTimeByRuntime(t *testing.T) {
	t.Parallel()
	tree := kernelsTree()
	tree["jetson.yaml"] += "tests: {gpu: runtime}\n"
	b := newProject(t, tree).build(t, push())
	assertContains(t, b.file(t, "/app"), "gpu none all, driver")
	env := b.config(t).Config.Env
	assert.False(t, slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "NVIDIA_") }), "environment of the image: %q", env)
}

// A failing RUN step reads as its Dockerfile has it, although it is run with a
// cleanup; SHELL and the way a step ends are the Dockerfile's.
func TestRunStepsWithGPUFailAsOthersDo(t *testing.T) {
	t.Parallel()
	tree := kernelsTree()
	tree["packages/kernels/Dockerfile"] = dockerfile("name: kernels\nbuildkit_device: true",
		"SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN [[ @ID@ && $0 = /bin/bash ]]\nRUN false | exit 0\n")
	b := newProject(t, tree).fail(t, on(gpuDaemon(t)), with("--allow", "device"))
	assertContains(t, b.Stderr, "package kernels failed in step 2/2 (packages/kernels/Dockerfile:9): ",
		`process "/bin/bash -eo pipefail -c false | exit 0" did not complete successfully: exit code: 1`)
}

// The stubs in the cache are those of the driver that a builder had then. Once it
// mounts more files, --no-cache keeps out what these leave too. Steps clean up in
// whatever form their Dockerfile has them.
func TestStubsOfANewDriver(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "driver", harness.DaemonOptions{}) // of its own, as its device becomes another
	require.NoError(t, giveGPU(daemon))
	p := newProject(t, files{
		"jetson.yaml":                 "packages: [kernels]\n",
		"packages/kernels/Dockerfile": dockerfile("name: kernels\nbuildkit_device: true", "RUN [\"touch\", \"/etc/ld.so.conf.d/00-nvcr-@ID@.conf\", \"/made\"]\n"),
	})
	traces := func(b *built) []string {
		return slices.DeleteFunc(b.added(t), func(name string) bool { return !strings.Contains(name, "fake-gpu") && !strings.Contains(name, "nvcr") })
	}
	assert.Empty(t, traces(p.build(t, on(daemon), push(), with("--allow", "device"))), "in the layers")
	spec := filepath.Join(daemon.CDISpecDir, "nvidia.yaml")
	dt, err := os.ReadFile(spec)
	require.NoError(t, err)
	more := strings.Replace(string(dt), "mounts: [", "mounts: [{hostPath: "+spec+", containerPath: /usr/lib/fake-gpu/libnew.so, options: [ro, bind]}, ", 1)
	require.NoError(t, os.WriteFile(spec, []byte(more), 0o644))
	p.write(t, files{"packages/kernels/Dockerfile": dockerfile("name: kernels\nbuildkit_device: true", "RUN test -s /usr/lib/fake-gpu/libnew.so && touch /made\n")})
	b := p.build(t, on(daemon), push(), with("--allow", "device", "--no-cache"))
	assert.Empty(t, traces(b), "of the new driver in the layers")
}

// A package may install the link to the driver's library that NVIDIA's hooks make elsewhere: it is the package's own.
func TestLinkOfAPackage(t *testing.T) {
	t.Parallel()
	const link = "/usr/lib/x86_64-linux-gnu/nvidia/libcuda.so"
	p := newProject(t, files{
		"jetson.yaml":                 "packages: [kernels]\n",
		"packages/kernels/Dockerfile": dockerfile("name: kernels\nbuildkit_device: true", "RUN mkdir -p $(dirname "+link+") && echo @ID@ > "+link+".1 && ln -s libcuda.so.1 "+link+"\nRUN test -h "+link+"\n"),
	})
	b := p.build(t, on(gpuDaemon(t)), push(), with("--allow", "device"))
	require.Contains(t, b.added(t), strings.TrimPrefix(link, "/"))
}

// What cleans up is a script, so that a base without a shell cannot build with a GPU.
func TestGPUAtBuildTimeNeedsAShell(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                 "base: scratch\npackages: [kernels]\n",
		"packages/kernels/Dockerfile": dockerfile("name: kernels\nbuildkit_device: true", "RUN [\"/@ID@\"]\n"),
	})
	b := p.fail(t, on(gpuDaemon(t)), with("--allow", "device"), noBase())
	assertContains(t, b.Stderr, "preparing the first step with a GPU failed: ", "exec /.jetkit-step: no such file", "no such file, of a step: the image that it builds on must have /bin/sh")
}

// Each platform of a build has stubs of its own, and leaves them out of its image.
func TestGPUAtBuildTimeForBothPlatforms(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	tree := kernelsTree()
	tree["jetson.yaml"] = "target: {l4t: 36.4.3}\n" + tree["jetson.yaml"]
	p := newProject(t, tree)
	b := p.build(t, on(gpuDaemon(t)), push(), forPlatforms(t, bothPlatforms), with("--allow", "device"))
	for platform := range both {
		image := b.forPlatform(t, platform)
		assert.Equal(t, "gpu orin none, driver 540.4.0\norin again\n", image.file(t, "/app"), "/app for "+platform)
		for _, name := range addedTo(t, image) {
			assert.NotContains(t, name, "fake-gpu", "the image for %s", platform)
			assert.NotContains(t, name, "jetkit-step", "the image for %s", platform)
		}
	}
}
