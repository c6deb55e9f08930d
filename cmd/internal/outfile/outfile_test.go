package outfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWriteKeepsWhatIsNoOrdinaryFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		dt, _ := os.ReadFile(pipe)
		read <- string(dt)
	}()
	require.NoError(t, Check(pipe))
	require.NoError(t, Write(pipe, text("through")))
	assert.Equal(t, "through", <-read)
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	assert.Equal(t, os.ModeNamedPipe, info.Mode().Type())

	require.NoError(t, Check("/dev/null"))
	target, err := Find("/dev/null")
	require.NoError(t, err)
	assert.True(t, target.Direct)
	for _, name := range []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		target, err := Find(name)
		require.NoError(t, err, name)
		assert.True(t, target.Direct, name)
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	there, gone := filepath.Join(dir, "there"), filepath.Join(dir, "gone")
	require.NoError(t, os.WriteFile(there, []byte("old"), 0o600))
	require.NoError(t, os.Symlink("there", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink(gone, filepath.Join(dir, "dangling")))
	require.NoError(t, os.Symlink("circle", filepath.Join(dir, "circle")))
	require.NoError(t, Write(filepath.Join(dir, "link"), text("new")))
	require.NoError(t, Write(filepath.Join(dir, "dangling"), text("new")))
	for _, name := range []string{"link", "dangling"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.ModeSymlink, info.Mode().Type(), name)
	}
	for _, name := range []string{there, gone} {
		dt, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, "new", string(dt))
	}
	info, err := os.Stat(there)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "what was private stays so")
	assert.ErrorContains(t, Write(filepath.Join(dir, "circle"), text("")), "too many links")
}

func TestWriteIsWholeOrNot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, Write(file, text("old")))
	require.NoError(t, Check(file))
	require.ErrorContains(t, Write(file, func(w io.Writer) error {
		return errors.Join(text("half")(w), errors.New("disk full"))
	}), "disk full")
	dt, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "old", string(dt))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left beside it")

	require.ErrorContains(t, Check(dir), "is a folder")
	require.ErrorContains(t, Check(filepath.Join(dir, "none", "file")), "no such file or directory")
}

// TestKeep is not parallel: the umask is the process's.
func TestKeep(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	file, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(other, []byte("another's"), 0o600))
	require.NoError(t, os.Symlink("other", file))
	require.NoError(t, Keep(file, 0o644, []byte("own")))
	info, err := os.Lstat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode())
	dt, err := os.ReadFile(other)
	require.NoError(t, err)
	assert.Equal(t, "another's", string(dt))

	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.Error(t, Keep(filepath.Join(dir, "folder"), 0o644, nil))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "nothing is left beside it")
}

// TestWriteRespectsUmask is not parallel: the umask is the process's.
func TestWriteRespectsUmask(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	defer syscall.Umask(syscall.Umask(0o077))
	require.NoError(t, Write(file, text("mine")))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
}
