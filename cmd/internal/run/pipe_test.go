package run

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// TestEnvFileThatIsAPipe holds that what a shell's <(...) gives is left for the engine to
// read: it can be read only once.
func TestEnvFileThatIsAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	f, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that nothing waits
	require.NoError(t, err)
	defer f.Close()
	_, err = io.WriteString(f, "HUGGINGFACE_TOKEN=x\n")
	require.NoError(t, err)
	line, err := Parse([]string{"--engine", "podman", "--env-file", pipe, "image"})
	require.NoError(t, err)
	env := func(name string) (string, bool) { return "token", name == "HUGGINGFACE_TOKEN" }
	facts := Gather(t.Context(), line, machine.At(t.TempDir()), env, Session{}, "")
	_, err = Make(facts)
	require.NoError(t, err)
	const enough = 64
	left := make([]byte, enough)
	n, err := f.Read(left)
	require.NoError(t, err)
	assert.Equal(t, "HUGGINGFACE_TOKEN=x\n", string(left[:n]))
}
