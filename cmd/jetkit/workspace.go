package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"jetkit/cmd/jetkit/diskfs"
	"jetkit/packages"
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// workspace is what is known before a chain is asked for. It goes the same way
// as the frontend's plan (frontend/plan.go) up to there, over files on disk.
type workspace struct {
	request *request
	spec    *pkgspec.Spec
	target  plan.Target
	base    plan.Value
	catalog *catalog.Catalog
	// problems are warnings; with an error there is no workspace.
	problems diag.List

	files map[string]*diskfs.FS // by context name, "" is the main context
}

// load reads the file and the trees of a request and resolves its target. All
// problems are found together.
func load(ctx context.Context, r *request) (*workspace, error) {
	w := &workspace{request: r, files: map[string]*diskfs.FS{}}
	if err := w.load(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workspace) load(ctx context.Context) error {
	w.spec, w.problems = pkgspec.Load(w.request.file, w.request.data, w.request.args)
	if w.spec == nil {
		return w.fail(nil)
	}
	if err := w.complete(); err != nil {
		return err
	}
	var problems diag.List
	w.target, w.base, problems = platform.Resolve(w.spec.Target)
	w.problems = append(w.problems, problems...)
	if err := w.scan(ctx); err != nil {
		return err
	}
	if w.problems.HasErrors() {
		return w.fail(nil)
	}
	return nil
}

// close closes the folders.
func (w *workspace) close() {
	for _, f := range w.files {
		f.Close()
	}
}

// complete adds to the spec what the command line and the machine say.
func (w *workspace) complete() error {
	spec, r := w.spec, w.request
	for i := range spec.Packages {
		spec.Packages[i].At = unlessTyped(spec.Packages[i].At)
	}
	spec.Target.At = unlessTyped(spec.Target.At)
	if err := w.choosePlatform(); err != nil {
		return err
	}
	spec.Target.Platform = platforms.Format(platforms.Normalize(r.platform))
	spec.Target.Base = w.askedBase()
	spec.Sources = r.addSources(spec.Sources)
	if r.noHost || r.platform.Architecture != "arm64" || spec.Target.L4T.Value != "" || spec.Target.JetPack.Value != "" {
		return nil
	}
	found, err := probeRelease(r.release)
	spec.Target.L4T = found
	return err
}

// choosePlatform takes the platform that the target's arch means, if none was
// named: a plan, unlike a build, can be made for any machine on any other.
// jetson-containers' own variable for it is SYSTEM_ARCH.
func (w *workspace) choosePlatform() error {
	if w.request.platformNamed {
		return nil
	}
	for _, arch := range []string{w.spec.Target.Arch.Value, w.spec.Args["SYSTEM_ARCH"]} {
		if text := platform.OCI(arch); text != "" {
			var err error
			w.request.platform, err = parsePlatform(text)
			return err
		}
	}
	return nil
}

// askedBase says what the user wants the chain to build on, if anything.
func (w *workspace) askedBase() platform.Asked {
	if _, ok := w.request.contexts[plan.BaseContext]; ok {
		return platform.Asked{Value: plan.BaseContext, From: "--build-context " + plan.BaseContext}
	}
	from := "--build-arg BASE_IMAGE"
	if w.spec.Base.At.File != "" {
		from = w.spec.Base.At.String()
	}
	return platform.Asked{Value: w.spec.Base.Value, From: from, At: w.spec.Base.At}
}

// addSources puts the trees of the command line before the built-in one. Without
// a jetson.yaml they also stand in place of the context's default folder: where
// the command happens to run then makes no difference.
func (r *request) addSources(sources []pkgspec.Source) []pkgspec.Source {
	if r.file == commandLine && len(r.sources) > 0 {
		sources = slices.DeleteFunc(slices.Clone(sources), func(s pkgspec.Source) bool { return s.Optional })
	}
	named := make([]pkgspec.Source, len(r.sources))
	for i, name := range r.sources {
		named[i] = pkgspec.Source{Kind: plan.Named, Name: name, Dir: "."}
	}
	at := slices.IndexFunc(sources, func(s pkgspec.Source) bool { return s.Kind == plan.Builtin })
	if at < 0 {
		at = len(sources)
	}
	return slices.Insert(slices.Clone(sources), at, named...)
}

// scan finds the packages.
func (w *workspace) scan(ctx context.Context) error {
	if err := w.openContexts(); err != nil {
		return err
	}
	if w.problems.HasErrors() {
		return nil
	}
	cat, problems := w.packagesFor(ctx, w.target)
	w.catalog, w.problems = cat, append(w.problems, problems...)
	return ctx.Err()
}

// packagesFor finds the packages of the open contexts for a target.
func (w *workspace) packagesFor(ctx context.Context, target plan.Target) (*catalog.Catalog, diag.List) {
	trees, folders := w.trees()
	return pkgmeta.Scan(ctx, trees, folders, pkgmeta.ScanOptions{
		Evaluator: w.request.evaluator(), Facts: w.spec.Target.Tables.ForTree(target), Args: w.spec.Args,
		NotRun: "configured by config.py, which runs with --run-config-py only",
	})
}

// openContexts opens the folders of all contexts that packages come from.
func (w *workspace) openContexts() error {
	dirs := map[string][]string{}
	for _, s := range w.spec.Sources {
		if s.Kind == plan.Named && !w.checkContext(s) {
			continue
		}
		if s.Kind != plan.Builtin {
			dirs[s.Name] = append(dirs[s.Name], s.Dir)
		}
	}
	for _, p := range w.spec.Packages {
		if p.Folder != "" {
			dirs[""] = append(dirs[""], p.Folder)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		dir, ignore := w.request.context, w.request.ignore
		if name != "" {
			dir, ignore = w.request.contexts[name], nil
		}
		f, err := diskfs.Open(dir, dirs[name], ignore)
		if err != nil {
			return fmt.Errorf("opening the context %s: %w", dir, err)
		}
		w.files[name] = f
	}
	return nil
}

// checkContext reports a named context that there is none of, or that is
// something else than a folder.
func (w *workspace) checkContext(s pkgspec.Source) bool {
	dir, ok := w.request.contexts[s.Name]
	if !ok {
		hint := fmt.Sprintf("add --build-context %s=DIR", s.Name)
		if near := diag.DidYouMean(s.Name, slices.Sorted(maps.Keys(w.request.contexts))); near != "" {
			hint = near + " or " + hint
		}
		w.problems.Errorf(rules.UnknownContext, s.At, hint, "there is no named context %q", s.Name)
		return false
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return true
	}
	hint := ""
	if strings.Contains(dir, "://") || strings.HasPrefix(dir, "git@") {
		hint = "jetkit reads folders only; for Git repositories and images use docker buildx build --call=jetson.plan"
	}
	w.problems.Errorf(rules.BadContext, s.At, hint, "the named context %s is no folder: %s", s.Name, dir)
	return false
}

// trees lists what to search. The trees are Partial although all files are at
// hand: the frontend sees no more, and both must give the same plan.
func (w *workspace) trees() ([]pkgmeta.Tree, []pkgmeta.Folder) {
	var trees []pkgmeta.Tree
	for _, s := range w.spec.Sources {
		tree := pkgmeta.Tree{Kind: s.Kind, Name: s.Name, Dir: s.Dir, Optional: s.Optional, At: s.At}
		if s.Kind == plan.Builtin {
			tree.FS, tree.Dir = packages.FS, "."
		} else {
			tree.FS, tree.Partial = w.files[s.Name], true
		}
		trees = append(trees, tree)
	}
	var folders []pkgmeta.Folder
	for _, p := range w.spec.Packages {
		if p.Folder != "" {
			folders = append(folders, pkgmeta.Folder{FS: w.files[""], Path: p.Folder, Partial: true, At: p.At})
		}
	}
	return trees, folders
}

// fail makes the error that shows all problems, with those of a later step.
func (w *workspace) fail(more diag.List) error {
	list := withoutCommandLine(append(slices.Clone(w.problems), more...))
	texts := map[string][]byte{} // read now, while the folders are open
	for _, d := range list {
		if dt, err := w.read(d.At.File); err == nil && d.Severity == diag.Error {
			texts[d.At.File] = dt
		}
	}
	return &problemError{list: list, texts: texts}
}

// read gives a file by the name that it has in messages.
func (w *workspace) read(file string) ([]byte, error) {
	if file == w.request.file && file != commandLine {
		return w.request.data, nil
	}
	o := plan.ParseFile(file, func(name string) bool { return w.files[name] != nil })
	switch {
	case o.Kind == plan.Builtin:
		return fs.ReadFile(packages.FS, o.Path)
	case w.files[o.Name] == nil:
		return nil, errors.New("it is in no context")
	}
	return w.files[o.Name].ReadFile(o.Path)
}
