package reffs_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"

	"jetkit/frontend/reffs"
)

// reference answers as BuildKit does: paths relative to the root, errors as text.
type reference struct {
	client.Reference
	files fstest.MapFS
}

func stat(name string, info fs.FileInfo) *fstypes.Stat {
	return &fstypes.Stat{Path: path.Base(name), Mode: uint32(info.Mode()), Size: info.Size()}
}

func textOnly(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("lstat /x: no such file or directory")
	}
	return err
}

func (r reference) ReadFile(_ context.Context, req client.ReadRequest) ([]byte, error) {
	dt, err := fs.ReadFile(r.files, req.Filename)
	if req.Range != nil && len(dt) > req.Range.Length {
		dt = dt[:req.Range.Length]
	}
	return dt, textOnly(err)
}

func (r reference) StatFile(_ context.Context, req client.StatRequest) (*fstypes.Stat, error) {
	info, err := fs.Stat(r.files, req.Path) // BuildKit follows links here
	if err != nil {
		return nil, textOnly(err)
	}
	return stat(req.Path, info), nil
}

func (r reference) ReadDir(_ context.Context, req client.ReadDirRequest) ([]*fstypes.Stat, error) {
	entries, err := fs.ReadDir(r.files, req.Path)
	if err != nil {
		return nil, textOnly(err)
	}
	var stats []*fstypes.Stat
	for _, entry := range slices.Backward(entries) { // in no helpful order
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		st := stat(entry.Name(), info)
		if info.Mode()&fs.ModeSymlink != 0 {
			st.Linkname = string(r.files[path.Join(req.Path, entry.Name())].Data)
		}
		stats = append(stats, st)
	}
	return stats, nil
}

var files = fstest.MapFS{
	"packages/numpy/Dockerfile": {Data: []byte("FROM scratch\n")},
	"packages/numpy/test.py":    {Data: []byte("print(1)\n"), Mode: 0o755},
	"packages/readme":           {Data: nil},
}

func TestFS(t *testing.T) {
	fsys := reffs.New(t.Context(), reference{files: files})
	if err := fstest.TestFS(fsys, "packages/numpy/Dockerfile", "packages/numpy/test.py", "packages/readme"); err != nil {
		t.Fatal(err)
	}
}

func TestMissing(t *testing.T) {
	fsys := reffs.New(t.Context(), reference{files: files})
	for _, read := range []func() error{
		func() error { _, err := fs.ReadFile(fsys, "nothing"); return err },
		func() error { _, err := fs.Stat(fsys, "nothing"); return err },
		func() error { _, err := fs.ReadDir(fsys, "nothing"); return err },
		func() error { _, err := fsys.Open("nothing"); return err },
	} {
		if err := read(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("want fs.ErrNotExist, got %v", err)
		}
	}
	if _, err := fs.ReadFile(fsys, "../etc/passwd"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a path out of the tree: %v", err)
	}
}

// BuildKit returns no reference at all for scratch.
func TestEmpty(t *testing.T) {
	fsys := reffs.New(t.Context(), nil)
	if entries, err := fs.ReadDir(fsys, "."); err != nil || len(entries) != 0 {
		t.Errorf("root: %v, %v", entries, err)
	}
	if _, err := fs.ReadFile(fsys, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file: %v", err)
	}
}

func TestLinks(t *testing.T) {
	fsys := reffs.New(t.Context(), reference{files: fstest.MapFS{
		"link": {Data: []byte("../outside"), Mode: fs.ModeSymlink | 0o777}, "file": {Data: []byte("x")},
	}})
	if target, err := fsys.ReadLink("link"); err != nil || target != "../outside" {
		t.Errorf("link: %q, %v", target, err)
	}
	if info, err := fsys.Lstat("link"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("Lstat: %v, %v", info, err)
	}
	if _, err := fsys.ReadLink("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing link: %v", err)
	}
	if _, err := fsys.ReadLink("file"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a plain file: %v", err)
	}
}

func TestLargeFile(t *testing.T) {
	fsys := reffs.New(t.Context(), reference{files: fstest.MapFS{"big": {Data: []byte(strings.Repeat("x", 5<<20))}}})
	if _, err := fs.ReadFile(fsys, "big"); !errors.Is(err, reffs.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestPartialReadDir(t *testing.T) {
	fsys := reffs.New(t.Context(), reference{files: files})
	f, err := fsys.Open("packages/numpy")
	if err != nil {
		t.Fatal(err)
	}
	dir := f.(fs.ReadDirFile)
	var names []string
	for {
		entries, err := dir.ReadDir(1)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, entries[0].Name())
	}
	if strings.Join(names, " ") != "Dockerfile test.py" {
		t.Errorf("got %q", names)
	}
}
