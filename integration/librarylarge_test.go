//go:build integration && library

package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLargeLibraryOnDebian builds those packages of the archive that are large, with what they need.
func TestLargeLibraryOnDebian(t *testing.T) {
	t.Parallel()
	assert.GreaterOrEqual(t, buildLibrary(t, "amd64-large.yaml"), 4)
}
