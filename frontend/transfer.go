package frontend

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/frontend/reffs"
	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/project"
)

const (
	// maxMetadata bounds the contents that are transferred of a context before
	// the build, in bytes. Upstream's whole tree has 2 MiB.
	maxMetadata = 256 << 20
	// maxExcludes bounds how many single files are left out of a folder whose
	// name is like a metadata file's. Beyond it the whole folder is left out.
	maxExcludes = 1000
)

// load reads the metadata of the packages in some folders of a context. A folder
// on the client's disk may hold anything, so its names are read first; then the
// contents of those files that describe packages are transferred and no others.
func (c contextsFor) load(ctx context.Context, name string, dirs []string) (*metadata, error) {
	options := []llb.LocalOption{
		llb.IncludePatterns(folderPatterns(append(slices.Clone(dirs), cachefs.IgnoreFile))), llb.FollowPaths(followable(dirs)), llb.ExcludePatterns(nil),
	}
	caps := c.ui.BuildOpts().LLBCaps
	lists := caps.Supports(pb.CapSourceMetadataTransfer) == nil
	if lists {
		options = append(options, llb.MetadataOnlyTransfer([]string{cachefs.IgnoreFile}))
	}
	st, err := c.state(ctx, name, "names", options...)
	if err != nil {
		return nil, err
	}
	ref, local, err := c.solve(ctx, st)
	if err != nil {
		return nil, err
	}
	var hidden func(string, bool) bool
	if local {
		if hidden, err = c.hidden(ctx, name, ref); err != nil {
			return nil, err
		}
	}
	if !local || !lists { // all is on the builder; an old one cannot list without contents
		files := cachefs.New(reffs.New(c.ctx, ref), cachefs.Options{Hidden: hidden, Metadata: project.Readable})
		return &metadata{files: files, state: st}, nil
	}
	list, err := reffs.ReadList(ctx, ref)
	if err != nil {
		return nil, err
	}
	return c.contents(ctx, name, dirs, transfer{list: list, hidden: hidden})
}

// contents adds the contents of metadata to the list of a folder.
func (c contextsFor) contents(ctx context.Context, name string, dirs []string, t transfer) (*metadata, error) {
	for _, dir := range dirs {
		t.add(dir)
	}
	if t.size > maxMetadata {
		return nil, fmt.Errorf("the files that describe packages in %s have %d MiB, which is more than %d; name the folders to search under sources, or leave data out with a %s",
			cmp.Or(name, "the build context"), t.size>>20, maxMetadata>>20, cachefs.IgnoreFile)
	}
	options := cachefs.Options{Hidden: t.hidden, Metadata: project.Readable}
	if t.files == 0 { // no pattern at all would match everything
		return &metadata{files: cachefs.New(t.list.With(reffs.New(c.ctx, nil)), options), state: llb.Scratch()}, nil
	}
	st, err := c.state(ctx, name, "metadata", llb.IncludePatterns(t.include()), llb.ExcludePatterns(t.exclude))
	if err != nil {
		return nil, err
	}
	ref, _, err := c.solve(ctx, st)
	if err != nil {
		return nil, err
	}
	contents := reffs.New(c.ctx, ref)
	if c.own != nil && t.files >= minPacked {
		if contents.Known, err = c.packed(ctx, st); err != nil {
			return nil, err
		}
	}
	return &metadata{files: cachefs.New(t.list.With(contents), options), state: st}, nil
}

// solve loads a source. The second result reports whether it is a folder on the
// client's disk.
func (c contextsFor) solve(ctx context.Context, st llb.State) (client.Reference, bool, error) {
	def, err := st.Marshal(ctx, llb.WithCaps(c.ui.BuildOpts().LLBCaps))
	if err != nil {
		return nil, false, err
	}
	// No cache imports: a context is a source, and caches hold no sources (CacheExportModeMax of BuildKit's solver).
	res, err := c.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, false, err
	}
	ref, err := res.SingleRef()
	return ref, isLocal(def), err
}

// isLocal reports whether a definition is nothing but a local source.
func isLocal(def *llb.Definition) bool {
	if len(def.Def) != 2 { // the source, and what names it as the result
		return false
	}
	op := &pb.Op{}
	return op.UnmarshalVT(def.Def[0]) == nil && strings.HasPrefix(op.GetSource().GetIdentifier(), "local://")
}

// hidden returns what the context's ignore file leaves out.
func (c contextsFor) hidden(ctx context.Context, name string, ref client.Reference) (func(string, bool) bool, error) {
	patterns, err := c.ui.DockerIgnorePatterns(ctx) // of the main context
	if name != "" {
		patterns, err = cachefs.New(reffs.New(ctx, ref), cachefs.Options{}).IgnorePatterns()
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", cachefs.IgnoreFile, err)
	}
	return cachefs.Ignored(patterns, project.Describes)
}

// transfer decides which contents of a context are needed. Patterns of BuildKit's
// match folders too, with all that they hold, and know no sizes; what they would
// match for nothing is excluded.
type transfer struct {
	list    *reffs.List
	hidden  func(string, bool) bool
	dirs    []string
	exclude []string
	names   []string // patterns that match one of the files or more
	files   int      // that are transferred
	size    int64    // of these, in bytes
}

// add takes in the metadata below a folder. One that is a link is followed, as
// cachefs does.
func (t *transfer) add(dir string) {
	at, err := cachefs.New(t.list.With(nil), cachefs.Options{}).Resolve(dir)
	if err != nil {
		return // there is no such folder, which whoever reads it reports
	}
	t.dirs = append(t.dirs, at)
	_, excludes := t.below(at, false)
	t.exclude = append(t.exclude, excludes...)
}

// below walks a folder. Inside one that matches a pattern by its own name, every
// file that is not needed is excluded. It returns whether any file is needed.
func (t *transfer) below(dir string, matched bool) (bool, []string) {
	entries, _ := t.list.ReadDir(dir) // the list has every folder
	var excludes []string
	needed := false
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		isMetadata, hidden := pkgmeta.IsMetadata(name), t.hidden != nil && t.hidden(name, e.IsDir())
		switch {
		case e.IsDir() && hidden:
			if matched || t.matches(name) {
				excludes = append(excludes, escapePattern(name))
			}
		case e.IsDir():
			some, more := t.below(name, matched || isMetadata)
			needed = needed || some
			excludes = append(excludes, more...)
		case isMetadata && !hidden && t.fits(e):
			t.match(e.Name())
			needed = true
		case isMetadata || matched:
			excludes = append(excludes, escapePattern(name))
		}
	}
	if matched && (!needed || len(excludes) > maxExcludes) {
		return false, []string{escapePattern(dir)}
	}
	return needed, excludes
}

// matches reports whether a pattern matches a folder or anything in it.
func (t *transfer) matches(dir string) bool {
	if pkgmeta.IsMetadata(dir) {
		return true
	}
	entries, _ := t.list.ReadDir(dir) // the list has every folder
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		name := path.Join(dir, e.Name())
		return pkgmeta.IsMetadata(name) || e.IsDir() && t.matches(name)
	})
}

// fits reports whether a file is small enough to be metadata.
func (t *transfer) fits(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil || info.Size() > cachefs.MaxFile {
		return false
	}
	t.files++
	t.size += info.Size()
	return true
}

// match adds a pattern that matches a file's name. Only those are used that match
// something: the client tries each of them on everything that it has.
func (t *transfer) match(name string) {
	matches := func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	}
	if patterns := pkgmeta.MetadataFiles(); !slices.ContainsFunc(t.names, matches) {
		t.names = append(t.names, patterns[slices.IndexFunc(patterns, matches)])
	}
}

// include matches, below the folders, the files that describe packages.
func (t *transfer) include() []string {
	var patterns []string
	for _, dir := range t.dirs {
		for _, name := range t.names {
			patterns = append(patterns, path.Join(escapePattern(dir), "**", name))
		}
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

// folderPatterns matches folders with all that they hold.
func folderPatterns(dirs []string) []string {
	var patterns []string
	for _, dir := range dirs {
		if dir == "." {
			dir = "**"
		} else {
			dir = escapePattern(dir)
		}
		patterns = append(patterns, dir)
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

// followable are the folders that may be links to other ones, for BuildKit to
// follow. It takes what it finds for patterns, so unusual names are not among them.
func followable(dirs []string) []string {
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return dir == "." || dir != escapePattern(dir) })
}

var specialCharacters = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// escapePattern makes a path match only itself. A pattern that begins with "!"
// excludes, and spaces at its ends are dropped.
func escapePattern(p string) string {
	p = specialCharacters.Replace(p)
	switch {
	case strings.HasPrefix(p, "!"):
		p = `\` + p
	case strings.HasPrefix(p, " "):
		p = "[ ]" + p[1:]
	}
	if trimmed, ok := strings.CutSuffix(p, " "); ok {
		p = trimmed + "[ ]"
	}
	return p
}
