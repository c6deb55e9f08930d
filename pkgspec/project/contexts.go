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
// build context, which has no name, and named ones.
type Contexts interface {
	// Names lists the named contexts, sorted.
	Names() []string
	// Open shows the files of a context, of which some folders are needed. Of a
	// file whose name Readable reports false for, only the name. An error that is
	// a *Refusal is a problem at the place that asks for the context.
	Open(ctx context.Context, name string, dirs []string) (fs.FS, error)
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

// Refusal is why a context cannot be searched, for a mistake of the user's.
type Refusal struct {
	Rule          diag.Rule
	Message, Hint string
}

func (r *Refusal) Error() string { return r.Message }

// open opens the contexts that packages come from.
func (p *Project) open(ctx context.Context) error {
	needs := p.needs()
	if p.problems.HasErrors() {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		files, err := p.options.Contexts.Open(ctx, name, needs[name].dirs)
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			p.problems.Errorf(refusal.Rule, needs[name].at, refusal.Hint, "%s", refusal.Message)
			continue
		}
		if err != nil {
			return err
		}
		p.files[name] = files
	}
	p.readFacts()
	return nil
}

// need is what of a context is needed, and where that is said first.
type need struct {
	dirs []string
	at   diag.Range
}

// needs lists what is needed of which context, and reports those there are none of.
func (p *Project) needs() map[string]*need {
	needs := map[string]*need{}
	add := func(name, dir string, at diag.Range) {
		if needs[name] == nil {
			needs[name] = &need{at: at}
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
			add(s.Name, s.Dir, s.At)
		}
	}
	for _, ref := range p.Spec.Packages {
		if ref.Folder != "" {
			add("", ref.Folder, ref.At)
		}
	}
	if p.hasFacts() {
		add(plan.FactsContext, ".", diag.Range{})
	}
	return needs
}

func (p *Project) hasContext(name string) bool {
	return slices.Contains(p.options.Contexts.Names(), name)
}
