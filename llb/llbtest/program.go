package llbtest

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Program returns a copy of one of the package's programs, "init" of program/init-amd64.bin,
// that can be run. Another process copies it: what this one writes may still be open for
// writing in a child that a test beside starts, and such a file cannot be run.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), name)
	out, err := exec.CommandContext(tb.Context(), "install", "-m", "755", filepath.Join("program", name+"-"+runtime.GOARCH+".bin"), file).CombinedOutput()
	require.NoError(tb, err, "%s", out)
	return file
}
