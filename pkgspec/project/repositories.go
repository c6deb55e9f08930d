package project

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/remote"
	"jetkit/pkgspec/rules"
)

// findRepositories looks up the names that stand for repositories. A named context of such
// a name is searched in its place, as one takes the place of an image in a Dockerfile.
func (p *Project) findRepositories() {
	for i := range p.Spec.Sources {
		s := &p.Spec.Sources[i]
		if s.Kind != plan.Repository || s.Remote.Git != "" {
			continue
		}
		name, _, _ := strings.Cut(s.Name, "#")
		known, ok := p.Spec.Target.Tables.Repository(name)
		if p.hasContext(name) {
			s.Dir = path.Join(cmp.Or(s.Remote.Dir, known.Dir), s.Dir)
			s.Kind, s.Name, s.Remote = plan.Named, name, plan.Remote{}
			continue
		}
		if !ok {
			names := p.Spec.Target.Tables.Repositories()
			hint := cmp.Or(diag.DidYouMean(name, names), "write a URL, as in "+remote.Example+"; the names that stand for one are "+diag.And(names))
			p.problems.Errorf(rules.UnknownRepository, s.At, hint, "no repository is known as %s", name)
			continue
		}
		s.Remote.Git, s.Remote.Ref, s.Remote.Dir = known.Git, cmp.Or(s.Remote.Ref, known.Ref), cmp.Or(s.Remote.Dir, known.Dir)
	}
}

// sourcesOf lists the trees elsewhere that packages of a plan are from.
func (p *Project) sourcesOf(resolved *plan.Plan) []plan.Source {
	var used []plan.Source
	for _, s := range p.Spec.Sources {
		i := slices.IndexFunc(p.sources, func(found plan.Source) bool { return found.Name == s.Name })
		isOf := func(step plan.Step) bool { return step.Origin.Kind == s.Kind && step.Origin.Name == s.Name }
		if i >= 0 && slices.ContainsFunc(resolved.Steps, isOf) && !slices.Contains(used, p.sources[i]) {
			used = append(used, p.sources[i])
		}
	}
	return used
}
