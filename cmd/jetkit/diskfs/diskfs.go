// Package diskfs shows a folder of the local disk as jetkit's frontend sees the
// same folder through BuildKit: without what its ignore file names, without any
// way out of it, and with no more than the files that describe packages.
package diskfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"jetkit/pkgspec/pkgmeta"
)

// IgnoreFile is the name of the file that says what is not part of a context.
const IgnoreFile = ".dockerignore"

const (
	// maxFileSize bounds what ReadFile loads, in bytes, as in the frontend.
	maxFileSize = 4 << 20
	// maxLinks bounds how many symbolic links are followed from one name.
	maxLinks = 40
	// maxFolders bounds how many folders are kept open.
	maxFolders = 400
)

// ErrTooLarge is the error for a file that is larger than jetkit reads.
var ErrTooLarge = errors.New("file is larger than 4 MiB")

// FS is a folder of the disk. Its methods are safe for concurrent use. What was
// read once is kept, so that everybody sees the same files.
type FS struct {
	root   *os.Root
	dirs   []string
	ignore *patternmatcher.PatternMatcher

	folders  sync.Map // of func() (*os.Root, error), by folder
	opened   atomic.Int64
	listed   sync.Map // of func() ([]fs.DirEntry, error), by folder
	loaded   sync.Map // of func() ([]byte, error), by file
	metadata sync.Map // of bool, by name without folder
}

var (
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
	_ fs.ReadLinkFS = (*FS)(nil)
)

// Open opens a folder. Of its content only the files that describe packages, in
// these slash-separated subfolders, can be seen. If ignore is nil, the folder's
// own ignore file is read.
func Open(dir string, dirs []string, ignore []byte) (*FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &FS{root: root, dirs: dirs}
	if ignore == nil {
		ignore, err = f.read(IgnoreFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.Close()
			return nil, err
		}
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(ignore))
	if err == nil && len(patterns) > 0 {
		f.ignore, err = patternmatcher.New(patterns)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("parsing %s: %w", IgnoreFile, err)
	}
	return f, nil
}

// Close closes the folder.
func (f *FS) Close() {
	f.folders.Range(func(_, folder any) bool {
		if root, err := folder.(func() (*os.Root, error))(); err == nil && root != nil {
			_ = root.Close() // nothing was written
		}
		return true
	})
	_ = f.root.Close()
}

// ReadFile reads a whole file, at the end of links if name is one.
func (f *FS) ReadFile(name string) ([]byte, error) {
	dt, err := once(&f.loaded, name, func() ([]byte, error) {
		end, err := f.follow(name)
		if err != nil {
			return nil, err
		}
		return f.read(end)
	})
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return slices.Clone(dt), nil
}

// ReadDir lists a folder, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := once(&f.listed, name, func() ([]fs.DirEntry, error) { return f.list(name) })
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return slices.Clone(entries), nil
}

// once gives what read gave the first time for a name.
func once[T any](kept *sync.Map, name string, read func() (T, error)) (T, error) {
	first, ok := kept.Load(name)
	if !ok {
		first, _ = kept.LoadOrStore(name, sync.OnceValues(read))
	}
	return first.(func() (T, error))()
}

// list lists what can be seen of a folder.
func (f *FS) list(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	dir, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(entry fs.DirEntry) bool {
		return !f.visible(path.Join(name, entry.Name()), entry.IsDir())
	})
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Stat describes a file. As the frontend's, it does not follow a link in the
// last place.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, pathError("stat", name, fs.ErrInvalid)
	}
	info, err := f.root.Lstat(name)
	if err == nil && !f.visible(name, info.IsDir()) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	return info, nil
}

// Lstat describes a file without following a link in the last place.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.Stat(name) }

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(name string) (string, error) {
	if _, err := f.Stat(name); err != nil {
		return "", err
	}
	return f.root.Readlink(name)
}

// follow gives the name of the file that name is, or links to. What a link
// leads to must be visible too, or it would not have been sent.
func (f *FS) follow(name string) (string, error) {
	for range maxLinks {
		kind, err := f.kind(name)
		switch {
		case err != nil:
			return "", err
		case kind.IsRegular():
			return name, nil
		case kind&fs.ModeSymlink == 0:
			return "", fs.ErrInvalid // a pipe would block whoever reads it
		}
		target, err := f.root.Readlink(name)
		if err != nil {
			return "", err
		}
		if path.IsAbs(target) { // as in an image, "/" is the folder itself
			name = strings.TrimPrefix(path.Clean(target), "/")
		} else {
			name = path.Join(path.Dir(name), target)
		}
	}
	return "", errors.New("too many levels of symbolic links")
}

// kind tells what kind of file it is that can be seen under a name, from its
// folder's list if that was read.
func (f *FS) kind(name string) (fs.FileMode, error) {
	if !fs.ValidPath(name) {
		return 0, fs.ErrNotExist
	}
	if list, ok := f.listed.Load(path.Dir(name)); ok {
		entries, err := list.(func() ([]fs.DirEntry, error))()
		i, found := slices.BinarySearchFunc(entries, path.Base(name), func(e fs.DirEntry, name string) int {
			return strings.Compare(e.Name(), name)
		})
		if err == nil && found {
			return entries[i].Type(), nil
		}
	}
	info, err := f.root.Lstat(name)
	if err == nil && !f.visible(name, info.IsDir()) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return 0, err
	}
	return info.Mode().Type(), nil
}

// read reads a file, which is bounded.
func (f *FS) read(name string) ([]byte, error) {
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
	b.Grow(int(min(info.Size(), maxFileSize)) + bytes.MinRead) // or it would be read in small pieces
	if _, err := b.ReadFrom(io.LimitReader(file, maxFileSize+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxFileSize {
		return nil, ErrTooLarge
	}
	return b.Bytes(), nil
}

// open opens a file or folder. An os.Root opens a path one folder after the
// other, so this begins at the folder that holds it, if that is open.
func (f *FS) open(name string) (*os.File, error) {
	if folder := f.folder(path.Dir(name)); folder != nil {
		if file, err := folder.Open(path.Base(name)); err == nil {
			return file, nil
		}
	}
	return f.root.Open(name) // perhaps it is a link, within the whole
}

// folder gives a folder as a root of its own, or nil if it cannot be opened or
// too many are.
func (f *FS) folder(name string) *os.Root {
	if name == "." {
		return f.root
	}
	folder, err := once(&f.folders, name, func() (*os.Root, error) {
		parent := f.folder(path.Dir(name))
		if parent == nil || f.opened.Add(1) > maxFolders {
			return nil, nil
		}
		return parent.OpenRoot(path.Base(name))
	})
	if err != nil {
		return nil
	}
	return folder
}

// visible tells whether BuildKit would have sent a file, or looked into a folder.
func (f *FS) visible(name string, isDir bool) bool {
	if name == "." {
		return isDir
	}
	if f.ignore != nil {
		ignored, err := f.ignore.MatchesOrParentMatches(name)
		// Below an ignored folder there may be exceptions.
		if err != nil || ignored && (!isDir || !f.ignore.Exclusions()) {
			return false
		}
	}
	return isDir || f.describes(name)
}

// describes tells whether a file is metadata of a package, or is in a folder
// that is called like such a file: a pattern of BuildKit's takes in all of it.
func (f *FS) describes(name string) bool {
	return slices.ContainsFunc(f.dirs, func(dir string) bool {
		rest, below := strings.CutPrefix(name, dir+"/")
		if dir == "." {
			rest, below = name, true
		}
		return below && slices.ContainsFunc(strings.Split(rest, "/"), f.isMetadata)
	})
}

func (f *FS) isMetadata(name string) bool {
	if known, ok := f.metadata.Load(name); ok {
		return known.(bool)
	}
	is := slices.ContainsFunc(pkgmeta.MetadataFiles(), func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
	f.metadata.Store(name, is)
	return is
}

// pathError gives an error the form that callers of io/fs expect. What leads out
// of the folder does not exist for it.
func pathError(op, name string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	if strings.Contains(err.Error(), "path escapes from parent") { // os has no error value for it
		err = fs.ErrNotExist
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
