package resolve

import (
	"cmp"
	"slices"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// reportVariant reports a declared version that does not fit the target: as the
// whole family's, if nobody chose this one and no other fits either.
func (r *resolver) reportVariant(n *node) {
	set := n.pkg.Variant.Set
	if !n.pinned && n.pkg.Disabled == "" && r.finder.defaultOf(set) == nil && !r.anyWrong(set) {
		r.reportNoVariant(n)
		return
	}
	p, by := n.pkg, pinnedBy(n)
	if p.Disabled != "" {
		problem := r.problems.Errorf(rules.DisabledPackage, p.At, r.instead(n), "%s is disabled: %s", p.Name, p.Disabled).About(&involved{pkg: p})
		relatePath(problem, by)
		r.relateVersions(problem, set, p)
		return
	}
	for _, t := range p.Requires {
		answer := r.finder.holds(t.Value)
		if answer.ok {
			continue
		}
		if answer.wrong {
			relatePath(r.problems.Errorf(rules.BadRequirement, t.At, answer.hint, "%s: %s", p.Name, answer.why).About(&involved{pkg: p}), by)
			continue
		}
		problem := r.problems.Errorf(rules.Requirement, t.At, r.instead(n), "%s %s", p.Name, answer.why).About(&involved{pkg: p})
		relatePath(problem, by)
		r.relateTarget(problem, []*catalog.Package{p})
		r.relateVersions(problem, set, p)
	}
}

// reportNoVariant reports a family none of whose versions can be used, with why
// each of them lost.
func (r *resolver) reportNoVariant(n *node) {
	d := n.first
	if i := slices.IndexFunc(n.askedBy, func(d *demand) bool { return !d.match.exact }); i >= 0 {
		d = n.askedBy[i]
	}
	set := n.pkg.Variant.Set
	problem := r.problems.Errorf(rules.NoVariant, d.text.At, "", "no version of %s fits the target", set.Family).About(&involved{pkg: n.pkg})
	if d.by != nil {
		problem.Relate(d.text.At, "%s needs %s", d.by.pkg.Name, d.text.Value)
		relatePath(problem, d.by.first)
	}
	r.relateTarget(problem, set.Packages)
	r.relateVersions(problem, set, nil)
}

// anyWrong reports whether a requirement of any version cannot be read. Its own
// report then says more than that nothing fits.
func (r *resolver) anyWrong(set *catalog.VersionSet) bool {
	return slices.ContainsFunc(set.Packages, func(p *catalog.Package) bool {
		return slices.ContainsFunc(p.Requires, func(t diag.Text) bool { return r.finder.holds(t.Value).wrong })
	})
}

// pinnedBy returns the demand that chose a version: the user's variable before the
// user's request before packages that follow from those before any other.
func pinnedBy(n *node) *demand {
	best, rank := n.first, -1
	for _, d := range n.askedBy {
		found := 0
		switch {
		case d.variable != nil:
			found = 4
		case d.match.exact:
			found = 1 + priority(d)
		}
		if found > rank {
			best, rank = d, found
		}
	}
	return best
}

// relateVersions lists the other versions of a family, and why each cannot be
// used or that it can.
func (r *resolver) relateVersions(problem *diag.Diagnostic, set *catalog.VersionSet, but *catalog.Package) {
	for i, p := range set.Packages {
		if i == maxVersionsListed {
			problem.Relate(p.At, "and %d more versions", len(set.Packages)-i)
			return
		}
		if p == but {
			continue
		}
		fits := "it fits the target"
		if p.Variant.Default == catalog.DefaultNever {
			fits += ", but is never the default: ask for it by its version"
		}
		problem.Relate(p.At, "%s: %s", p.Name, cmp.Or(r.finder.whyNot(p), fits))
	}
}

// relateTarget reports where those values of the target come from that packages
// are at odds with.
func (r *resolver) relateTarget(problem *diag.Diagnostic, packages []*catalog.Package) {
	against := map[string]bool{}
	for _, p := range packages {
		for _, t := range p.Requires {
			for _, subject := range r.finder.holds(t.Value).about {
				against[subject] = true
			}
		}
	}
	t, asked := r.finder.target, r.spec.Target
	for _, row := range []struct {
		subject string
		value   plan.Value
		asked   platform.Asked
	}{{"L4T", t.L4T, asked.L4T}, {"CUDA", t.CUDA, asked.CUDA}, {"Python", t.Python, asked.Python}, {"Ubuntu", t.Ubuntu, asked.Ubuntu}} {
		switch {
		case !against[row.subject] || row.value.Value == "":
		case row.asked.At.File != "":
			problem.Relate(row.asked.At, "%s %s is given here", row.subject, row.value.Value)
		default:
			problem.Relate(row.asked.At, "%s is %s: %s", row.subject, row.value.Value, row.value.Reason)
		}
	}
}
