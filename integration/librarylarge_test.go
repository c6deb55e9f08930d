//go:build integration && library

package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLargeLibraryOnDebian builds those packages of the archive that are large, with what they need.
func TestLargeLibraryOnDebian(t *testing.T) {
	t.Parallel()
	assert.GreaterOrEqual(t, buildLibrary(t, "amd64-large.yaml"), 14)
}

// TestLibraryInCameraExample builds an example on the archive's packages, and lets it count in frames that need no camera.
func TestLibraryInCameraExample(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	p := newProject(t, files{})
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	p.dir = "../examples/camera-opencv"
	b := p.build(t, arg("BUILDKIT_SYNTAX="+frontend), arg("CUDA_ARCH=x86_64"), arg("PYTHON_VERSION=3.11"), arg("TESTS=final"))
	assert.Contains(t, b.output(t, "[test cube-counter on image] test.py"), "cube-counter works")
}
