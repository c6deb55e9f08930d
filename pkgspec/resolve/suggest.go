package resolve

import (
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// maxAttempts bounds how many changes are tried for a suggestion.
const maxAttempts = 12

// versionRules are the problems that another choice of versions may solve.
var versionRules = []diag.Rule{rules.NoVariant, rules.Requirement, rules.VersionConflict, rules.UnknownVersion}

// change is something that the user can write otherwise.
type change struct {
	// what says it, as an instruction.
	what string
	spec *pkgspec.Spec
	// last marks a larger change, tried only if no other helps.
	last bool
}

// suggest tries the smallest changes to what the user gave, and adds those that
// lead to a plan to the first problem about versions. Nothing is guessed: each
// was resolved as if the user had made it.
func (s *solver) suggest() {
	problem := s.versionProblem()
	if problem == nil {
		return
	}
	var helpful []string
	for i, c := range s.changes() {
		if i == maxAttempts {
			break
		}
		if c.last && len(helpful) > 0 {
			continue
		}
		attempt := solver{spec: c.spec, catalog: s.catalog}
		if err := attempt.solve(); err != nil || attempt.solution.Plan == nil || attempt.problems.HasErrors() {
			continue
		}
		helpful = append(helpful, c.what+s.outcome(attempt.solution))
	}
	if len(helpful) == 0 {
		return
	}
	hint := strings.Join(helpful, "\nor ")
	if problem.Hint != "" {
		hint = problem.Hint + "\n" + hint
	}
	problem.Hint = hint
}

// versionProblem finds the first problem in which a declared version takes
// part, if there are no problems but those about versions.
func (s *solver) versionProblem() *diag.Diagnostic {
	if s.solution.Catalog == nil {
		return nil
	}
	var first *diag.Diagnostic
	for i := range s.problems {
		d := &s.problems[i]
		switch {
		case d.Severity != diag.Error:
		case !slices.Contains(versionRules, d.Rule):
			return nil
		case first == nil && subjectOf(d).declared():
			first = d
		}
	}
	return first
}

// changes lists what the user could leave out, the smallest change first, and
// the CUDAs that the user could set.
func (s *solver) changes() []change {
	var all []change
	try := func(what string, last bool, edit func(*pkgspec.Spec)) {
		spec := *s.spec
		spec.Args = maps.Clone(s.spec.Args)
		edit(&spec)
		all = append(all, change{what, &spec, last})
	}
	t := s.spec.Target
	for _, value := range []struct {
		key, arg string
		asked    platform.Asked
		drop     func(*platform.Request)
	}{
		{"cuda", "CUDA_VERSION", t.CUDA, func(t *platform.Request) { t.CUDA = platform.Asked{} }},
		{"python", "PYTHON_VERSION", t.Python, func(t *platform.Request) { t.Python = platform.Asked{} }},
		{"ubuntu", "LSB_RELEASE", t.Ubuntu, func(t *platform.Request) { t.Ubuntu = platform.Asked{} }},
	} {
		if value.asked.Value == "" {
			continue
		}
		name := s.bothOf(value.arg, "target."+value.key)
		if value.asked.At.File != "" {
			name = value.key
		}
		try("leave "+name+" out", false, func(spec *pkgspec.Spec) { value.drop(&spec.Target) })
	}
	for _, name := range s.variables {
		try("leave "+s.bothOf(name, "args."+name)+" out", false, func(spec *pkgspec.Spec) { delete(spec.Args, name) })
	}
	if t.CUDA.Value != "" && t.Python.Value != "" {
		try("leave CUDA and Python out", true, func(spec *pkgspec.Spec) { spec.Target.CUDA, spec.Target.Python = platform.Asked{}, platform.Asked{} })
	}
	if t.CUDA.Value == "" {
		for _, cuda := range t.Tables.OtherCUDAs(s.solution.Target, nil) {
			try("set cuda: "+cuda, true, func(spec *pkgspec.Spec) { spec.Target.CUDA = platform.Asked{Value: cuda, From: "suggested"} })
		}
	}
	return all
}

// bothOf names a build argument, together with the key that it wins over if
// the file gives that too.
func (s *solver) bothOf(arg, key string) string {
	if slices.ContainsFunc(s.spec.Overrides, func(o plan.Override) bool { return o.Key == key && o.Old != "" }) {
		return arg + " and " + key
	}
	return arg
}

// outcome returns what a change would lead to.
func (s *solver) outcome(found Solution) string {
	var parts []string
	if cuda := found.Target.CUDA.Value; cuda != s.solution.Target.CUDA.Value {
		parts = append(parts, "CUDA "+cuda)
	}
	if python := found.Target.Python.Value; python != s.solution.Target.Python.Value {
		parts = append(parts, "Python "+python)
	}
	for _, step := range found.Plan.Steps {
		if p := s.solution.Catalog.Find(step.Name); p != nil && p.Variant != nil && s.asked(p) {
			parts = append(parts, step.Name)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": the chain then has " + diag.Some(parts, ", ", 5)
}

// asked reports whether the user spoke of a declared version's family.
func (s *solver) asked(p *catalog.Package) bool {
	if slices.Contains(s.variables, p.Variant.Set.Variable) {
		return true
	}
	return slices.ContainsFunc(s.spec.Packages, func(ref pkgspec.PackageRef) bool { return p.Matches(ref.Value) })
}

// selecting lists the variables among args that select a version of a family
// in the chain, sorted.
func (r *resolver) selecting(g *graph) []string {
	var names []string
	for _, n := range g.reached {
		if n.pkg.Variant == nil || !n.inChain() {
			continue
		}
		name := n.pkg.Variant.Set.Variable
		if v, ok := r.variables[name]; ok && !v.ofTarget {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
