package diskfs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/jetkit/diskfs"
	"jetkit/pkgspec/cachefs"
)

// open writes files to a new folder of the disk and opens it. A content that
// begins with "-> " makes a link.
func open(t *testing.T, files map[string]string) (*cachefs.FS, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			require.NoError(t, os.Symlink(target, file))
			continue
		}
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	f, err := diskfs.Open(dir)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return cachefs.New(f, cachefs.Options{}), dir
}

func TestFolder(t *testing.T) {
	f, _ := open(t, map[string]string{"packages/a/Dockerfile": "x", "packages/a/main.cpp": "y"})
	require.NoError(t, fstest.TestFS(f, "packages/a/Dockerfile", "packages/a/main.cpp"))
	_, err := diskfs.Open("/no/such/folder")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLinksStayInside(t *testing.T) {
	_, outside := open(t, map[string]string{"Dockerfile": "secret", "p/Dockerfile": "secret"})
	f, _ := open(t, map[string]string{
		"a/Dockerfile": "inside", "relative/Dockerfile": "-> ../a/Dockerfile", "absolute/Dockerfile": "-> /a/Dockerfile", "deep/folder": "-> ../a",
		"out/Dockerfile": "-> " + filepath.Join(outside, "Dockerfile"), "up/Dockerfile": "-> ../../" + filepath.Base(outside) + "/Dockerfile",
		"folder": "-> " + filepath.Join(outside, "p"),
	})
	for _, name := range []string{"relative/Dockerfile", "absolute/Dockerfile", "deep/folder/Dockerfile"} {
		dt, err := f.ReadFile(name)
		require.NoError(t, err, name)
		assert.Equal(t, "inside", string(dt), name)
	}
	for _, name := range []string{"out/Dockerfile", "up/Dockerfile", "folder/Dockerfile"} {
		_, err := f.ReadFile(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

func TestUnusualFiles(t *testing.T) {
	f, dir := open(t, map[string]string{"big.yaml": string(make([]byte, cachefs.MaxFile+1))})
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	_, err := f.ReadFile("big.yaml")
	require.ErrorIs(t, err, cachefs.ErrTooLarge)
	_, err = f.ReadFile("pipe.yaml")
	require.ErrorContains(t, err, "no regular file")
}

// More folders than are kept open are read all the same.
func TestManyFolders(t *testing.T) {
	content := map[string]string{}
	for i := range 1000 {
		content[fmt.Sprintf("group%d/p%d/Dockerfile", i%7, i)] = fmt.Sprint(i)
	}
	f, _ := open(t, content)
	for name, want := range content {
		dt, err := f.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(dt), name)
	}
}
