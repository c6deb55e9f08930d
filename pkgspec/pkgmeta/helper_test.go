package pkgmeta

import (
	"context"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/plan"
)

// mapFS makes a file system; a name that ends in "@" is a link to its content.
func mapFS(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		file := &fstest.MapFile{Data: []byte(content), Mode: 0o644}
		if link, ok := strings.CutSuffix(name, "@"); ok {
			name, file.Mode = link, 0o777|os.ModeSymlink
		}
		fsys[name] = file
	}
	return fsys
}

// contextTree is the whole of a file system as the build context.
func contextTree(files map[string]string) Tree {
	return Tree{FS: mapFS(files), Kind: plan.Context, Dir: "."}
}

// scan scans trees that are expected to be complete.
func scan(t *testing.T, trees ...Tree) *catalog.Catalog {
	t.Helper()
	cat, problems := Scan(context.Background(), trees, nil, ScanOptions{})
	require.Empty(t, problems, "scan: %v", printed(problems))
	return cat
}

// printed returns diagnostics as users see them, in order of their places.
func printed(problems diag.List) string { return spectest.Printed(problems.Sorted()) }

// allProblems are those of all packages.
func allProblems(cat *catalog.Catalog) string {
	var problems diag.List
	for _, p := range cat.Packages() {
		problems = append(problems, p.Problems...)
	}
	return printed(problems)
}

// directory is a file system that lists a folder without looking at all others,
// as fstest.MapFS does; benchmarks need that.
type directory struct {
	fstest.MapFS
	folders map[string][]fs.DirEntry
}

func newDirectory(files map[string]string) *directory {
	d := &directory{MapFS: mapFS(files), folders: map[string][]fs.DirEntry{}}
	_ = fs.WalkDir(d.MapFS, ".", func(p string, entry fs.DirEntry, err error) error {
		if p != "." {
			d.folders[path.Dir(p)] = append(d.folders[path.Dir(p)], entry)
		}
		return err
	})
	return d
}

func (d *directory) ReadDir(name string) ([]fs.DirEntry, error) { return d.folders[name], nil }
