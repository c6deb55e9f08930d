package builder

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVersionOfSomethingElse holds that a program called buildkitd that writes without end
// neither fills the memory nor is waited for.
func TestVersionOfSomethingElse(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "endless", "exec yes buildkitd")
	_, err := programVersion(t.Context(), filepath.Join(dir, "endless"))
	require.ErrorContains(t, err, "it answers with more than 4096 bytes")
	program(t, dir, "other", `printf '\033[31mjunk'`)
	_, err = programVersion(t.Context(), filepath.Join(dir, "other"))
	require.ErrorContains(t, err, "is not BuildKit's")
}
