package reffs_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/frontend/reffs"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/cachefs"
)

var files = fstest.MapFS{
	"packages/numpy/Dockerfile": {Data: []byte("FROM scratch\n"), Mode: 0o644},
	"packages/numpy/test.py":    {Data: []byte("print(1)\n"), Mode: 0o755},
	"packages/readme":           {Data: nil, Mode: 0o644},
	"link":                      {Data: []byte("packages/numpy"), Mode: fs.ModeSymlink | 0o777},
}

func TestReference(t *testing.T) {
	fsys := cachefs.New(reffs.New(t.Context(), &llbtest.Reference{Files: files}), cachefs.Options{})
	require.NoError(t, fstest.TestFS(fsys, "packages/numpy/Dockerfile", "packages/numpy/test.py", "packages/readme"))
	target, err := fsys.ReadLink("link")
	require.NoError(t, err)
	assert.Equal(t, "packages/numpy", target)
	for _, read := range []func() error{
		func() error { _, err := fs.ReadFile(fsys, "nothing"); return err },
		func() error { _, err := fs.Stat(fsys, "packages/nothing"); return err },
		func() error { _, err := fs.ReadDir(fsys, "packages/readme/nothing"); return err },
	} {
		require.ErrorIs(t, read(), fs.ErrNotExist)
	}
}

// BuildKit returns no reference at all for scratch.
func TestEmpty(t *testing.T) {
	fsys := cachefs.New(reffs.New(t.Context(), nil), cachefs.Options{})
	entries, err := fs.ReadDir(fsys, ".")
	require.NoError(t, err)
	assert.Empty(t, entries)
	_, err = fs.ReadFile(fsys, "a")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLargeFile(t *testing.T) {
	ref := &llbtest.Reference{Files: fstest.MapFS{"big": {Data: []byte(strings.Repeat("x", 5<<20))}}}
	_, err := fs.ReadFile(cachefs.New(reffs.New(t.Context(), ref), cachefs.Options{}), "big")
	require.ErrorIs(t, err, cachefs.ErrTooLarge)
	dt, err := reffs.ReadAll(t.Context(), ref, "big", 6<<20)
	require.NoError(t, err)
	assert.Len(t, dt, 5<<20)
	_, err = reffs.ReadAll(t.Context(), ref, "big", 1<<20)
	require.ErrorContains(t, err, "larger than 1 MiB")
}

// A list has all names of a transfer and is read with few calls.
func TestList(t *testing.T) {
	gateway := &llbtest.Gateway{Locals: map[string]fstest.MapFS{"context": files}}
	def, err := llb.Local("context", llb.MetadataOnlyTransfer(nil)).Marshal(t.Context())
	require.NoError(t, err)
	res, err := gateway.Solve(t.Context(), client.SolveRequest{Definition: def.ToPB()})
	require.NoError(t, err)
	ref, err := res.SingleRef()
	require.NoError(t, err)
	list, err := reffs.ReadList(t.Context(), ref)
	require.NoError(t, err)
	assert.Empty(t, gateway.Sent())
	assert.Equal(t, 1, gateway.Calls())

	fsys := cachefs.New(list.With(reffs.New(t.Context(), &llbtest.Reference{Files: files})), cachefs.Options{})
	require.NoError(t, fstest.TestFS(fsys, "packages/numpy/Dockerfile", "packages/numpy/test.py", "packages/readme", "link"))

	for _, broken := range []string{"\x01", "\xff\xff\xff\xff", "\x02\x00\x00\x00\xff\xff"} {
		_, err := reffs.ReadList(t.Context(), &llbtest.Reference{Files: fstest.MapFS{".fsutil-metadata": {Data: []byte(broken)}}})
		require.ErrorContains(t, err, "list of files")
	}
}
