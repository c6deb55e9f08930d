// Package reffs reads the files of a solved BuildKit reference. Package cachefs
// makes a file system of them, so that code which reads files need not know
// BuildKit.
package reffs

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/grpcerrors"
	fstypes "github.com/tonistiigi/fsutil/types"
	"google.golang.org/grpc/codes"

	"jetkit/pkgspec/cachefs"
)

// Reference is a solved reference. Its methods are safe for concurrent use.
type Reference struct {
	ctx context.Context //nolint:containedctx // io/fs has no other way to pass one; it lives as long as one build.
	ref client.Reference
	// Known are files whose contents need no call to the builder, by path.
	Known map[string][]byte
}

var _ cachefs.Source = (*Reference)(nil)

// New reads ref. A nil ref has no files, as BuildKit returns nil for scratch.
func New(ctx context.Context, ref client.Reference) *Reference { return &Reference{ctx: ctx, ref: ref} }

// ReadFile reads a file as far as cachefs asks for.
func (r *Reference) ReadFile(name string) ([]byte, error) {
	if dt, ok := r.Known[name]; ok {
		return dt, nil
	}
	if r.ref == nil {
		return nil, fs.ErrNotExist
	}
	dt, err := r.ref.ReadFile(r.ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Length: cachefs.MaxFile + 1}})
	return dt, notExist(err)
}

// ReadDir lists a folder.
func (r *Reference) ReadDir(name string) ([]fs.DirEntry, error) {
	if r.ref == nil {
		return nil, nil
	}
	stats, err := r.ref.ReadDir(r.ctx, client.ReadDirRequest{Path: name})
	if err != nil {
		return nil, notExist(err)
	}
	entries := make([]fs.DirEntry, len(stats))
	for i, st := range stats {
		entries[i] = info{st}
	}
	return entries, nil
}

// ReadLink returns the target of a symbolic link. Only a listing of the folder
// has it: BuildKit's own description of a file is that of a link's end.
func (r *Reference) ReadLink(name string) (string, error) {
	entries, err := r.ReadDir(path.Dir(name))
	if err != nil {
		return "", err
	}
	return linkIn(entries, path.Base(name))
}

// linkIn returns the target of a link that is among the entries of a folder.
func linkIn(entries []fs.DirEntry, name string) (string, error) {
	for _, entry := range entries {
		if entry.Name() == name {
			return entry.(info).stat.GetLinkname(), nil
		}
	}
	return "", fs.ErrNotExist
}

// ReadAll reads a file of any size up to limit bytes, in pieces that fit a
// message.
func ReadAll(ctx context.Context, ref client.Reference, name string, limit int) ([]byte, error) {
	const piece = 4 << 20
	var all []byte
	for len(all) <= limit {
		dt, err := ref.ReadFile(ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Offset: len(all), Length: piece}})
		if err != nil {
			return nil, notExist(err)
		}
		all = append(all, dt...)
		if len(dt) < piece {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%s is larger than %d MiB", name, limit>>20)
}

// notExist gives an error the form that callers of io/fs expect. BuildKit passes
// on the text of the system's error only.
func notExist(err error) error {
	if err != nil && (grpcerrors.Code(err) == codes.NotFound ||
		strings.Contains(err.Error(), "no such file or directory") || strings.Contains(err.Error(), "not a directory")) {
		return fs.ErrNotExist
	}
	return err
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
