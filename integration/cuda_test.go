//go:build integration

package integration

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// cudaCheck asks the driver for a device and has it compute something.
//
//go:embed testdata/cuda.py
var cudaCheck string

// TestOnThisGPU needs a GPU: a Jetson's or a PC's. It builds a package whose test uses the CUDA driver that CDI brings.
//
//	JETKIT_GPU=nvidia.com/gpu=all go test -tags integration -run TestOnThisGPU ./integration/
//
// JETKIT_GPU names the CDI device. JETKIT_GPU_SPEC names its specification; without it those of /etc/cdi and /var/run/cdi
// are used.
func TestOnThisGPU(t *testing.T) {
	t.Parallel()
	device := os.Getenv("JETKIT_GPU")
	if device == "" {
		t.Skip("CUDA on a real GPU. On a machine that has one set JETKIT_GPU, for example to nvidia.com/gpu=all")
	}
	daemon := startDaemon(t, "cuda", harness.DaemonOptions{})
	copySpecs(t, daemon.CDISpecDir)
	p := newProject(t, files{
		"jetson.yaml":                "packages: [kernel]\n",
		"packages/cuda/Dockerfile":   dockerfile("name: cuda", "RUN apt-get update && apt-get install -y --no-install-recommends python3\n"),
		"packages/kernel/Dockerfile": dockerfile("name: kernel\ndepends: cuda\ntest: test.py", "RUN echo @ID@ > /kernel\n"),
		"packages/kernel/test.py":    cudaCheck,
	})
	b := p.build(t, on(daemon), push(), with("--allow", "device"), arg("TEST_DEVICE="+device))
	for _, step := range []string{"[test kernel] test.py", "[test kernel on image] test.py"} {
		output := b.output(t, step)
		assertContains(t, output, "the kernel computed 1024 right results")
		t.Log(output)
	}
}

// copySpecs gives a daemon this machine's CDI specifications.
func copySpecs(t *testing.T, to string) {
	t.Helper()
	specs := []string{os.Getenv("JETKIT_GPU_SPEC")}
	if specs[0] == "" {
		specs = nil
		for _, pattern := range []string{"/etc/cdi/*.yaml", "/etc/cdi/*.json", "/var/run/cdi/*.yaml", "/var/run/cdi/*.json"} {
			found, err := filepath.Glob(pattern)
			require.NoError(t, err)
			specs = append(specs, found...)
		}
	}
	require.NotEmpty(t, specs, "this machine has no CDI specification: run nvidia-ctk cdi generate, or set JETKIT_GPU_SPEC")
	for _, spec := range specs {
		content, err := os.ReadFile(spec)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, filepath.Base(spec)), content, 0o644))
	}
}
