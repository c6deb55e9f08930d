// Package diskfs reads a build context on the local disk, with no way out of it.
// Package cachefs shows it as the frontend sees it.
package diskfs

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"sync/atomic"

	"jetkit/pkgspec/cachefs"
)

// maxFolders bounds how many folders are kept open.
const maxFolders = 400

// Folder is a folder of the disk. Its methods are safe for concurrent use.
type Folder struct {
	root    *os.Root
	folders sync.Map // of func() *os.Root, by path
	opened  atomic.Int64
}

var _ cachefs.Source = (*Folder)(nil)

// Open opens a folder.
func Open(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root}, nil
}

// Close closes the folder.
func (f *Folder) Close() {
	f.folders.Range(func(_, folder any) bool {
		if root := folder.(func() *os.Root)(); root != nil {
			_ = root.Close() // nothing was written
		}
		return true
	})
	_ = f.root.Close()
}

// ReadDir lists a folder.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadDir(-1)
}

// ReadLink returns the target of a symbolic link.
func (f *Folder) ReadLink(name string) (string, error) { return f.root.Readlink(name) }

// ReadFile reads a file as far as cachefs asks for.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(int(min(info.Size(), cachefs.MaxFile)) + bytes.MinRead) // or it would be read in small pieces
	_, err = b.ReadFrom(io.LimitReader(file, cachefs.MaxFile+1))
	return b.Bytes(), err
}

// open opens a file or folder. An os.Root opens a path one folder after the
// other, so this begins at the folder that holds it, if that is open.
func (f *Folder) open(name string) (*os.File, error) {
	if folder := f.folder(path.Dir(name)); folder != nil {
		return folder.Open(path.Base(name))
	}
	return f.root.Open(name)
}

// folder returns a folder as a root of its own, or nil if it cannot be opened or
// too many are.
func (f *Folder) folder(name string) *os.Root {
	if name == "." {
		return f.root
	}
	open, ok := f.folders.Load(name)
	if !ok {
		open, _ = f.folders.LoadOrStore(name, sync.OnceValue(func() *os.Root {
			parent := f.folder(path.Dir(name))
			if parent == nil || f.opened.Add(1) > maxFolders {
				return nil
			}
			folder, err := parent.OpenRoot(path.Base(name))
			if err != nil {
				return nil
			}
			return folder
		}))
	}
	return open.(func() *os.Root)()
}
