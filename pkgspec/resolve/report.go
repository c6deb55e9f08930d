package resolve

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

const (
	// maxPath is how many steps of a path of demands a message shows.
	maxPath = 10
	// maxSuggestions bounds how many missing names are compared with all others.
	maxSuggestions = 20
	// maxListed bounds the candidates that a message lists.
	maxListed = 8
)

// report reports everything that keeps the chain from being built.
func (r *resolver) report(g *graph) {
	r.reportFolders(g)
	r.reportUnknownVersions(g)
	for i, d := range g.missing {
		r.reportMissing(d, i < maxSuggestions)
	}
	for _, n := range g.reached {
		if !n.inChain() {
			continue
		}
		if n.pkg.Unknown && n.pkg.Problems.HasErrors() {
			r.reportFailed(n)
			continue
		}
		switch {
		case r.finder.usable(n.pkg):
			r.reportTwins(n)
			r.reportSubstitute(n)
		case n.pkg.Variant != nil:
			r.reportVariant(n)
		default:
			r.reportUnusable(n)
		}
		r.reportProblems(n)
	}
	for i, d := range g.cycles {
		if i < maxListed {
			r.reportCycle(d)
		}
	}
}

// reportFolders reports requested folders that declare several packages.
func (r *resolver) reportFolders(g *graph) {
	for i, ref := range r.spec.Packages {
		if ref.Folder == "" || !g.roots[i].match.several {
			continue
		}
		var names []string
		for _, p := range r.cat.InFolder(ref.Folder) {
			names = append(names, p.Name)
		}
		r.problems.Errorf(rules.SeveralPackages, ref.At, "ask for one of them by its name", "the folder %s declares %s packages: %s",
			ref.Folder, count(len(names)), strings.Join(names, ", "))
	}
}

// relateUnfit lists why each of some packages cannot be used, but for those that can.
func (r *resolver) relateUnfit(problem *diag.Diagnostic, packages []*catalog.Package) {
	unfit := slices.DeleteFunc(slices.Clone(packages), r.finder.usable)
	for i, p := range unfit {
		if i == maxVersionsListed {
			problem.Relate(p.At, "and %d more", len(unfit)-i)
			return
		}
		problem.Relate(p.At, "%s: %s", p.Name, r.finder.whyNot(p))
	}
}

// tagged returns the packages that a name would find with another tag.
func (r *resolver) tagged(name string) []*catalog.Package {
	if catalog.IsPattern(name) {
		return nil
	}
	return r.cat.Variants(catalog.Base(name))
}

// thereIs names those of some packages that fit the target, or says that none does.
func (r *resolver) thereIs(packages []*catalog.Package) string {
	var fit, all []string
	for _, p := range packages {
		if !slices.Contains(all, p.Name) {
			all = append(all, p.Name)
		}
		if r.finder.usable(p) && !slices.Contains(fit, p.Name) {
			fit = append(fit, p.Name)
		}
	}
	if len(fit) == 0 {
		return "there is " + diag.Some(all, ", ", maxListed) + ", but not for this target"
	}
	return "on this target there is " + diag.Some(fit, ", ", maxListed)
}

// reportFailed reports a package that is disabled by one of its problems, by that
// problem.
func (r *resolver) reportFailed(n *node) {
	from := len(r.problems)
	r.reportProblems(n)
	for i := range r.problems[from:] {
		problem := &r.problems[from+i]
		if problem.Severity == diag.Error {
			problem.About(&involved{pkg: n.pkg})
			problem.Hint = strings.Trim(problem.Hint+"\n"+r.instead(n), "\n")
			r.relateCandidates(problem, n)
			return
		}
	}
}

// reportUnusable reports a package that is disabled or does not fit the target,
// and the other packages that its name finds, with why each of them lost.
func (r *resolver) reportUnusable(n *node) {
	p := n.pkg
	var last *diag.Diagnostic
	if p.Disabled != "" {
		last = r.problems.Errorf(rules.DisabledPackage, p.At, r.instead(n), "%s is disabled: %s", p.Name, p.Disabled).About(&involved{pkg: p})
		relatePath(last, n.first)
	}
	for _, t := range p.Requires {
		answer := r.finder.holds(t.Value)
		switch {
		case answer.ok || p.Disabled != "" && !answer.wrong:
			continue
		case answer.wrong:
			last = r.problems.Errorf(rules.BadRequirement, t.At, answer.hint, "%s: %s", p.Name, answer.why).About(&involved{pkg: p})
		default:
			last = r.problems.Errorf(rules.Requirement, t.At, r.instead(n), "%s %s", p.Name, answer.why).About(&involved{pkg: p})
		}
		relatePath(last, n.first)
	}
	if last != nil {
		r.relateCandidates(last, n)
	}
}

// instead names versions of a package's family that can be used.
func (r *resolver) instead(n *node) string {
	family := r.cat.Variants(n.pkg.Family())
	if !slices.ContainsFunc(family, r.finder.usable) {
		return ""
	}
	return r.thereIs(family)
}

// relateCandidates lists the other packages that a demand's name finds.
func (r *resolver) relateCandidates(problem *diag.Diagnostic, n *node) {
	listed := 0
	for _, p := range r.cat.Lookup(n.first.text.Value) {
		if p != n.pkg && listed < maxListed {
			listed++
			why := cmp.Or(r.finder.whyNot(p), "it is another package; ask for it by this name if you mean it")
			problem.Relate(p.At, "%s cannot stand in: %s", p.Name, why)
		}
	}
}

// reportTwins reports a second package of the same name that could be used just
// as well. (The catalog reports those whose requirements are the same.)
func (r *resolver) reportTwins(n *node) {
	for _, p := range r.cat.Lookup(n.pkg.Name) {
		if p == n.pkg || p.Name != n.pkg.Name || sameSet(p, n.pkg) || p.Superseded || !r.finder.usable(p) || n.pkg.Problems.HasErrors() {
			continue
		}
		r.problems.Errorf(rules.DuplicatePackage, n.pkg.At, "rename one of them, or let their requirements exclude each other",
			"two packages are named %s, and both fit this target", p.Name).
			Relate(p.At, "the other %s", p.Name)
		return
	}
}

// sameSet reports whether two packages are rows of one list of variants, of which the first
// that fits is used.
func sameSet(p, q *catalog.Package) bool {
	return p.Variant != nil && q.Variant != nil && p.Variant.Set == q.Variant.Set
}

// reportSubstitute warns of a package that an earlier tree may have too: an unknown
// package of that name, or a folder that was left out.
func (r *resolver) reportSubstitute(n *node) {
	name, text := n.pkg.Name, n.first.text
	if unknown := r.cat.UnknownBefore(name, n.pkg); unknown != nil {
		r.problems.Warnf(rules.UnknownPackage, text.At, "", "%s is taken from %s, but %s may declare it too", name, n.pkg.Origin, unknown.Name).
			Relate(unknown.At, "%s is disabled: %s", unknown.Name, unknown.Disabled)
	}
	for _, called := range []string{text.Value, name} {
		folder, ok := r.cat.LeftOutBefore(called, n.pkg)
		if !ok {
			continue
		}
		r.problems.Warnf(rules.UnknownPackage, text.At, "", "%s is taken from %s, but %s may hold it too: %s", name, n.pkg.Origin, folder.Folder, folder.Why)
		return
	}
}

// reportProblems hands on the faults of a package's metadata, with the path
// that leads to the package.
func (r *resolver) reportProblems(n *node) {
	for _, problem := range n.pkg.Problems {
		problem.Related = slices.Clone(problem.Related)
		if problem.Severity == diag.Error {
			relatePath(&problem, n.first)
		}
		r.problems = append(r.problems, problem)
	}
}

// reportBystanders turns faults of packages that are not in the chain into
// warnings.
func (r *resolver) reportBystanders(g *graph) {
	for _, p := range r.cat.Packages() {
		if n := g.nodes[p]; n != nil && n.inChain() {
			continue
		}
		for _, problem := range p.Problems {
			if problem.Severity == diag.Error {
				problem.Severity = diag.Warning
				r.problems = append(r.problems, problem)
			}
		}
	}
}

// reportCycle reports a circle of demands, with the whole way round.
func (r *resolver) reportCycle(cycle []*demand) {
	names := []string{cycle[0].by.pkg.Name}
	for _, d := range cycle {
		names = append(names, d.to.pkg.Name)
	}
	problem := r.problems.Errorf(rules.DependencyCycle, cycle[0].text.At, "remove one of these dependencies, or skip one of the packages",
		"packages depend on each other in a circle: %s", strings.Join(names, " -> "))
	inCycle := map[*node]bool{}
	for _, d := range cycle {
		inCycle[d.by] = true
		problem.Relate(d.text.At, "%s needs %s", d.by.pkg.Name, asCalled(d.text.Value, d.to.pkg.Name))
	}
	for _, d := range cycle {
		if entry := d.by.first; entry.by == nil || !inCycle[entry.by] {
			relatePath(problem, entry)
			return
		}
	}
}

// relatePath adds the way from a demand back to the user's request to a problem.
func relatePath(problem *diag.Diagnostic, d *demand) {
	route := d.route()
	about := subjectOf(problem)
	about.viaVersion = about.viaVersion || route.viaVersion
	for step := 0; d.by != nil && step < maxPath; step++ {
		problem.Relate(d.text.At, "%s needs %s", d.by.pkg.Name, asCalled(d.text.Value, d.to.pkg.Name))
		d = d.by.first
	}
	between := ""
	if route.steps > maxPath {
		between = fmt.Sprintf(" (%d more packages in between)", route.steps-maxPath)
	}
	d = route.root
	if d.variable != nil {
		problem.Relate(d.text.At, "%s is selected by %s%s", d.to.pkg.Name, d.variable.from, between)
		return
	}
	problem.Relate(d.text.At, "%s is requested%s", asCalled(d.text.Value, d.to.pkg.Name), between)
}

// involved is the subject of a problem of the chain.
type involved struct {
	// pkg is the package that the problem is about; nil if it is about no single one.
	pkg *catalog.Package
	// viaVersion reports whether a declared version demands it, however indirectly.
	viaVersion bool
}

// subjectOf returns a problem's subject. A fault of a package's metadata, which has
// another one, gets nothing added.
func subjectOf(problem *diag.Diagnostic) *involved {
	if problem.Subject == nil {
		problem.Subject = &involved{}
	}
	if about, ok := problem.Subject.(*involved); ok {
		return about
	}
	return &involved{}
}

// declared reports whether a declared version takes part in the problem.
func (i *involved) declared() bool {
	return i.viaVersion || i.pkg != nil && i.pkg.Variant != nil
}

// asCalled returns a package's name, with the name it was asked by if that is
// another.
func asCalled(by, name string) string {
	if by == name {
		return name
	}
	return name + " (as " + by + ")"
}

// reportUnused warns of names in skip and in the sections for steps that nothing in the
// chain goes by: they are likely typing mistakes. One in layers.chain that no package
// at all goes by is an error: the image would be another one than the user believes.
func (r *resolver) reportUnused(g *graph) {
	var names []string
	seen := map[string]bool{}
	for _, n := range g.reached {
		for _, name := range n.pkg.Names() {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	var secrets, ssh []diag.Text
	for _, s := range r.spec.Tests.Secrets {
		secrets = append(secrets, s.Packages...)
	}
	for _, s := range r.spec.Tests.SSH {
		ssh = append(ssh, s.Packages...)
	}
	var resources []diag.Text
	for _, s := range r.spec.Resources {
		resources = append(resources, s.Package)
	}
	for _, list := range []struct {
		key   string
		texts []diag.Text
	}{{"resources", resources}, {"tests.secrets", secrets}, {"tests.ssh", ssh}, {"skip", r.spec.Skip}, {"tests.skip", r.spec.Tests.Skip}, {"tests.only", r.spec.Tests.Only}, {"layers.chain", r.spec.Layers.Chain}, {"build.privileged", r.spec.Build.Privileged}, {"tests.privileged", r.spec.Tests.Privileged}} {
		for _, text := range list.texts {
			if !g.uses(text.Value) {
				report := r.problems.Warnf
				if list.key == "layers.chain" && !r.known(text.Value) {
					report = r.problems.Errorf
				}
				report(rules.UnusedName, text.At, diag.DidYouMean(text.Value, names), "%s: no package of the chain goes by %s", list.key, text.Value)
			}
		}
	}
	for _, d := range g.roots {
		if d.to != nil && d.to.skipped {
			r.problems.Warnf(rules.SkippedRequest, d.text.At, "take it out of packages or out of skip", "%s is requested, but skip leaves it out", d.text.Value)
		}
	}
}

// known reports whether any package at all goes by a name or pattern.
func (r *resolver) known(by string) bool {
	return slices.ContainsFunc(r.cat.Packages(), func(p *catalog.Package) bool { return p.Matches(by) })
}

// uses reports whether any package of the chain, or one that is left out of it,
// goes by a name or pattern.
func (g *graph) uses(by string) bool {
	for _, n := range g.reached {
		if (!n.excluded || n.skipped) && n.pkg.Matches(by) {
			return true
		}
	}
	return slices.ContainsFunc(g.absent, func(d *demand) bool { return leftOut([]diag.Text{{Value: by}}, d.text.Value) })
}
