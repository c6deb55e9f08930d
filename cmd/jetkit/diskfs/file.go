package diskfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
)

// Open opens a file for reading, or a folder for listing.
func (f *FS) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		entries, err := f.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &folder{FileInfo: info, entries: entries}, nil
	}
	dt, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &file{FileInfo: info, Reader: bytes.NewReader(dt)}, nil
}

type file struct {
	fs.FileInfo
	*bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.FileInfo, nil }
func (f *file) Size() int64                { return f.FileInfo.Size() }
func (f *file) Close() error               { return nil }

type folder struct {
	fs.FileInfo
	entries []fs.DirEntry
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.FileInfo, nil }
func (d *folder) Close() error               { return nil }

func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.Name(), Err: errors.New("is a directory")}
}

// ReadDir returns the next n entries, or all that are left if n <= 0.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		all := d.entries
		d.entries = nil
		return all, nil
	}
	if len(d.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.entries))
	next := d.entries[:n]
	d.entries = d.entries[n:]
	return next, nil
}
