package build

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOutputIntoPipe holds that no file takes the place of a pipe or a device: that of
// /dev/null would break the machine.
func TestOutputIntoPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		dt, _ := os.ReadFile(pipe)
		read <- string(dt)
	}()
	o := &outputs{}
	defer o.discard()
	w, err := o.create(pipe)
	require.NoError(t, err)
	_, err = io.WriteString(w, "an image")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, "an image", <-read)
	require.NoError(t, o.commit())
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	assert.Equal(t, os.ModeNamedPipe, info.Mode().Type())
}

func TestOutputBehindLink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("old"), 0o600))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("file", link))
	o := &outputs{}
	defer o.discard()
	w, err := o.create(link)
	require.NoError(t, err)
	_, err = io.WriteString(w, "an image")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, o.commit())
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSymlink, info.Mode().Type())
	info, err = os.Stat(link)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "what was private stays so")
}

// TestOutdatedInOddFolder holds that only files of the folder itself are removed.
func TestOutdatedInOddFolder(t *testing.T) {
	parent := t.TempDir()
	odd, other := filepath.Join(parent, "*"), filepath.Join(parent, "other")
	for _, dir := range []string{odd, other} {
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "numpy_1.0123456789ab.tar"), nil, 0o600))
	}
	assert.Equal(t, []string{filepath.Join(odd, "numpy_1.0123456789ab.tar")}, outdated(odd, "numpy_1"))
}
