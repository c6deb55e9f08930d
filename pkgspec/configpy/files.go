package configpy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"jetkit/pkgspec/diag"
)

// File is a file that config.py files may import or read.
type File struct {
	// Path is relative to the tree's Dir.
	Path string
	Data []byte
}

// readers is how many files are read at once.
const readers = 32

// The sizes of what config.py files may read. Upstream's tree has 2 MiB of such
// files.
const (
	maxFile  = 1 << 20
	maxFiles = 64 << 20
)

// Files reads the files of the tree that config.py files may import or read, sorted.
// Links are followed only inside the tree, larger files are left out.
func (r Request) Files(ctx context.Context) ([]File, error) {
	root := path.Clean(cmp.Or(r.Tree.Path, "."))
	names, err := r.names(root)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(names))
	errs := make([]error, readers)
	var wg sync.WaitGroup
	for w := range readers {
		wg.Go(func() {
			defer func() { errs[w] = cmp.Or(diag.Panic(recover()), errs[w]) }()
			for i := w; i < len(names) && errs[w] == nil && ctx.Err() == nil; i += readers {
				files[i].Path = names[i]
				files[i].Data, errs[w] = fs.ReadFile(r.FS, path.Join(root, names[i]))
			}
		})
	}
	wg.Wait()
	if err := cmp.Or(context.Cause(ctx), errors.Join(errs...)); err != nil {
		return nil, err
	}
	total := 0
	for _, file := range files {
		total += len(file.Data)
	}
	if total > maxFiles {
		return nil, fmt.Errorf("the metadata of the tree is larger than %d MiB", maxFiles>>20)
	}
	return slices.DeleteFunc(files, func(f File) bool { return len(f.Data) > maxFile }), nil
}

// names lists the files below the root that config.py files may read.
func (r Request) names(root string) ([]string, error) {
	var names []string
	err := fs.WalkDir(r.FS, root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || r.Readable != nil && !r.Readable(name) || !d.Type().IsRegular() && !r.linkInside(root, name, d):
			return nil
		}
		if info, err := d.Info(); err == nil && info.Size() > maxFile {
			return nil
		}
		if root != "." {
			name = strings.TrimPrefix(name, root+"/")
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

// linkInside reports whether a directory entry is a link to a regular file of the
// tree.
func (r Request) linkInside(root, name string, d fs.DirEntry) bool {
	links, ok := r.FS.(fs.ReadLinkFS)
	if !ok || d.Type()&fs.ModeSymlink == 0 {
		return false
	}
	target, err := links.ReadLink(name)
	if err != nil || path.IsAbs(target) {
		return false
	}
	target = path.Join(path.Dir(name), target)
	if root != "." && !strings.HasPrefix(target, root+"/") || !fs.ValidPath(target) {
		return false
	}
	info, err := links.Lstat(target)
	return err == nil && info.Mode().IsRegular()
}
