package resolve

import (
	"slices"
	"strings"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/upstream"
)

// reportMissing reports a demand that no package answers.
func (r *resolver) reportMissing(d *demand, suggest bool) {
	tagged := r.tagged(d.text.Value)
	hint := ""
	switch {
	case len(tagged) > 0:
		hint = r.thereIs(tagged)
	case r.isUpstream(d.text.Value):
		hint = "jetson-containers has it\n" + r.inUpstream(d)
	case suggest:
		hint = r.suggest(d)
	}
	hint = r.andLeftOut(hint, d.text.Value)
	if suggest && hint == "" {
		hint = r.withoutDefault()
	}
	var problem *diag.Diagnostic
	switch {
	case d.by == nil && catalog.IsPattern(d.text.Value):
		problem = r.problems.Errorf(rules.MissingPackage, d.text.At, hint, "no package matches %s", d.text.Value)
	case d.by == nil:
		problem = r.problems.Errorf(rules.MissingPackage, d.text.At, hint, "there is no package %s", d.text.Value)
	default:
		problem = r.problems.Errorf(rules.MissingPackage, d.text.At, hint, "%s needs %s, but there is no such package", d.by.pkg.Name, d.text.Value)
		relatePath(problem, d.by.first)
	}
	r.relateUnfit(problem, tagged)
}

// andLeftOut adds to a hint about a missing name the folders that the search left
// out: the one of that name, else all that an ignore file leaves out.
func (r *resolver) andLeftOut(hint, name string) string {
	more := ""
	if folder, ok := r.cat.LeftOutBefore(name, nil); ok {
		more = folder.Folder + " is not searched: " + folder.Why
	} else if ignored := r.cat.Ignored(); len(ignored) > 0 {
		more = "not searched, as .dockerignore leaves it out: " + diag.Some(ignored, ", ", maxListed)
	}
	return strings.Trim(hint+"\n"+more, "\n")
}

// suggest returns what somebody may have meant who asks for a package that there is not:
// one of the packages, or else one of jetson-containers.
func (r *resolver) suggest(d *demand) string {
	if hint := r.cat.Suggest(d.text.Value); hint != "" || catalog.IsPattern(d.text.Value) || r.searchesUpstream() {
		return hint
	}
	if near := diag.Nearest(catalog.Base(d.text.Value), upstream.Names()); near != "" {
		return "did you mean " + near + ", which jetson-containers has?\n" + r.inUpstream(d)
	}
	return ""
}

// isUpstream reports whether jetson-containers has what a name or pattern means, and the
// packages are not searched there already.
func (r *resolver) isUpstream(name string) bool {
	return !r.searchesUpstream() && slices.ContainsFunc(upstream.Names(), func(n string) bool { return catalog.Match(catalog.Base(name), n) })
}

// searchesUpstream reports whether the packages are also searched in jetson-containers, or
// in a tree that is called like it.
func (r *resolver) searchesUpstream() bool {
	repository, _ := r.spec.Target.Tables.Repository(upstream.Name)
	return slices.ContainsFunc(r.spec.Sources, func(s pkgspec.Source) bool {
		return s.Kind == plan.Named && s.Name == upstream.Name || s.Kind == plan.Repository && s.Remote.Git == repository.Git
	})
}

// inUpstream says how to have a package that jetson-containers' tree has.
func (r *resolver) inUpstream(d *demand) string {
	entry := "{git: " + upstream.Name + "}"
	where := "sources: [builtin, " + entry + "]"
	switch {
	case slices.ContainsFunc(r.spec.Sources, func(s pkgspec.Source) bool { return !s.Optional && s.At.File != "" }):
		where = entry + " among the sources"
	case slices.ContainsFunc(r.cat.Packages(), func(p *catalog.Package) bool { return p.Origin.Kind == plan.Context }):
		where = "sources: [{dir: packages}, builtin, " + entry + "]"
	}
	if d.text.At.File == "" {
		return "  in jetkit's command: --source " + upstream.Name + "\n  in a jetson.yaml: " + where
	}
	return "  in jetson.yaml: " + where
}
