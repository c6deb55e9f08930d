//go:build integration

package integration

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// tunedTree has a package that is built with the Jetson's driver, in steps that change files of all sorts, and one
// after it that is not.
func tunedTree() files {
	return files{
		"jetson.yaml":               "packages: [base, tuned, app]\n",
		"packages/base/Dockerfile":  dockerfile("name: base", "RUN mkdir /opt/built && echo @ID@ > /opt/built/old\n"),
		"packages/tuned/Dockerfile": dockerfile("name: tuned\ndepends: base\nbuildkit_device: true\ntest: test.sh", tunedBody),
		"packages/tuned/test.sh":    script("cat /opt/built/tuned; test ! -e /opt/built/old; ldconfig -p | grep /opt/tuned/"),
		"packages/app/Dockerfile":   dockerfile("name: app\ndepends: tuned", "USER 1000:1000\nRUN cat /opt/built/tuned > /tmp/app\n"),
	}
}

// The library is one of the system's under another name, in a folder that only a drop-in of the linker's names.
const tunedBody = `RUN LD_PRELOAD=libcuda.so.1 /bin/true > /opt/built/tuned && rm /opt/built/old && echo written > /dev/nvmap
RUN mkdir -p /opt/tuned && cp "$(ldconfig -p | awk '/libz[.]so|libm[.]so/ {print $NF; exit}')" /opt/tuned/libtuned.so && \
    echo /opt/tuned > /etc/ld.so.conf.d/tuned.conf && ldconfig
`

// assertBuiltWithJetson checks that the image has what was built with the driver, and nothing of the driver's.
func assertBuiltWithJetson(t *testing.T, b *built) {
	t.Helper()
	assertContains(t, b.file(t, "/opt/built/tuned"), "loaded the host's libcuda.so.1")
	added := b.added(t)
	for _, name := range added {
		if assert.False(t, fromJetson(name), "the image") {
			assert.NotContains(t, name, "aux-cache", "the image")
			assert.NotContains(t, name, "jetkit-step", "the image")
		}
	}
	for _, want := range []string{"opt/built/.wh.old", "etc/ld.so.conf.d/tuned.conf", "opt/tuned/libtuned.so"} {
		assert.Contains(t, added, want, "the image")
	}
}

// TestJetsonAtBuildTime builds with the driver of a Jetson, brought by NVIDIA's own hooks, and looks for what these
// leave behind. Two builders must come to the same image: some of it is never the same twice.
func TestJetsonAtBuildTime(t *testing.T) {
	t.Parallel()
	p := newProject(t, tunedTree())
	var digests []string
	for i, tag := range []string{"first", "second"} {
		b := p.build(t, on(jetsonDaemon(t, i)), with("--allow", "device"), pushTimeless(tag))
		assertBuiltWithJetson(t, b)
		digests = append(digests, b.digest(t))
	}
	assert.Equal(t, digests[0], digests[1], "digest on the second builder")
}

func TestJetsonAtBuildTimeByRuntime(t *testing.T) {
	t.Parallel()
	b := newProject(t, tunedTree()).build(t, on(runtimeDaemon(t, "csv")), push(), arg("BUILD_GPU=runtime"))
	assertBuiltWithJetson(t, b)
}

// TestPCAtBuildTime holds that what NVIDIA's hook for PCs writes about the GPUs of a step does not get into the image.
func TestPCAtBuildTime(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "pc", harness.DaemonOptions{})
	hook, err := filepath.Abs("../.cache/bin/nvidia-cdi-hook")
	require.NoError(t, err)
	require.NoError(t, writeSpec(daemon, `deviceNodes: [{path: /dev/nvidia0, type: c, major: 195, minor: 0}]
      hooks: [{hookName: createContainer, path: `+hook+`, args: [nvidia-cdi-hook, update-application-profile]}]`))
	p := newProject(t, files{
		"jetson.yaml":              "packages: [made]\n",
		"packages/made/Dockerfile": dockerfile("name: made\nbuildkit_device: true", "RUN grep EGLVisibleDGPUDevices /etc/nvidia/*/10-container.conf > /one\nRUN cp /one /two\n"),
	})
	b := p.build(t, on(daemon), with("--allow", "device"), push())
	assertContains(t, b.file(t, "/two"), "EGLVisibleDGPUDevices")
	for _, name := range b.added(t) {
		assert.NotContains(t, name, "nvidia", "the image")
	}
}
