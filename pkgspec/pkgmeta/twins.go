package pkgmeta

import (
	"path"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/rules"
)

// reportTwins reports the packages of a tree that have one real name, and returns
// those that are used. That is sound as long as their requirements tell them apart,
// and otherwise a problem of both. But if their folders have one name too,
// jetson-containers takes the first, and so does this, with a warning. Names that an
// earlier tree has taken are nobody's problem here.
func reportTwins(tree []*catalog.Package, taken map[string]bool) []*catalog.Package {
	var used []*catalog.Package
	byName := map[string][]*catalog.Package{}
	for _, p := range tree {
		if taken[p.Name] || !isTwin(p, byName[p.Name]) {
			used = append(used, p)
			byName[p.Name] = append(byName[p.Name], p)
		}
	}
	for name := range byName {
		taken[name] = true
	}
	return used
}

// isTwin reports a package whose real name and requirements an earlier one of the
// same tree has too. The result is true if that one is used in its place.
func isTwin(p *catalog.Package, earlier []*catalog.Package) bool {
	const hint = "rename one of them, or give them requirements that tell them apart"
	for _, e := range earlier {
		if !p.SameRequires(e) {
			continue
		}
		if p.Origin.Path != e.Origin.Path && path.Base(p.Origin.Path) == path.Base(e.Origin.Path) {
			e.Problems.Warnf(rules.DuplicatePackage, e.At, hint, "two packages are named %s; this one is used", p.Name).
				Relate(p.At, "the other %s, which is not used", p.Name)
			return true
		}
		for _, pair := range [][2]*catalog.Package{{e, p}, {p, e}} {
			pair[0].Problems.Errorf(rules.DuplicatePackage, pair[0].At, hint, "two packages are named %s", p.Name).
				Relate(pair[1].At, "the other %s", p.Name)
		}
		return false
	}
	return false
}
