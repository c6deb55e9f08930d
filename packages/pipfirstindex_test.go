package packages_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPipFirstIndex runs the test of pip-cache with this machine's Python: what it checks needs no image.
func TestPipFirstIndex(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	cmd := exec.CommandContext(t.Context(), python, "build/pip-cache/test.py")
	cmd.Env = append(os.Environ(), "FIRST_INDEX=build/pip-cache/first_index")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
