package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// Contexts are where packages come from besides the built-in library: the main
// build context, which has no name, named ones, and trees that jetson.yaml itself names.
type Contexts interface {
	// Names lists the named contexts, sorted.
	Names() []string
	// Open shows the files of a context, of which some folders are needed. Of a
	// file whose name Readable reports false for, only the name. An error that is
	// a *Refusal is a problem at the place that asks for the context.
	Open(ctx context.Context, name string, dirs []string) (fs.FS, error)
	// Fetch shows the files of a tree that jetson.yaml names, as Open does, and returns
	// which commit or digest it has; empty if nobody can tell.
	Fetch(ctx context.Context, source plan.Source, dirs []string) (files fs.FS, revision string, err error)
	// Example is how a missing context is given, after "--build-context NAME=".
	Example() string
}

// Readable reports which files describe packages, by their paths. Of a context
// only these are read before the build.
func Readable(name string) bool { return pkgmeta.IsMetadata(name) }

// Describes reports which files are read even if an ignore file leaves them out:
// those that describe packages. Tests are none of them, as the build lacks them.
func Describes(name string) bool {
	return pkgmeta.IsMetadata(name) && !strings.HasPrefix(path.Base(name), "test")
}

// Refusal is why a tree cannot be searched, for a mistake of the user's.
type Refusal struct {
	Rule          diag.Rule
	Message, Hint string
}

func (r *Refusal) Error() string { return r.Message }

// open opens the contexts and trees that packages come from.
func (p *Project) open(ctx context.Context) error {
	if p.hasFacts() {
		if err := p.openTree(ctx, plan.Origin{Kind: plan.Named, Name: plan.FactsContext}, &need{dirs: []string{"."}}); err != nil {
			return err
		}
		p.readFacts()
	}
	p.findRepositories()
	needs := p.needs()
	if p.problems.HasErrors() {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if p.files[name] != nil {
			continue
		}
		if err := p.openTree(ctx, plan.Origin{Kind: needs[name].kind, Name: name}, needs[name]); err != nil {
			return err
		}
	}
	return nil
}

// openTree opens one tree. That it cannot be searched is reported where it is asked for.
func (p *Project) openTree(ctx context.Context, tree plan.Origin, n *need) error {
	var files fs.FS
	var err error
	switch tree.Kind {
	case plan.Repository, plan.ImageTree:
		source := plan.Source{Name: tree.Name, Remote: n.remote}
		source.Revision = p.pinned(n)
		files, source.Revision, err = p.options.Contexts.Fetch(ctx, source, n.dirs)
		p.sources = append(p.sources, source)
	default:
		files, err = p.options.Contexts.Open(ctx, tree.Name, n.dirs)
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		p.problems.Errorf(refusal.Rule, n.at, refusal.Hint, "%s", refusal.Message)
		return nil
	}
	if err != nil {
		return err
	}
	p.files[tree.Name] = files
	if tree.Name != "" {
		p.opened = append(p.opened, tree)
	}
	return nil
}

// need is what of a tree is needed, and where that is said first.
type need struct {
	kind   plan.SourceKind
	remote plan.Remote
	dirs   []string
	at     diag.Range
}

// needs lists what is needed of which tree, and reports contexts there are none of.
func (p *Project) needs() map[string]*need {
	needs := map[string]*need{}
	add := func(name, dir string, n need) {
		if needs[name] == nil {
			needs[name] = &n
		}
		needs[name].dirs = append(needs[name].dirs, dir)
	}
	for _, s := range p.Spec.Sources {
		if s.Kind == plan.Named && !p.hasContext(s.Name) {
			hint := fmt.Sprintf("add --build-context %s=%s", s.Name, p.options.Contexts.Example())
			if near := diag.DidYouMean(s.Name, p.options.Contexts.Names()); near != "" {
				hint = near + " or " + hint
			}
			p.problems.Errorf(rules.UnknownContext, s.At, hint, "there is no named context %q", s.Name)
		}
		if s.Kind != plan.Builtin {
			add(s.Name, s.Dir, need{kind: s.Kind, remote: s.Remote, at: s.At})
		}
	}
	for _, ref := range p.Spec.Packages {
		if ref.Folder != "" {
			add("", ref.Folder, need{kind: plan.Context, at: ref.At})
		}
	}
	return needs
}

func (p *Project) hasContext(name string) bool {
	return slices.Contains(p.options.Contexts.Names(), name)
}
