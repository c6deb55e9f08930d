package cachefs

import (
	"bytes"
	"io"
	"io/fs"
	"time"
)

// root describes the context itself, and stands for folders on the way up.
var root = fs.FileInfoToDirEntry(folder{})

// folder is the description of a folder of which nothing is known.
type folder struct{}

func (folder) Name() string       { return "." }
func (folder) Size() int64        { return 0 }
func (folder) Mode() fs.FileMode  { return fs.ModeDir | 0o755 }
func (folder) ModTime() time.Time { return time.Time{} }
func (folder) IsDir() bool        { return true }
func (folder) Sys() any           { return nil }

// named is a file's description under the name that it was asked for.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }

// Open opens a file for reading, or a folder for listing.
func (f *FS) Open(name string) (fs.File, error) {
	info, err := f.stat("open", name, true)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &dir{info: info, fs: f, name: name}, nil
	}
	dt, err := f.ReadFile(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &file{info: info, Reader: bytes.NewReader(dt)}, nil
}

// file is an open file.
type file struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// dir is an open folder.
type dir struct {
	info fs.FileInfo
	fs   *FS
	name string
	// left is what ReadDir has yet to return, once it was listed.
	left   []fs.DirEntry
	listed bool
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *dir) Close() error               { return nil }

func (d *dir) Read([]byte) (int, error) { return 0, pathError("read", d.name, errDirectory) }

// ReadDir returns the next n entries, or all that are left if n <= 0.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		entries, err := d.fs.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.left, d.listed = entries, true
	}
	if n <= 0 {
		n = len(d.left)
	} else if len(d.left) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.left))
	next := d.left[:n]
	d.left = d.left[n:]
	return next, nil
}
