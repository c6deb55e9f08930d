// Package project goes from a jetson.yaml to its plan: it reads the file, opens
// the contexts that packages come from, finds the packages, and resolves them.
// The frontend and the command line differ in where files are and in who runs
// config.py files, and in nothing else.
package project

import (
	"context"
	"io/fs"
	"sync"

	"jetkit/packages"
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/check"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lock"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/resolve"
)

// Options are what a request consists of.
type Options struct {
	// File is the name that positions in Data, a jetson.yaml, refer to.
	File string
	Data []byte
	// Args are the build arguments. Flags are other options of the command line
	// that some of them stand for, by the argument's name.
	Args, Flags map[string]string
	// Complete adds to the file what the caller knows besides. It may be nil.
	Complete func(*pkgspec.Spec) error
	Contexts Contexts
	// Lock is the text of the lock that stands beside File; nil if there is none.
	Lock []byte
	// Locking is set to make a lock: what the one that is there has counts, and what it
	// lacks is no fault.
	Locking bool
	// Evaluator returns what runs the config.py files, nil if nothing does.
	Evaluator func(*pkgspec.Spec) configpy.Evaluator
	// NotRun is as in pkgmeta.ScanOptions.
	NotRun string
}

// Project is a jetson.yaml that was read, with its contexts open.
type Project struct {
	Spec *pkgspec.Spec

	options  Options
	problems diag.List
	files    map[string]fs.FS // by the name of the tree, "" is the main context
	opened   []plan.Origin    // the trees of files, but for the main context
	sources  []plan.Source    // those of opened that jetson.yaml itself names
	// lock is nil if there is none, or it does not count.
	lock *lock.Lock
	// checks tell which warnings the user wants to see; own are the options of jetson.yaml.
	checks check.Set
	own    check.Options

	mu    sync.Mutex
	found map[plan.Target]search
}

// search is what was found for a target.
type search struct {
	catalog  *catalog.Catalog
	problems diag.List
}

// Load reads a jetson.yaml and opens the contexts that it names. All problems of
// both are reported together. With an error among them the project has no Spec,
// or lacks contexts; it can still read files.
func Load(ctx context.Context, o Options) (*Project, diag.List, error) {
	p := &Project{options: o, files: map[string]fs.FS{}, found: map[plan.Target]search{}}
	p.Spec, p.problems = pkgspec.LoadWithOptions(o.File, o.Data, o.Args, o.Flags)
	p.readChecks()
	if p.Spec == nil || p.problems.HasErrors() {
		p.Spec = nil
		return p, p.with(), nil
	}
	if o.Complete != nil {
		if err := o.Complete(p.Spec); err != nil {
			return p, p.with(), err
		}
	}
	p.Spec.Target.Base = p.askedBase()
	p.readLock()
	err := p.open(ctx)
	return p, p.with(), err
}

// askedBase returns what the user wants the chain to build on, if anything: the
// named context, or what the file or BASE_IMAGE names.
func (p *Project) askedBase() platform.Asked {
	base := p.Spec.Base
	if p.hasContext(plan.BaseContext) {
		return platform.Asked{Value: plan.BaseContext, From: "--build-context " + plan.BaseContext}
	}
	from := "--build-arg BASE_IMAGE"
	if base.At.File != "" {
		from = base.At.String()
	}
	return platform.Asked{Value: base.Value, From: from, At: base.At}
}

// Listing is all packages there are, for the target as the file asks for it.
type Listing struct {
	Target  plan.Target
	Base    plan.Value
	Catalog *catalog.Catalog
}

// List finds all packages. The problems are those of Load too.
func (p *Project) List(ctx context.Context) (Listing, diag.List, error) {
	target, base, problems := platform.Resolve(p.Spec.Target)
	cat, more, err := p.catalog(ctx, target)
	return Listing{Target: target, Base: base, Catalog: cat}, p.with(problems, more), err
}

// Solve resolves the packages that the file asks for. The plan is nil if one of
// the problems, which are those of Load too, is an error.
func (p *Project) Solve(ctx context.Context) (*plan.Plan, diag.List, error) {
	solution, problems, err := resolve.Solve(p.Spec, func(target plan.Target) (*catalog.Catalog, diag.List, error) {
		return p.catalog(ctx, target)
	})
	if solution.Plan != nil {
		solution.Plan.Sources = p.sourcesOf(solution.Plan)
		problems = append(problems, p.lint(solution.Plan, solution.Catalog).Warnings()...)
		if differs := p.compareLock(solution.Plan); len(differs) > 0 {
			return nil, p.with(problems, differs), err
		}
	}
	return solution.Plan, p.with(problems), err
}

func (p *Project) with(more ...diag.List) diag.List {
	all := append(diag.List(nil), p.problems...)
	for _, list := range more {
		all = append(all, list...)
	}
	return p.Filter(all)
}

// Catalog returns the packages for a target: those of a plan for that plan's.
func (p *Project) Catalog(ctx context.Context, target plan.Target) (*catalog.Catalog, error) {
	found, _, err := p.catalog(ctx, target)
	return found, err
}

// catalog finds the packages for a target, once.
func (p *Project) catalog(ctx context.Context, target plan.Target) (*catalog.Catalog, diag.List, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.found[target]; ok {
		return found.catalog, found.problems, nil
	}
	trees, folders := p.trees()
	options := pkgmeta.ScanOptions{NotRun: p.options.NotRun, Facts: p.Spec.Target.Tables.ForTree(target), Args: p.Spec.Args}
	if p.options.Evaluator != nil {
		options.Evaluator = p.options.Evaluator(p.Spec)
	}
	cat, problems := pkgmeta.Scan(ctx, trees, folders, options)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	p.found[target] = search{cat, problems}
	return cat, problems, nil
}

// trees lists what to search.
func (p *Project) trees() ([]pkgmeta.Tree, []pkgmeta.Folder) {
	var trees []pkgmeta.Tree
	for _, s := range p.Spec.Sources {
		tree := pkgmeta.Tree{Kind: s.Kind, Name: s.Name, Dir: s.Dir, Optional: s.Optional, At: s.At, FS: p.files[s.Name]}
		if s.Kind == plan.Builtin {
			tree.FS, tree.Dir = packages.FS, "."
		}
		trees = append(trees, tree)
	}
	var folders []pkgmeta.Folder
	for _, ref := range p.Spec.Packages {
		if ref.Folder != "" {
			folders = append(folders, pkgmeta.Folder{FS: p.files[""], Path: ref.Folder, At: ref.At})
		}
	}
	return trees, folders
}

// ReadFile reads a file by the name that it has in messages.
func (p *Project) ReadFile(file string) ([]byte, error) {
	switch file {
	case p.file():
		return p.options.Data, nil
	case lock.Name(p.file()):
		return p.options.Lock, nil
	}
	origin := plan.ParseFile(file, append([]plan.Origin{{Kind: plan.Builtin}}, p.opened...))
	return fs.ReadFile(p.Files(origin), origin.Path)
}

// Files returns the tree that a package's folder is in.
func (p *Project) Files(o plan.Origin) fs.FS {
	if o.Kind == plan.Builtin {
		return packages.FS
	}
	if files := p.files[o.Name]; files != nil {
		return files
	}
	return nothing{}
}

// nothing is a file system without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
