// Package cachefs shows the files of a build context as jetkit reads them,
// whether they are on a disk or in a result of BuildKit's: every link is followed
// here, inside the context, and every file and folder is read once. So the
// frontend and the command line see the same files.
package cachefs

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

const (
	// MaxFile bounds what is read of a file, in bytes. Nothing that describes a
	// package is near it.
	MaxFile = 4 << 20
	// maxLinks bounds how many symbolic links are followed for one name.
	maxLinks = 40
)

var (
	// ErrTooLarge is the error for a file that is larger than MaxFile.
	ErrTooLarge = errors.New("file is larger than 4 MiB")
	// ErrNotMetadata is the error for reading a file that Options.Metadata leaves
	// out. It exists, but before a build only its name is known.
	ErrNotMetadata = errors.New("only files that describe packages are read before the build")

	errLoop      = errors.New("too many levels of symbolic links")
	errDirectory = errors.New("is a directory")
	errIrregular = errors.New("is no regular file")
)

// Source is where files are. It is called with clean paths that have no link in
// them, from several goroutines.
type Source interface {
	// ReadDir lists a folder. Its entries describe links, not what they lead to.
	ReadDir(name string) ([]fs.DirEntry, error)
	// ReadFile reads a regular file. Of one that is larger than MaxFile, the
	// first MaxFile+1 bytes are enough.
	ReadFile(name string) ([]byte, error)
	// ReadLink returns the target of a symbolic link.
	ReadLink(name string) (string, error)
}

// Options restrict what is shown of a source.
type Options struct {
	// Hidden reports what is not part of the context. Nil hides nothing.
	Hidden func(name string, isDir bool) bool
	// Metadata reports which files can be read, by path. Of the others only the
	// names are shown. Nil stands for all.
	Metadata func(name string) bool
}

// FS is a file system over a source. Its methods are safe for concurrent use.
type FS struct {
	source  Source
	options Options
	folders sync.Map // of func() ([]fs.DirEntry, error), by path without links
	files   sync.Map // of func() ([]byte, error), by path without links
}

var (
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
	_ fs.ReadLinkFS = (*FS)(nil)
)

// New makes a file system of a source.
func New(source Source, options Options) *FS { return &FS{source: source, options: options} }

// ReadFile reads a whole file, at the end of links.
func (f *FS) ReadFile(name string) ([]byte, error) {
	at, info, err := f.find("read", name, true)
	if err != nil {
		return nil, err
	}
	dt, err := f.read(at, info)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return slices.Clone(dt), nil
}

func (f *FS) read(name string, entry fs.DirEntry) ([]byte, error) {
	switch {
	case entry.IsDir():
		return nil, errDirectory
	case !entry.Type().IsRegular():
		return nil, errIrregular // a pipe would block whoever reads it
	case f.options.Metadata != nil && !f.options.Metadata(name):
		return nil, ErrNotMetadata
	}
	dt, err := once(&f.files, name, func() ([]byte, error) { return f.source.ReadFile(name) })
	if err == nil && len(dt) > MaxFile {
		err = ErrTooLarge
	}
	return dt, err
}

// ReadDir lists a folder, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	at, entry, err := f.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !entry.IsDir() {
		return nil, pathError("readdir", name, fs.ErrNotExist)
	}
	entries, err := f.list(at)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return slices.Clone(entries), nil
}

// Hides reports whether a file or folder is missing because of Options.Hidden.
func (f *FS) Hides(name string) bool {
	if f.options.Hidden == nil || name == "." || !fs.ValidPath(name) {
		return false
	}
	return f.options.Hidden(name, false) || f.options.Hidden(name, true) || f.Hides(path.Dir(name))
}

// LeftOut returns the names of subfolders that are missing because of Options.Hidden.
func (f *FS) LeftOut(dir string) []string {
	if f.options.Hidden == nil {
		return nil
	}
	at, _, err := f.find("readdir", dir, true)
	if err != nil {
		return nil
	}
	entries, _ := f.source.ReadDir(at) // of what cannot be listed nothing is known
	var names []string
	for _, e := range entries {
		if e.IsDir() && f.options.Hidden(path.Join(at, e.Name()), true) {
			names = append(names, e.Name())
		}
	}
	return names
}

// list lists what is shown of a folder.
func (f *FS) list(dir string) ([]fs.DirEntry, error) {
	return once(&f.folders, dir, func() ([]fs.DirEntry, error) {
		entries, err := f.source.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		entries = slices.Clone(entries)
		if f.options.Hidden != nil {
			entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
				return f.options.Hidden(path.Join(dir, e.Name()), e.IsDir())
			})
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		return entries, nil
	})
}

// once returns what read returned the first time for a name.
func once[T any](kept *sync.Map, name string, read func() (T, error)) (T, error) {
	first, ok := kept.Load(name)
	if !ok {
		first, _ = kept.LoadOrStore(name, sync.OnceValues(read))
	}
	return first.(func() (T, error))()
}

// Stat describes a file, at the end of links.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat describes a file without following a link in the last place.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

func (f *FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	_, entry, err := f.find(op, name, follow)
	if err != nil {
		return nil, err
	}
	info, err := entry.Info()
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return named{info, path.Base(name)}, nil
}

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(name string) (string, error) {
	at, entry, err := f.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if entry.Type()&fs.ModeSymlink == 0 {
		return "", pathError("readlink", name, fs.ErrInvalid)
	}
	target, err := f.source.ReadLink(at)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return target, nil
}

// find returns the path and description of the file that a name leads to. A link
// in the last place is followed if follow is set. What leads out of the context
// does not exist; "/" in a link is the context itself, as in an image.
func (f *FS) find(op, name string, follow bool) (string, fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return "", nil, pathError(op, name, fs.ErrInvalid)
	}
	at, entry, links := ".", root, 0
	rest := strings.Split(name, "/")
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch {
		case part == "" || part == ".":
			continue
		case part == ".." && at == ".":
			return "", nil, pathError(op, name, fs.ErrNotExist)
		case part == "..":
			at, entry = path.Dir(at), root
			continue
		}
		next, err := f.child(at, part)
		if err != nil {
			return "", nil, pathError(op, name, err)
		}
		child := path.Join(at, part)
		if next.Type()&fs.ModeSymlink != 0 && (follow || len(rest) > 0) {
			if links++; links > maxLinks {
				return "", nil, pathError(op, name, errLoop)
			}
			target, err := f.source.ReadLink(child)
			if err != nil {
				return "", nil, pathError(op, name, err)
			}
			if path.IsAbs(target) {
				at, entry = ".", root
			}
			rest = append(strings.Split(target, "/"), rest...)
			continue
		}
		if len(rest) > 0 && !next.IsDir() {
			return "", nil, pathError(op, name, fs.ErrNotExist)
		}
		at, entry = child, next
	}
	return at, entry, nil
}

// Resolve returns the path of a file without links.
func (f *FS) Resolve(name string) (string, error) {
	at, _, err := f.find("readlink", name, true)
	return at, err
}

// child returns an entry of a folder.
func (f *FS) child(dir, name string) (fs.DirEntry, error) {
	entries, err := f.list(dir)
	if err != nil {
		return nil, err
	}
	i, found := slices.BinarySearchFunc(entries, name, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
	if !found {
		return nil, fs.ErrNotExist
	}
	return entries[i], nil
}

// pathError adds operation and name to an error.
func pathError(op, name string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
