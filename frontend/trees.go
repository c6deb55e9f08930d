package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"

	"jetkit/frontend/reffs"
	"jetkit/llb/chain"
	"jetkit/packages"
	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// trees gives access to the files of a build: the build context, named contexts
// and the built-in library. Contexts are read twice, each time only as far as
// needed: first the metadata of all packages, then the folders of the chain.
type trees struct {
	// ctx is the whole build's: files are still read to explain an error after
	// the work for a platform has ended, and with it that work's context.
	ctx      context.Context //nolint:containedctx // it outlives the calls that get one
	client   client.Client
	ui       *dockerui.Client
	builtin  fs.FS
	contexts []string // names of the named contexts, sorted

	mu   sync.Mutex
	meta map[string]fs.FS // by context name, "" is the main context
	// states are what meta shows.
	states map[string]llb.State
}

var _ chain.Sources = (*chainSources)(nil)

func newTrees(ctx context.Context, c client.Client, ui *dockerui.Client) *trees {
	t := &trees{ctx: ctx, client: c, ui: ui, builtin: packages.FS, meta: map[string]fs.FS{}, states: map[string]llb.State{}}
	for k := range ui.BuildOpts().Opts {
		if name, ok := strings.CutPrefix(k, "context:"); ok {
			name, _, _ = strings.Cut(name, "::")
			t.contexts = append(t.contexts, name)
		}
	}
	slices.Sort(t.contexts)
	t.contexts = slices.Compact(t.contexts)
	return t
}

func (t *trees) hasContext(name string) bool { return slices.Contains(t.contexts, name) }

// unbuilt is an error if a named context is another target of bake and has not
// been built: for --call bake builds nothing and passes the target's name.
func (t *trees) unbuilt(name string) error {
	if target, ok := strings.CutPrefix(t.ui.BuildOpts().Opts["context:"+name], "target:"); ok {
		return fmt.Errorf("the named context %q is the image of target %s, which bake does not build for --call", name, target)
	}
	return nil
}

// open makes the trees and folders of a spec readable.
func (t *trees) open(ctx context.Context, spec *pkgspec.Spec) ([]pkgmeta.Tree, []pkgmeta.Folder, diag.List, error) {
	var problems diag.List
	dirs := map[string][]string{}
	for _, s := range spec.Sources {
		if s.Kind == plan.Named && !t.hasContext(s.Name) {
			hint := fmt.Sprintf("add --build-context %s=DIR (or =https://host/repo.git, =docker-image://ref)", s.Name)
			if near := diag.DidYouMean(s.Name, t.contexts); near != "" {
				hint = near + " or " + hint
			}
			problems.Errorf(rules.UnknownContext, s.At, hint, "there is no named context %q", s.Name)
		}
		if s.Kind != plan.Builtin {
			dirs[s.Name] = append(dirs[s.Name], s.Dir)
		}
	}
	for _, p := range spec.Packages {
		if p.Folder != "" {
			dirs[""] = append(dirs[""], p.Folder)
		}
	}
	if problems.HasErrors() {
		return nil, nil, problems, nil
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		if err := t.load(ctx, name, dirs[name]); err != nil {
			return nil, nil, problems, err
		}
	}
	trees, folders := t.list(spec)
	return trees, folders, problems, nil
}

func (t *trees) list(spec *pkgspec.Spec) ([]pkgmeta.Tree, []pkgmeta.Folder) {
	var trees []pkgmeta.Tree
	for _, s := range spec.Sources {
		tree := pkgmeta.Tree{Kind: s.Kind, Name: s.Name, Dir: s.Dir, Optional: s.Optional, At: s.At}
		if s.Kind == plan.Builtin {
			tree.FS, tree.Dir = t.builtin, "."
		} else {
			tree.FS, tree.Partial = t.files(s.Name), true
		}
		trees = append(trees, tree)
	}
	var folders []pkgmeta.Folder
	for _, p := range spec.Packages {
		if p.Folder != "" {
			folders = append(folders, pkgmeta.Folder{FS: t.files(""), Path: p.Folder, Partial: true, At: p.At})
		}
	}
	return trees, folders
}

func (t *trees) files(name string) fs.FS {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.meta[name]
}

// load reads the metadata of the packages in some folders of a context. Builds
// for several platforms share it.
func (t *trees) load(ctx context.Context, name string, dirs []string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.meta[name] != nil {
		return nil
	}
	st, err := t.state(ctx, name, "metadata", metadataPatterns(dirs))
	if err != nil {
		return err
	}
	def, err := st.Marshal(ctx, llb.WithCaps(t.ui.BuildOpts().Caps))
	if err != nil {
		return err
	}
	// No cache imports: a context is a source, and caches hold no sources (CacheExportModeMax of BuildKit's solver).
	res, err := t.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return fmt.Errorf("reading package metadata: %w", err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		return err
	}
	t.meta[name], t.states[name] = reffs.New(t.ctx, ref), st
	return nil
}

// state gives the files of a context that match the patterns. Contexts that do
// not come from the client (Git, HTTP, images) are whole. The purpose keeps the
// two transfers of one context from overwriting each other in BuildKit's store.
func (t *trees) state(ctx context.Context, name, purpose string, patterns []string) (llb.State, error) {
	local := []llb.LocalOption{
		llb.IncludePatterns(patterns),
		llb.SharedKeyHint(strings.Join([]string{"jetkit", purpose, name}, ":")),
		dockerui.WithInternalName("load package " + purpose),
	}
	if name == "" {
		st, err := t.ui.MainContext(ctx, local...)
		if err != nil {
			return llb.State{}, err
		}
		return *st, nil
	}
	if err := t.unbuilt(name); err != nil {
		return llb.State{}, err
	}
	nc, err := t.ui.NamedContext(name, dockerui.ContextOpt{AsyncLocalOpts: func() []llb.LocalOption {
		return append(local, llb.WithCustomName("[context "+name+"] load package "+purpose))
	}})
	if err != nil {
		return llb.State{}, err
	}
	if nc == nil {
		return llb.State{}, fmt.Errorf("there is no named context %q", name)
	}
	st, _, err := nc.Load(ctx)
	if err != nil {
		return llb.State{}, fmt.Errorf("named context %q: %w", name, err)
	}
	return *st, nil
}

// metadataPatterns matches, below some folders, the files that describe packages.
func metadataPatterns(dirs []string) []string {
	var patterns []string
	for _, dir := range dirs {
		for _, name := range pkgmeta.MetadataFiles() {
			patterns = append(patterns, path.Join(escapePattern(dir), "**", name))
		}
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

// escapePattern makes a path match only itself.
func escapePattern(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(p)
}
