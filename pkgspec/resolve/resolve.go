// Package resolve turns a jetson.yaml and the packages that were found into a
// plan: the chain of packages in build order, or everything that is wrong with
// it, before any step runs.
//
// The order is that of jetson-containers: requested packages in the order of
// the request, each after its dependencies in the order it declares them.
// Unlike there, a chain holds each package once and one version of it: a tag
// anywhere in the chain decides for every demand that leaves it open, and two
// tags that disagree are an error that names both demands.
package resolve

import (
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// Resolve finds the chain of packages for a specification and a resolved target
// with its base image. The plan is nil if any of the diagnostics is an error.
//
// It does not run longer than in proportion to the chain's packages and
// demands, times the few rounds that versions take to settle.
func Resolve(spec *pkgspec.Spec, cat *catalog.Catalog, target plan.Target, base plan.Value) (*plan.Plan, diag.List) {
	r := newResolver(spec, cat, target)
	return r.plan(r.settle(), base)
}

func newResolver(spec *pkgspec.Spec, cat *catalog.Catalog, target plan.Target) *resolver {
	return &resolver{spec: spec, cat: cat, finder: newFinder(cat, target), variables: variables(spec, target)}
}

// plan makes the plan of a settled graph, or reports what is wrong with it.
func (r *resolver) plan(g *graph, base plan.Value) (*plan.Plan, diag.List) {
	spec := r.spec
	r.report(g)
	r.reportUnused(g)
	r.reportPython(g)
	r.reportBystanders(g)
	if !r.problems.HasErrors() { // else the chain is not the one that would be built
		r.reportConstraints(g)
	}
	if r.problems.HasErrors() {
		return nil, r.problems.Sorted()
	}
	p := &plan.Plan{
		Version:   plan.Version,
		Target:    r.finder.target,
		Base:      base,
		BaseAt:    spec.Target.Base.At,
		Requested: []string{},
		Steps:     r.steps(g),
		Layers:    spec.Layers.Layers,
		Build:     plan.Build{Sandbox: spec.Build.Sandbox, Ccache: spec.Build.Ccache, Caches: spec.Build.Caches, NoGitHubAPI: spec.Build.GitHubAPI != nil},
		Image:     spec.Image,
		Overrides: spec.Overrides,
	}
	if p.Layers.ByPackage() { // in a chain, packages are built one after the other anyway
		p.Build.Parallel = or(spec.Build.Parallel, 0)
	}
	for _, ref := range spec.Packages {
		p.Requested = append(p.Requested, ref.Value)
		p.RequestedAt = p.RequestedAt.To(ref.At)
	}
	p.Tests = plan.Tests{Sandbox: spec.Tests.Sandbox, GPU: spec.Tests.GPU, Epoch: spec.Tests.Epoch, Data: spec.Tests.Data}
	p.Tests.Parallel, p.Tests.GPUParallel = or(spec.Tests.Parallel, plan.DefaultTestParallel), or(spec.Tests.GPUParallel, plan.DefaultTestGPUParallel)
	if spec.Tests.GPU == plan.GPUCDI && needsGPU(p.Steps) {
		p.Tests.Device = spec.Tests.Device
	}
	if n, known := p.LayersOnBase(); known && n >= plan.ManyLayers {
		r.problems.Warnf(rules.ManyLayers, p.RequestedAt, p.FewerLayers(), "the image has up to %d layers on top of those of its base; Docker's own store of images takes no more than %d",
			n, plan.MaxLayers)
	}
	return p, r.problems.Sorted()
}

// resolver holds what all phases share.
type resolver struct {
	spec      *pkgspec.Spec
	cat       *catalog.Catalog
	finder    *finder
	variables map[string]variable
	problems  diag.List
}

// needsGPU reports whether any test that runs needs a GPU.
func needsGPU(steps []plan.Step) bool {
	for _, step := range steps {
		for _, test := range step.Tests {
			if step.GPU && test.Skipped == "" {
				return true
			}
		}
	}
	return false
}
