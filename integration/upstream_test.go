//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestUpstreamTree plans a package of jetson-containers' whole tree through
// buildx: all of its config.py files run in one step of the builder's. Set
// JETKIT_TREE to a checkout to run it.
func TestUpstreamTree(t *testing.T) {
	root := os.Getenv("JETKIT_TREE")
	if root == "" {
		t.Skip("a build over jetson-containers' whole tree, which is no part of the repository. Set JETKIT_TREE to a checkout")
	}
	ctx := t.Context()
	frontend, err := shared.FrontendImage(ctx)
	require.NoError(t, err)
	dir := t.TempDir()
	writeFiles(t, dir, "", files{
		"jetson.yaml": "# syntax=" + frontend + "\ntarget: {l4t: 36.4.3, arch: tegra}\npackages: [pytorch:2.7, torchvision]\nsources: [{context: jc}]\n",
	})
	args := []string{
		"-f", "jetson.yaml", "--platform", "linux/arm64", "--call", "jetson.plan", "--build-context", "jc=" + filepath.Join(root, "packages"),
		"--build-arg", "PYTHON_IMAGE=" + pythonImage(t), ".",
	}
	first := shared.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: args})
	require.NoError(t, first.Err())
	again := shared.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: args})
	require.NoError(t, again.Err(), "the second plan differs")
	require.Equal(t, first.Stdout, again.Stdout, "the second plan differs")
	for _, want := range []string{"pytorch:2.7", "torchvision:0.22.0", "cuda:12.6", "TORCH_CUDA_ARCH_LIST"} {
		assert.Contains(t, first.Stdout, want, "the plan")
	}
	t.Logf("first plan %v, second %v", first.Duration, again.Duration)
}
