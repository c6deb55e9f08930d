// Package reffs shows the files of a solved BuildKit reference as an io/fs file
// system, so that code which reads files need not know BuildKit.
//
// Symbolic links are resolved by BuildKit inside the reference's own root; they
// cannot lead out of it.
package reffs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/grpcerrors"
	fstypes "github.com/tonistiigi/fsutil/types"
	"google.golang.org/grpc/codes"
)

// maxFileSize bounds what ReadFile loads, in bytes. Nothing that jetkit reads
// for itself is near it; a gRPC message could not carry more than 16 MiB.
const maxFileSize = 4 << 20

// ErrTooLarge is the error for a file that is larger than jetkit reads.
var ErrTooLarge = errors.New("file is larger than 4 MiB")

// FS is a file system over a reference. Its methods are safe for concurrent use.
type FS struct {
	ctx context.Context //nolint:containedctx // io/fs has no other way to pass one; an FS lives as long as one build.
	ref client.Reference
}

var (
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
	_ fs.ReadLinkFS = (*FS)(nil)
)

// New makes a file system of ref. A nil ref is an empty file system, as BuildKit
// returns nil for scratch.
func New(ctx context.Context, ref client.Reference) *FS { return &FS{ctx: ctx, ref: ref} }

// ReadFile reads a whole file.
func (f *FS) ReadFile(name string) ([]byte, error) {
	if err := f.check("read", name); err != nil {
		return nil, err
	}
	dt, err := f.ref.ReadFile(f.ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Length: maxFileSize + 1}})
	if err == nil && len(dt) > maxFileSize {
		err = ErrTooLarge
	}
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return dt, nil
}

// ReadDir lists a folder, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.check("readdir", name); err != nil {
		if name == "." && f.ref == nil {
			return nil, nil
		}
		return nil, err
	}
	stats, err := f.ref.ReadDir(f.ctx, client.ReadDirRequest{Path: name})
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	entries := make([]fs.DirEntry, len(stats))
	for i, st := range stats {
		entries[i] = info{st}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Stat describes a file. BuildKit follows links, within the reference.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	if name == "." && f.ref == nil {
		return info{&fstypes.Stat{Path: ".", Mode: uint32(fs.ModeDir | 0o755)}}, nil
	}
	if err := f.check("stat", name); err != nil {
		return nil, err
	}
	st, err := f.ref.StatFile(f.ctx, client.StatRequest{Path: name})
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	return info{st}, nil
}

// Lstat describes a file without following a link in the last place. Only a
// listing of the folder tells what BuildKit's own call would follow.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	if name == "." {
		return f.Stat(name)
	}
	entries, err := f.ReadDir(path.Dir(name))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Name() == path.Base(name) {
			return entry.Info()
		}
	}
	return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
}

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(name string) (string, error) {
	st, err := f.Lstat(name)
	if err != nil {
		return "", err
	}
	if st.Mode()&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return st.(info).stat.GetLinkname(), nil
}

// Open opens a file for reading, or a folder for listing.
func (f *FS) Open(name string) (fs.File, error) {
	st, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return &dir{FileInfo: st, fs: f, name: name}, nil
	}
	dt, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &file{FileInfo: st, Reader: bytes.NewReader(dt)}, nil
}

func (f *FS) check(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if f.ref == nil {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// pathError gives an error the form that callers of io/fs expect. BuildKit
// passes on the text of the system's error only.
func pathError(op, name string, err error) error {
	if grpcerrors.Code(err) == codes.NotFound ||
		strings.Contains(err.Error(), "no such file or directory") || strings.Contains(err.Error(), "not a directory") {
		err = fs.ErrNotExist
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// info is a file's description, both as FileInfo and as DirEntry.
type info struct{ stat *fstypes.Stat }

func (i info) Name() string               { return path.Base(i.stat.GetPath()) }
func (i info) Size() int64                { return i.stat.GetSize() }
func (i info) Mode() fs.FileMode          { return fs.FileMode(i.stat.GetMode()) }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) ModTime() time.Time         { return time.Unix(0, i.stat.GetModTime()) }
func (i info) IsDir() bool                { return i.Mode().IsDir() }
func (i info) Sys() any                   { return i.stat }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

type file struct {
	fs.FileInfo
	*bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.FileInfo, nil }
func (f *file) Size() int64                { return f.FileInfo.Size() }
func (f *file) Close() error               { return nil }

type dir struct {
	fs.FileInfo
	fs     *FS
	name   string
	listed []fs.DirEntry
	read   bool
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.FileInfo, nil }
func (d *dir) Close() error               { return nil }

func (d *dir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errors.New("is a directory")}
}

// ReadDir returns the next n entries, or all that are left if n <= 0.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		entries, err := d.fs.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.listed, d.read = entries, true
	}
	if n <= 0 {
		all := d.listed
		d.listed = nil
		return all, nil
	}
	if len(d.listed) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.listed))
	next := d.listed[:n]
	d.listed = d.listed[n:]
	return next, nil
}
