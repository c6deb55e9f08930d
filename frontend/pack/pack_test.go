package pack_test

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

	"jetkit/frontend/pack"
	"jetkit/frontend/reffs"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/cachefs"
)

// onDisk writes a tree to a new folder.
func onDisk(t *testing.T, tree fstest.MapFS) string {
	t.Helper()
	dir := t.TempDir()
	for name, file := range tree {
		to := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		switch file.Mode.Type() {
		case fs.ModeSymlink:
			require.NoError(t, os.Symlink(string(file.Data), to))
		case fs.ModeNamedPipe:
			require.NoError(t, syscall.Mkfifo(to, 0o644))
		default:
			require.NoError(t, os.WriteFile(to, file.Data, 0o644))
		}
	}
	return dir
}

func packed(t *testing.T, dir string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "pack")
	require.NoError(t, pack.Write(dir, to))
	dt, err := os.ReadFile(to)
	require.NoError(t, err)
	return dt
}

// A hostile tree shows the same with and without a pack.
func TestSameAsCalls(t *testing.T) {
	tree := fstest.MapFS{
		"a/Dockerfile": {Data: []byte("FROM scratch\n")}, "a/empty.yaml": {}, "a/zero.json": {Data: []byte{0, 1, 0xff}},
		"a/large.yaml": {Data: []byte(strings.Repeat("x", 100<<10))}, "a/huge.yaml": {Data: []byte(strings.Repeat("x", cachefs.MaxFile+1))},
		"a/pipe.yaml": {Mode: fs.ModeNamedPipe | 0o644},
		"inside":      {Data: []byte("a"), Mode: fs.ModeSymlink | 0o777}, "a/link.yaml": {Data: []byte("Dockerfile"), Mode: fs.ModeSymlink | 0o777},
		"outside.yaml": {Data: []byte("/etc/passwd"), Mode: fs.ModeSymlink | 0o777}, "up.yaml": {Data: []byte("../../../../../../etc/passwd"), Mode: fs.ModeSymlink | 0o777},
		"etc/passwd": {Data: []byte("the context's own")}, "circle.py": {Data: []byte("circle.py"), Mode: fs.ModeSymlink | 0o777},
		"! /x\n\x1b[31m .json": {Data: []byte("{}")}, "deep/" + strings.Repeat("d/", 100) + "x.py": {Data: []byte("pass")},
		"ünï/Dockerfile": {Data: []byte("x")}, "\xff\xfe/x.py": {Data: []byte("not UTF-8")}, `back\slash.py`: {Data: []byte("x")},
	}
	known, err := pack.Read(packed(t, onDisk(t, tree)))
	require.NoError(t, err)
	for name := range known {
		require.Contains(t, tree, name)
		require.True(t, tree[name].Mode.IsRegular(), name)
	}
	require.NotContains(t, known, "a/large.yaml")
	require.NotContains(t, known, "a/huge.yaml")

	ref := reffs.New(t.Context(), &llbtest.Reference{Files: tree})
	with := reffs.New(t.Context(), &llbtest.Reference{Files: tree})
	with.Known = known
	one, other := cachefs.New(ref, cachefs.Options{}), cachefs.New(with, cachefs.Options{})
	names := []string{"nothing", "a", ".", "inside/Dockerfile", "inside/pipe.yaml", "a/Dockerfile/x"}
	for name := range tree {
		names = append(names, name)
	}
	for _, name := range names {
		want, wantErr := one.ReadFile(name)
		got, gotErr := other.ReadFile(name)
		assert.Equal(t, string(want), string(got), name)
		assert.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(gotErr), name)
	}
}

// What does not fit is left out, and the same files make the same pack.
func TestBounded(t *testing.T) {
	dir := t.TempDir()
	for i := range 600 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), make([]byte, 60<<10), 0o644))
	}
	dt := packed(t, dir)
	assert.LessOrEqual(t, len(dt), pack.MaxSize)
	known, err := pack.Read(dt)
	require.NoError(t, err)
	assert.Greater(t, len(known), 500)
	assert.Less(t, len(known), 600)
	assert.Equal(t, dt, packed(t, dir))

	require.NoError(t, pack.Write(filepath.Join(dir, "nothing"), filepath.Join(dir, "pack")))
	require.Error(t, pack.Write(dir, filepath.Join(dir, "nothing", "pack")))
	for _, broken := range []string{"", "x", string(dt[:len(dt)/2])} {
		_, err := pack.Read([]byte(broken))
		require.ErrorContains(t, err, "packed files")
	}
}
