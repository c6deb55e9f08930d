package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// maxRounds bounds how often the chain is walked until its versions settle. Two
// rounds are normal: one that finds the tags, one that applies them. Each
// further one is a version that brings in a package that decides another.
const maxRounds = 32

// settle finds the chain and the versions in it.
//
// The first try takes the normal version wherever none is named, as
// jetson-containers does. Only if named versions then disagree, a second try
// lets the names without a tag find versions that agree with them: torchvision
// beside pytorch:2.8 is then the torchvision that needs pytorch:2.8. If that
// fails too, the first try's conflicts are what the user should see.
func (r *resolver) settle() *graph {
	g, conflicts := r.rounds(false)
	if len(conflicts) > 0 {
		if adapted, left := r.rounds(true); len(left) == 0 {
			return adapted
		}
	}
	r.problems = append(r.problems, conflicts...)
	return g
}

// rounds walks the chain until the versions that its demands name are those it
// was walked with, and reports the versions that disagree.
func (r *resolver) rounds(adapt bool) (*graph, diag.List) {
	pins := map[string]*catalog.Package{}
	for round := 1; ; round++ {
		g := r.walk(pins, adapt)
		demanded := families(g.exact)
		found := map[string]*catalog.Package{}
		for _, f := range demanded {
			found[f.name] = f.versions[0].to.pkg
		}
		if maps.Equal(pins, found) {
			return g, conflicts(demanded)
		}
		if round == maxRounds {
			return g, unsettled(demanded, pins)
		}
		pins = found
	}
}

// agreement compares the versions that a package itself demands with those that
// are settled: below 0 if any is another one, above 0 if some are the same and
// none another.
func (w *walker) agreement(p *catalog.Package) int {
	agree := 0
	for _, text := range p.Depends {
		m := w.finder.find(text.Value)
		if m.pkg == nil || !m.exact {
			continue
		}
		switch pin := w.pins[m.pkg.Family()]; {
		case pin == m.pkg && m.pkg.Family() != m.pkg.Name: // it has versions
			agree = 1
		case pin != nil && pin != m.pkg:
			return -1
		}
	}
	return agree
}

// adaptation returns the first version of a package that demands the settled
// versions of others, or one that at least demands no other versions, or else
// the normal one.
func (w *walker) adaptation(name string, normal *catalog.Package) *catalog.Package {
	best, bestAgreement := normal, -1
	for _, p := range w.finder.cat.Variants(name) {
		if p.Family() != normal.Family() || !w.finder.usable(p) {
			continue
		}
		if agreement := w.agreement(p); agreement > bestAgreement {
			best, bestAgreement = p, agreement
		}
	}
	if best != normal {
		w.adapted[best] = normal
	}
	return best
}

// family is a family of packages that a chain demands by version.
type family struct {
	name string
	// versions are the demands for versions that cannot stand together, one for
	// each; the first is the one that is used. Usually there is just one.
	versions []*demand
}

// families sorts demands for versions by family, those that follow from the
// request alone first, and else in the order of the demands.
//
// A variant that itself depends on another version of its family, as
// cuda:12.6-samples on cuda:12.6, goes together with it. The one at the bottom
// is then the version.
func families(exact []*demand) []family {
	var order []string
	members := map[string][]*demand{}
	listed := map[*node]int{}
	for _, d := range exact {
		name := d.to.pkg.Family()
		if i, seen := listed[d.to]; seen {
			if priority(d) > priority(members[name][i]) {
				members[name][i] = d
			}
			continue
		}
		if members[name] == nil {
			order = append(order, name)
		}
		listed[d.to] = len(members[name])
		members[name] = append(members[name], d)
	}
	all := make([]family, len(order))
	for i, name := range order {
		versions := slices.DeleteFunc(slices.Clone(members[name]), func(d *demand) bool { return buildsOnOther(d.to) })
		if len(versions) == 0 { // they depend on each other: a cycle, reported as such
			versions = members[name][:1]
		}
		slices.SortStableFunc(versions, func(a, b *demand) int { return priority(b) - priority(a) })
		all[i] = family{name: name, versions: versions}
	}
	return all
}

// priority ranks demands that disagree: the user's own before those of pinned
// packages before the rest.
func priority(d *demand) int {
	switch {
	case d.by == nil:
		return 2
	case d.by.pinned:
		return 1
	}
	return 0
}

// buildsOnOther reports whether a package depends directly on another of its
// family.
func buildsOnOther(n *node) bool {
	return slices.ContainsFunc(n.demands, func(d *demand) bool {
		return d.to != nil && d.to != n && d.match.exact && d.to.pkg.Family() == n.pkg.Family()
	})
}

// conflicts reports families that are demanded in several versions.
func conflicts(demanded []family) diag.List {
	var problems diag.List
	for _, f := range demanded {
		if len(f.versions) < 2 {
			continue
		}
		if own := slices.IndexFunc(f.versions, func(d *demand) bool { return priority(d) < priority(f.versions[0]) }); own > 1 && f.versions[0].by == nil {
			f.versions = f.versions[:own] // the user's own disagree; the rest follows from them
		}
		var names []string
		for _, d := range f.versions {
			names = append(names, d.to.pkg.Name)
		}
		place := f.versions[len(f.versions)-1].text.At
		for _, d := range f.versions {
			if place.File == "" { // a build argument
				place = d.text.At
			}
		}
		problem := problems.Errorf(rules.VersionConflict, place, conflictHint(f), "%s is needed in %s versions: %s",
			f.name, count(len(names)), strings.Join(names, " and "))
		for _, d := range f.versions {
			relatePath(problem, d)
		}
	}
	return problems
}

// conflictHint returns what would make the versions agree.
func conflictHint(f family) string {
	var asked, needed []string
	for _, d := range f.versions {
		switch {
		case d.variable != nil:
			asked = append(asked, d.variable.name+"="+d.variable.value)
		case d.by == nil:
			asked = append(asked, d.text.Value)
		default:
			needed = append(needed, fmt.Sprintf("%s (for %s)", d.to.pkg.Name, d.by.pkg.Name))
		}
	}
	switch {
	case len(needed) == 0:
		return "an image holds one version of a package; ask for one of them"
	case len(asked) > 0:
		return "ask for " + strings.Join(needed, " or ") + " instead of " + strings.Join(asked, " and ") + ", or for other versions of the packages that need it"
	}
	return "an image holds one version of a package; choose versions of the packages below that need the same one, or leave one of them out"
}

// unsettled reports a version that the last round changed again.
func unsettled(demanded []family, pins map[string]*catalog.Package) diag.List {
	var problems diag.List
	for _, f := range demanded {
		d := f.versions[0]
		if pins[f.name] == d.to.pkg {
			continue
		}
		before := "another version"
		if pins[f.name] != nil {
			before = pins[f.name].Name
		}
		problem := problems.Errorf(rules.UnsettledVersions, d.text.At, "ask for one version of "+f.name+" by its tag",
			"the version of %s does not settle: a chain with %s needs %s, which changes the chain", f.name, before, d.to.pkg.Name)
		relatePath(problem, d)
		return problems
	}
	problems.Errorf(rules.UnsettledVersions, diag.Range{}, "ask for versions by their tags", "the versions in the chain do not settle")
	return problems
}

// count prints small numbers as words.
func count(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}
