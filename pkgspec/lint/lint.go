// Package lint looks at a whole plan for what can be built and yet is likely not what its
// user wants. What a Dockerfile does, llb/lint finds: this package sees metadata and plan.
package lint

import (
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Project is what is looked at.
type Project struct {
	Spec *pkgspec.Spec
	Plan *plan.Plan
	// Catalog has the packages that the plan is made of; only for Warnings.
	Catalog *catalog.Catalog
	// IsContext reports whether there is a named context of that name.
	IsContext func(name string) bool
	// Locked is set where a lock says which image a tag is, and which commit a branch.
	Locked bool
	// DeclaredArgs returns the build arguments that the Dockerfile of a step declares. It is
	// false if not all is known that a build argument may do there.
	DeclaredArgs func(plan.Step) (args map[string]bool, known bool)
}

// Warnings finds what every build warns of.
func (p Project) Warnings() diag.List {
	var l diag.List
	p.otherGeneration(&l)
	p.unusedArgs(&l)
	p.noKernels(&l)
	return l
}

// Check finds what only a check reports, by rules that are diag.Rule.CheckOnly.
func (p Project) Check() diag.List {
	var l diag.List
	if !p.Locked {
		p.unpinnedBases(&l)
		p.unpinnedSources(&l)
	}
	p.untestedGPU(&l)
	p.slowOrder(&l)
	return l
}
