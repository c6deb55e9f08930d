package resolve

import (
	"errors"
	"slices"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// finder finds the package that a name means on one target. What it learns
// about names and packages it keeps, so each is looked at once.
type finder struct {
	cat      *catalog.Catalog
	target   plan.Target
	parsed   map[string]requirement
	fits     map[*catalog.Package]bool
	defaults map[string]match
	// setDefaults are the defaults of declared versions.
	setDefaults map[*catalog.VersionSet]*catalog.Package
}

// requirement is a parsed requirement's answer on the target.
type requirement struct {
	ok   bool
	why  string
	hint string
	// about names the values of the target that it fails on.
	about []string
	// wrong marks a text that is no requirement.
	wrong bool
}

// match is what a name finds.
type match struct {
	// pkg is the first package that can be used, or if none can the first, or
	// nil if there is none.
	pkg *catalog.Package
	// exact reports that no other version can stand in for pkg: the name has a
	// tag, is a pattern, or is pkg's alone.
	exact bool
	// several reports that a pattern found more than this one.
	several bool
}

func newFinder(cat *catalog.Catalog, target plan.Target) *finder {
	return &finder{
		cat: cat, target: target,
		parsed:   map[string]requirement{},
		fits:     map[*catalog.Package]bool{},
		defaults: map[string]match{}, setDefaults: map[*catalog.VersionSet]*catalog.Package{},
	}
}

// find finds a package by name or pattern: the first in scan order that is
// enabled and whose requirements hold.
func (f *finder) find(name string) match {
	if m, ok := f.defaults[name]; ok {
		return m
	}
	found := f.cat.Lookup(name)
	m := match{exact: catalog.IsPattern(name) || catalog.Base(name) != name, several: catalog.IsPattern(name) && len(found) > 1}
	m.pkg = f.first(name, found)
	switch {
	case m.pkg != nil:
	case len(found) > 0:
		m.pkg = found[0]
	default:
		m.pkg = f.cat.UnknownBefore(name, nil)
	}
	if m.pkg != nil && !m.exact {
		m.exact = !slices.ContainsFunc(f.cat.Variants(name), func(p *catalog.Package) bool {
			return p.Name != m.pkg.Name && p.Family() == m.pkg.Family()
		})
	}
	f.defaults[name] = m
	return m
}

// usable reports whether a package is enabled and its requirements hold.
func (f *finder) usable(p *catalog.Package) bool {
	if p.Disabled != "" {
		return false
	}
	fits, known := f.fits[p]
	if !known {
		fits = !slices.ContainsFunc(p.Requires, func(t diag.Text) bool { return !f.holds(t.Value).ok })
		f.fits[p] = fits
	}
	return fits
}

// undecided reports whether nobody knows if a package can be used: it is unknown, or
// one of its requirements is no requirement and all others hold.
func (f *finder) undecided(p *catalog.Package) bool {
	if p.Disabled != "" {
		return p.Unknown
	}
	wrong := false
	for _, t := range p.Requires {
		answer := f.holds(t.Value)
		if !answer.ok && !answer.wrong {
			return false
		}
		wrong = wrong || answer.wrong
	}
	return wrong
}

// holds answers a requirement.
func (f *finder) holds(text string) requirement {
	if answer, ok := f.parsed[text]; ok {
		return answer
	}
	var answer requirement
	parsed, err := platform.ParseRequirement(text)
	if err == nil {
		answer.ok, answer.why = parsed.Holds(f.target)
		answer.about = parsed.FailsOn(f.target)
	} else {
		answer = requirement{wrong: true, why: err.Error()}
		if wrong, ok := errors.AsType[*platform.RequirementError](err); ok {
			answer.why, answer.hint = wrong.Message, wrong.Hint
		}
	}
	f.parsed[text] = answer
	return answer
}

// whyNot explains in a few words why a package cannot be used.
func (f *finder) whyNot(p *catalog.Package) string {
	if p.Disabled != "" {
		return "it is disabled: " + p.Disabled
	}
	for _, t := range p.Requires {
		if answer := f.holds(t.Value); !answer.ok {
			return answer.why
		}
	}
	return ""
}
