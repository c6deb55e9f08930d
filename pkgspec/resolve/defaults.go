package resolve

import (
	"slices"

	"jetkit/pkgspec/catalog"
)

// first returns the package that a name or pattern means among those it finds, in
// scan order, or nil if none can be used. A name that leaves the version of
// declared versions open means their default. A package of which nobody knows
// whether it can be used is what its names mean: what stands in for it may be
// another program.
func (f *finder) first(name string, found []*catalog.Package) *catalog.Package {
	for _, p := range found {
		if f.undecided(p) {
			return p
		}
		if !f.usable(p) {
			continue
		}
		if p.Variant != nil && leavesOpen(name, p) {
			return f.defaultOf(p.Variant.Set)
		}
		return p
	}
	return nil
}

// leavesOpen reports whether a name or pattern that finds a declared version finds
// it by a name that its other versions share.
func leavesOpen(name string, p *catalog.Package) bool {
	if catalog.IsPattern(name) {
		return catalog.Match(name, p.Variant.Set.Family)
	}
	return catalog.Base(name) == name
}

// defaultOf returns the version that a family's bare name means on the target:
// the first that claims to be it, or else the first of those that agree best
// with the rest of the target's defaults. It is nil if none can be used.
func (f *finder) defaultOf(set *catalog.VersionSet) *catalog.Package {
	if p, ok := f.setDefaults[set]; ok {
		return p
	}
	var fitting []*catalog.Package
	for _, p := range set.Packages {
		if p.Variant.Default != catalog.DefaultNever && f.usable(p) && slices.Contains(f.cat.Lookup(p.Name), p) {
			fitting = append(fitting, p)
		}
	}
	if len(fitting) == 0 {
		f.setDefaults[set] = nil
		return nil
	}
	best, least := fitting[0], worstMismatch+1
	// Versions that pin each other in a circle: whoever asks while this looks
	// gets the first that fits.
	f.setDefaults[set] = best
	if i := slices.IndexFunc(fitting, f.isDefault); i >= 0 {
		best, fitting = fitting[i], nil
	}
	for _, p := range fitting {
		if mismatch := f.mismatch(p); mismatch < least {
			best, least = p, mismatch
		}
	}
	f.setDefaults[set] = best
	return best
}

// isDefault reports whether a version says that it is the default on the target.
func (f *finder) isDefault(p *catalog.Package) bool {
	if p.Variant.Default != catalog.DefaultWhen {
		return false
	}
	for _, t := range p.Variant.When {
		if !f.holds(t.Value).ok {
			return false
		}
	}
	return true
}

// worstMismatch is the mismatch of a version that pins one that cannot be used.
const worstMismatch = 2

// mismatch reports how badly the versions that a package pins go with the target:
// 0 if they are its defaults, 1 if they can be used, worstMismatch if one cannot.
func (f *finder) mismatch(p *catalog.Package) int {
	mismatch := 0
	for _, text := range p.Depends {
		m := f.find(text.Value)
		switch {
		case m.pkg == nil || !f.usable(m.pkg):
			return worstMismatch
		case m.exact && m.pkg.Variant != nil && f.defaultOf(m.pkg.Variant.Set) != m.pkg:
			mismatch = 1
		}
	}
	return mismatch
}
