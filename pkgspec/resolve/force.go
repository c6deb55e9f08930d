package resolve

import (
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// forced lists the declared versions of a chain that the user chose: by a
// variable, by a tag, or by choosing a package that pins them. They may move the
// target's CUDA; a version that is there by default may not, it follows.
func (g *graph) forced() []*node {
	var forced []*node
	for _, n := range g.reached {
		if n.inChain() && n.pinned && n.pkg.Variant != nil && n.pkg.Disabled == "" {
			forced = append(forced, n)
		}
	}
	return forced
}

// cudaMove is another CUDA for the target and why it is needed.
type cudaMove struct {
	cuda, reason string
}

// cudaMove finds the CUDA that all chosen versions of a chain can be used with,
// where they cannot with the target's. If there is none, it reports which of them
// cannot be brought together.
func (r *resolver) cudaMove(g *graph) (move cudaMove, apart []*node) {
	forced := g.forced()
	failing := slices.DeleteFunc(slices.Clone(forced), func(n *node) bool { return r.finder.usable(n.pkg) || !r.failsOnCUDAOnly(n.pkg) })
	if len(failing) == 0 {
		return cudaMove{}, nil
	}
	var named []string
	for _, n := range failing {
		named = append(named, cudasOf(n.pkg)...)
	}
	for _, cuda := range r.spec.Target.Tables.OtherCUDAs(r.finder.target, named) {
		if !slices.ContainsFunc(forced, func(n *node) bool { return !r.fitsCUDA(n.pkg, cuda) }) {
			return cudaMove{cuda: cuda, reason: r.moveReason(failing)}, nil
		}
	}
	for _, n := range forced {
		if len(cudasOf(n.pkg)) > 0 {
			apart = append(apart, n)
		}
	}
	return cudaMove{}, apart
}

// failsOnCUDAOnly reports whether another CUDA may make a package usable.
func (r *resolver) failsOnCUDAOnly(p *catalog.Package) bool {
	for _, t := range p.Requires {
		answer := r.finder.holds(t.Value)
		if answer.wrong || slices.ContainsFunc(answer.about, func(subject string) bool { return subject != "CUDA" }) {
			return false
		}
	}
	return true
}

// fitsCUDA reports whether what a package says of CUDA holds for another one.
func (r *resolver) fitsCUDA(p *catalog.Package, cuda string) bool {
	other := r.finder.target
	other.CUDA.Value = cuda
	for _, t := range p.Requires {
		requirement, err := platform.ParseRequirement(t.Value)
		if err == nil && slices.Contains(requirement.FailsOn(other), "CUDA") {
			return false
		}
	}
	return true
}

// cudasOf returns the CUDA versions that a package's requirements name.
func cudasOf(p *catalog.Package) []string {
	var named []string
	for _, t := range p.Requires {
		if requirement, err := platform.ParseRequirement(t.Value); err == nil {
			named = append(named, requirement.CUDAs()...)
		}
	}
	return named
}

// moveReason returns which versions need another CUDA, and who chose them.
func (r *resolver) moveReason(failing []*node) string {
	const most = 2
	var reasons []string
	for _, n := range failing[:min(len(failing), most)] {
		place := ""
		for _, t := range n.pkg.Requires {
			if slices.Contains(r.finder.holds(t.Value).about, "CUDA") {
				place = in(t.At)
				break
			}
		}
		reasons = append(reasons, n.pkg.Name+place+", "+chosenBy(n))
	}
	return "required by " + strings.Join(reasons, "; and by ")
}

// chosenBy returns who chose a version: the user's variable, the request, or
// another package.
func chosenBy(n *node) string {
	d := pinnedBy(n)
	switch {
	case d.variable != nil: // the version's name holds the value
		return "pinned by " + strings.TrimSuffix(d.variable.from, "="+d.variable.value) + in(d.text.At)
	case d.by == nil:
		return "requested" + at(d.text.At)
	}
	return "pinned by " + d.by.pkg.Name + in(d.text.At)
}

// explainApart adds to a problem about one chosen version that the others keep
// CUDA from moving.
func explainApart(problems diag.List, apart []*node, tables *platform.Tables, target plan.Target) {
	for i := range problems {
		d := &problems[i]
		about := subjectOf(d).pkg
		if d.Rule != rules.Requirement || !slices.ContainsFunc(apart, func(n *node) bool { return n.pkg == about }) {
			continue
		}
		d.Related = slices.Clone(d.Related)
		for _, n := range apart {
			if n.pkg == about {
				continue
			}
			for _, t := range n.pkg.Requires {
				if requirement, err := platform.ParseRequirement(t.Value); err == nil && len(requirement.CUDAs()) > 0 {
					d.Related = append(d.Related, diag.Related{At: t.At, Message: n.pkg.Name + " requires " + t.Value + " and was chosen too: " + chosenBy(n)})
				}
			}
		}
		if len(tables.OtherCUDAs(target, nil)) == 0 {
			d.Related = append(d.Related, diag.Related{Message: "CUDA comes with the board's system up to L4T 35, and cannot move"})
		}
	}
}
