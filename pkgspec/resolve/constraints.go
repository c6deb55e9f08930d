package resolve

import (
	"errors"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/pyreq"
	"jetkit/pkgspec/rules"
)

// constraints returns what a package demands of Python projects, with the step's build
// arguments in the place of their names.
func (r *resolver) constraints(n *node) []plan.Constraint {
	if len(n.pkg.Constraints) == 0 {
		return nil
	}
	args := stepArgs(n.pkg, r.spec.Args)
	var list []plan.Constraint
	for _, text := range n.pkg.Constraints {
		requirement, err := pyreq.Expand(text.Value, args)
		if wrong, ok := errors.AsType[*pyreq.Error](err); ok { // it is sound with the package's own arguments: the user gives another one
			r.problems.Errorf(rules.BadValue, text.At, wrong.Hint, "constraints of %s: %s", n.pkg.Name, wrong.Message).About(&involved{pkg: n.pkg})
			continue
		}
		list = append(list, plan.Constraint{Project: requirement.Project, Specifier: requirement.Specifier, At: text.At})
	}
	return list
}

// constraint is a constraint of the chain, and the package that has it.
type constraint struct {
	plan.Constraint
	of *node
}

// demanded is what a chain demands of one project, each specifier once.
type demanded struct {
	known map[string]bool
	// exact are those that demand one version: a handful, as long as none contradicts another.
	exact, others []constraint
}

// against returns an earlier constraint that contradicts another one; nil if there is none.
// Only an exact one can contradict others, so that it takes no time in proportion to all pairs.
func (d *demanded) against(c constraint) *constraint {
	lists := [][]constraint{d.exact}
	if pyreq.Exact(c.Specifier) != "" {
		lists = append(lists, d.others)
	}
	for _, list := range lists {
		for i := range list {
			if pyreq.Contradict(list[i].Specifier, c.Specifier) {
				return &list[i]
			}
		}
	}
	return nil
}

func (d *demanded) add(c constraint) {
	d.known[c.Specifier] = true
	if pyreq.Exact(c.Specifier) != "" {
		d.exact = append(d.exact, c)
	} else {
		d.others = append(d.others, c)
	}
}

// reportConstraints reports packages of the chain that demand versions of one Python
// project of which an image can only have one; each project once.
func (r *resolver) reportConstraints(g *graph) {
	projects := map[string]*demanded{}
	reported := map[string]bool{}
	for _, n := range g.order {
		for _, c := range r.constraints(n) {
			d := projects[c.Project]
			if d == nil {
				d = &demanded{known: map[string]bool{}}
				projects[c.Project] = d
			}
			if d.known[c.Specifier] || reported[c.Project] {
				continue
			}
			if first := d.against(constraint{c, n}); first != nil {
				r.reportContradiction(*first, constraint{c, n})
				reported[c.Project] = true
			}
			d.add(constraint{c, n})
		}
	}
}

func (r *resolver) reportContradiction(first, second constraint) {
	problem := r.problems.Errorf(rules.ConstraintConflict, second.At, "ask for versions of the two packages that go together",
		"%s needs %s%s, and %s needs %s%s", first.of.pkg.Name, first.Project, first.Specifier, second.of.pkg.Name, second.Project, second.Specifier).
		About(&involved{pkg: second.of.pkg})
	problem.Relate(first.At, "%s needs %s%s", first.of.pkg.Name, first.Project, first.Specifier)
	relatePath(problem, first.of.first)
	relatePath(problem, second.of.first)
}
