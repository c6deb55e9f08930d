package pkgmeta

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
)

// EvalFile is a file that config.py files may import or read.
type EvalFile struct {
	// Path is relative to the tree's Dir.
	Path string
	Data []byte
}

// The sizes of what config.py files may read. Upstream's tree has 2 MiB of such
// files.
const (
	maxEvalFile  = 1 << 20
	maxEvalFiles = 64 << 20
)

// EvalFiles reads the files of the request's tree that config.py files may
// import or read, sorted: those that MetadataFiles describes, so that a tree
// that is whole and one that is Partial give the same. Links are followed only
// inside the tree, larger files are left out.
func (r EvalRequest) EvalFiles(ctx context.Context) ([]EvalFile, error) {
	root := path.Clean(cmp.Or(r.Tree.Dir, "."))
	names, err := r.evalNames(root)
	if err != nil {
		return nil, err
	}
	files := make([]EvalFile, len(names))
	errs := make([]error, readers)
	var wg sync.WaitGroup
	for w := range readers {
		wg.Go(func() {
			for i := w; i < len(names) && errs[w] == nil && ctx.Err() == nil; i += readers {
				files[i].Path = names[i]
				files[i].Data, errs[w] = fs.ReadFile(r.Tree.FS, path.Join(root, names[i]))
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
	if total > maxEvalFiles {
		return nil, fmt.Errorf("the metadata of the tree is larger than %d MiB", maxEvalFiles>>20)
	}
	return slices.DeleteFunc(files, func(f EvalFile) bool { return len(f.Data) > maxEvalFile }), nil
}

// evalNames lists the files below the root that config.py files may read.
func (r EvalRequest) evalNames(root string) ([]string, error) {
	var names []string
	err := fs.WalkDir(r.Tree.FS, root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !isMetadata(name) || !d.Type().IsRegular() && !r.linkInside(root, name, d):
			return nil
		}
		if info, err := d.Info(); err == nil && info.Size() > maxEvalFile {
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

// linkInside tells whether a directory entry is a link to a regular file of the
// tree.
func (r EvalRequest) linkInside(root, name string, d fs.DirEntry) bool {
	links, ok := r.Tree.FS.(fs.ReadLinkFS)
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
