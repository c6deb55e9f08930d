// Package pkgmeta finds packages in trees of folders and reads what each says
// about itself, in the format of jetson-containers: a Dockerfile with a YAML
// header between "#---" lines, or a config.yaml or config.json beside it.
package pkgmeta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// readers is how many calls to the file systems are under way at once. Behind a
// gateway each call is a round trip, so they are made in parallel.
const readers = 32

// workers is how many goroutines read folders at once. Most of them wait for
// others, so it is more than readers.
const workers = 4 * readers

// Tree is a source of packages: one folder, searched with all its subfolders.
type Tree struct {
	// FS is the whole source: the build context, say.
	FS   fs.FS
	Kind plan.SourceKind
	// Name is the tree's name as in [plan.Origin].
	Name string
	// Dir is the folder of FS to search; "." is all of it.
	Dir string
	// Optional trees may be missing.
	Optional bool
	// At is where the tree was asked for, for messages.
	At diag.Range
}

// Folder is one folder of the build context that was asked for by its path.
type Folder struct {
	FS fs.FS
	// Path is the folder's path in FS, cleaned.
	Path string
	At   diag.Range
}

// ScanOptions says how packages are read that are configured by programs.
type ScanOptions struct {
	// Evaluator runs config.py files. Without one their packages are listed as
	// disabled, for the reason NotRun.
	Evaluator configpy.Evaluator
	NotRun    string
	// Facts is the target as config.py files see it.
	Facts platform.TreeFacts
	// Args are the user's variables, such as PYTORCH_VERSION. They are part of
	// the environment of config.py files, and win over the facts' own.
	Args map[string]string
}

// environment returns the variables that config.py files see.
func (o ScanOptions) environment() map[string]string {
	env := o.Facts.Env()
	maps.Copy(env, o.Args)
	return env
}

// Scan finds every package of the folders and trees. Folders come first, so
// their packages win over those of the trees.
//
// Faults of packages stay with the packages (their Problems). The list holds
// what keeps the search itself from being complete: folders that are missing or
// cannot be read, and a ctx that ended.
func Scan(ctx context.Context, trees []Tree, folders []Folder, options ScanOptions) (*catalog.Catalog, diag.List) {
	s := &scanner{ctx: ctx, slots: make(chan struct{}, readers), workers: make(chan struct{}, workers), options: options}
	results := make([]result, len(folders)+len(trees))
	s.each(len(results), func(i int) {
		if i < len(folders) {
			tree := treeOf(folders[i], trees)
			results[i] = s.guarded(tree, func() result { return s.folder(folders[i], tree) })
		} else {
			tree := trees[i-len(folders)]
			results[i] = s.guarded(tree, func() result { return s.tree(tree) })
		}
	})
	s.evaluateAll(results)
	var problems diag.List
	var asked []*catalog.Package
	origins := map[plan.Origin]bool{}
	for _, r := range results[:len(folders)] {
		problems = append(problems, r.problems...)
		asked = append(asked, without(r.packages, origins)...)
		for _, p := range r.packages {
			origins[p.Origin] = true
		}
	}
	taken := map[string]bool{}
	all := [][]*catalog.Package{reportTwins(asked, taken)}
	for _, r := range results[len(folders):] {
		problems = append(problems, r.problems...)
		all = append(all, reportTwins(without(r.packages, origins), taken))
	}
	if err := ctx.Err(); err != nil {
		problems = nil
		problems.Errorf(rules.ScanStopped, diag.Range{}, "", "the search for packages was stopped: %v", context.Cause(ctx))
	}
	cat := catalog.New(all...)
	for i, r := range results[len(folders):] {
		cat.LeaveOut(1+i, r.leftOut)
	}
	return cat, problems
}

// treeOf finds the tree that a folder belongs to: the innermost of those that are
// searched, or else the nearest folder called "packages" that it is in, or itself.
// Its config.py is run together with those of that tree.
func treeOf(f Folder, trees []Tree) Tree {
	tree := Tree{FS: f.FS, Kind: plan.Context, Dir: treeRoot(f.Path), At: f.At}
	best := -1
	for _, t := range trees {
		dir := t.origin().Path
		if t.Kind == plan.Context && len(dir) > best && (dir == "." || f.Path == dir || strings.HasPrefix(f.Path, dir+"/")) {
			tree.Dir, best = dir, len(dir)
		}
	}
	return tree
}

// treeRoot finds the tree that a folder belongs to: the nearest folder called
// "packages" that it is in, or itself.
func treeRoot(folder string) string {
	for dir := folder; dir != "."; dir = path.Dir(dir) {
		if path.Base(dir) == "packages" {
			return dir
		}
	}
	return folder
}

// without leaves out packages of folders that were read already.
func without(packages []found, origins map[plan.Origin]bool) []*catalog.Package {
	var rest []*catalog.Package
	for _, p := range packages {
		if !origins[p.Origin] {
			rest = append(rest, p.Package)
		}
	}
	return rest
}

// result is what one folder with its subfolders holds, in scan order.
type result struct {
	// tree is what the folder belongs to.
	tree     Tree
	packages []found
	problems diag.List
	leftOut  []catalog.LeftOut
}

// found is a package as the scan finds it, with what is open until all of its
// tree was listed.
type found struct {
	*catalog.Package
	// deferred, if set, marks the place of packages that a config.py will declare.
	deferred *deferred
	// legacy, if set, stands in for the package in a tree that was written for
	// jetson-containers.
	legacy *legacyReading
}

// foundAll makes finds of packages with which nothing is open.
func foundAll(packages []*catalog.Package) []found {
	all := make([]found, len(packages))
	for i, p := range packages {
		all[i].Package = p
	}
	return all
}

// scanner searches file systems with a bounded number of calls and of goroutines
// at once.
type scanner struct {
	ctx            context.Context
	slots, workers chan struct{}
	options        ScanOptions
}

// each runs a function for each number below n, as many as may be at once and the
// rest in this goroutine, and waits for all.
func (s *scanner) each(n int, run func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		select {
		case s.workers <- struct{}{}:
			wg.Go(func() {
				defer func() { <-s.workers }()
				run(i)
			})
		default:
			run(i)
		}
	}
	wg.Wait()
}

// guarded returns what a search finds, or that it panicked: in a goroutine nobody
// else would hear of that.
func (s *scanner) guarded(t Tree, search func() result) (r result) {
	defer func() {
		if err := diag.Panic(recover()); err != nil {
			r = result{}
			r.problems.Errorf(rules.Unreadable, t.At, "", "cannot search %s: %v", t.file(t.origin().Path), err)
		}
		r.tree = t
	}()
	return search()
}

// call runs one call to a file system when a slot is free.
func (s *scanner) call(f func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return f()
}

// entries lists a folder, sorted by name.
func (s *scanner) entries(fsys fs.FS, dir string) (entries []fs.DirEntry, err error) {
	err = s.call(func() error {
		entries, err = fs.ReadDir(fsys, dir)
		return err
	})
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, err
}

// tree searches a tree.
func (s *scanner) tree(t Tree) result {
	dir := path.Clean(cmp.Or(t.Dir, "."))
	var r result
	if !fs.ValidPath(dir) {
		r.problems.Errorf(rules.BadSource, t.At, "", "the package folder %q leaves its source", t.Dir)
		return r
	}
	entries, err := s.entries(t.FS, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && t.Optional:
		return r
	case errors.Is(err, fs.ErrNotExist):
		r.problems.Errorf(rules.MissingSource, t.At, whyMissing(t.FS, dir), "there is no folder %s to search for packages", t.file(dir))
		return r
	case err != nil:
		r.problems.Errorf(rules.Unreadable, t.At, "", "cannot list %s: %v", t.file(dir), err)
		return r
	}
	return s.search(t, dir, entries)
}

// search reads a folder and, in parallel, its subfolders. The result holds the
// subfolders' packages first, as in jetson-containers' order.
func (s *scanner) search(t Tree, dir string, entries []fs.DirEntry) result {
	var subfolders []string
	for _, entry := range entries {
		if entry.IsDir() && isSearched(entry.Name()) {
			subfolders = append(subfolders, path.Join(dir, entry.Name()))
		}
	}
	results := make([]result, len(subfolders)+1)
	s.each(len(results), func(i int) {
		if i == len(subfolders) {
			results[i] = s.packages(t, dir, entries)
		} else {
			results[i] = s.subfolder(t, subfolders[i])
		}
	})
	all := result{leftOut: leftOut(t, dir, entries)}
	for _, r := range results {
		all.packages = append(all.packages, r.packages...)
		all.problems = append(all.problems, r.problems...)
		all.leftOut = append(all.leftOut, r.leftOut...)
	}
	return all
}

// isSearched reports whether a folder of this name is searched. One with a line break
// is not, as BuildKit's patterns, by which files are transferred, do not match it.
func isSearched(name string) bool {
	return !strings.HasPrefix(name, "__") && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "\r\n")
}

// leftOut returns what may be folders of packages, but is not searched: links, and
// folders that an ignore file leaves out.
func leftOut(t Tree, dir string, entries []fs.DirEntry) []catalog.LeftOut {
	var all []catalog.LeftOut
	for _, entry := range entries {
		if entry.Type()&fs.ModeSymlink != 0 && isSearched(entry.Name()) {
			all = append(all, catalog.LeftOut{Folder: t.file(path.Join(dir, entry.Name())), Why: "it is a link, which the search does not follow"})
		}
	}
	if files, ok := t.FS.(interface{ LeftOut(dir string) []string }); ok {
		for _, name := range files.LeftOut(dir) {
			if isSearched(name) {
				all = append(all, catalog.LeftOut{Folder: t.file(path.Join(dir, name)), Why: cachefs.IgnoreFile + " leaves it out", Ignored: true})
			}
		}
	}
	return all
}

// subfolder searches a folder of a tree.
func (s *scanner) subfolder(t Tree, dir string) (r result) {
	defer func() {
		if err := diag.Panic(recover()); err != nil {
			r = s.unreadable(t, dir, err)
		}
	}()
	if !utf8.ValidString(dir) {
		return s.unreadable(t, dir, errors.New("cannot list the folder: its name is not UTF-8"))
	}
	entries, err := s.entries(t.FS, dir)
	if err != nil {
		return s.unreadable(t, dir, fmt.Errorf("cannot list the folder: %w", err))
	}
	return s.search(t, dir, entries)
}

// folder reads a folder that was asked for by its path.
func (s *scanner) folder(f Folder, t Tree) result {
	var r result
	if !fs.ValidPath(f.Path) {
		r.problems.Errorf(rules.BadFolder, f.At, "", "%q leaves the build context", f.Path)
		return r
	}
	entries, err := s.entries(f.FS, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.problems.Errorf(rules.MissingFolder, f.At, cmp.Or(whyMissing(f.FS, f.Path), s.nearFolder(f)), "there is no folder %s in the build context", f.Path)
		return r
	case err != nil:
		r.problems.Errorf(rules.Unreadable, f.At, "", "cannot list the folder %s: %v", f.Path, err)
		return r
	}
	r = s.packages(t, f.Path, entries)
	if len(r.packages) == 0 && len(r.problems) == 0 {
		r.problems.Errorf(rules.NotAPackage, f.At, "a package is a folder with a Dockerfile, or with a config.yaml",
			"the folder %s holds no package", f.Path)
	}
	return r
}

// whyMissing is a hint for a file that a context has but does not show.
func whyMissing(fsys fs.FS, name string) string {
	if files, ok := fsys.(interface{ Hides(name string) bool }); ok && files.Hides(name) {
		return cachefs.IgnoreFile + " leaves it out"
	}
	return ""
}

// nearFolder suggests a neighbour of a missing folder.
func (s *scanner) nearFolder(f Folder) string {
	entries, err := s.entries(f.FS, path.Dir(f.Path))
	if err != nil {
		return ""
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	if near := diag.Nearest(path.Base(f.Path), folders); near != "" {
		return "did you mean ./" + path.Join(path.Dir(f.Path), near) + "?"
	}
	return ""
}

// origin is the tree's place in its source.
func (t Tree) origin() plan.Origin {
	return plan.Origin{Kind: t.Kind, Name: t.Name, Path: path.Clean(cmp.Or(t.Dir, "."))}
}

// file returns the name that messages have for a file of the tree.
func (t Tree) file(p string) string { return plan.Origin{Kind: t.Kind, Name: t.Name, Path: p}.File("") }
