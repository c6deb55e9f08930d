package main

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/resolve"
)

// entries makes what commands print of packages.
type entries struct {
	*library
	chains bool
	// unmet keeps why a requirement does not hold on the target, "" if it does.
	unmet map[string]string
	// used is the package of each name that is used: the first that can be.
	used map[string]*catalog.Package
}

func newEntries(w *library, chains bool) *entries {
	e := &entries{library: w, chains: chains, unmet: map[string]string{}, used: map[string]*catalog.Package{}}
	for _, p := range w.catalog.Packages() {
		if e.used[p.Name] == nil && e.unusable(p) == "" {
			e.used[p.Name] = p
		}
	}
	return e
}

// entry describes a package.
func (e *entries) entry(p *catalog.Package) *entry {
	out := &entry{
		Name: p.Name, Alias: orEmpty(p.Alias), Group: p.Group, Args: p.BuildArgs,
		Depends: values(p.Depends), Requires: requirements(p), Test: values(p.Tests),
		Dockerfile: p.Dockerfile, Path: p.Origin.Path, Source: p.Origin.Tree(),
		Image:       imageName(p, e.Spec.Target.Tables.ForTree(e.target), e.Spec.Target.Python.Value != ""),
		Constraints: values(p.Constraints), Kernels: p.Kernels, FactsFrom: p.Source, Checked: p.Checked,
		TestRetries: p.TestRetries,
		Notes:       p.Notes, Docs: p.Docs, Disabled: e.disabled(p),
		folder: p.Origin.String(),
	}
	if p.AfterAll != nil {
		out.Layers = string(plan.LayersChain)
	}
	if p.TestTimeout != nil {
		out.TestTimeout = p.TestTimeout.String()
	}
	if p.BuildTimeout != nil {
		out.BuildTimeout = p.BuildTimeout.String()
	}
	if out.Args == nil {
		out.Args = map[string]string{}
	}
	return out
}

// requirements returns what a package requires, as jetson-containers lists it: the
// default for a package that says nothing.
func requirements(p *catalog.Package) []string {
	if len(p.Requires) == 0 {
		return []string{catalog.DefaultRequires}
	}
	return values(p.Requires)
}

// list describes packages, with their chains if asked.
func (e *entries) list(packages []*catalog.Package) []*entry {
	list := make([]*entry, len(packages))
	for i, p := range packages {
		list[i] = e.entry(p)
	}
	if !e.chains {
		return list
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(list); i = int(next.Add(1)) - 1 {
				if list[i].Disabled == "" {
					list[i].Chain, list[i].Error = e.chain(packages[i])
				}
			}
		})
	}
	wg.Wait()
	return list
}

// disabled returns why a package is not used on the target, or "".
func (e *entries) disabled(p *catalog.Package) string {
	if why := e.unusable(p); why != "" {
		return why
	}
	if other := e.used[p.Name]; other != p {
		return "another package of this name is used: " + other.At.String()
	}
	return ""
}

// unusable returns why a package cannot be used on the target, or "".
func (e *entries) unusable(p *catalog.Package) string {
	if p.Disabled != "" {
		return p.Disabled
	}
	for _, text := range p.Requires {
		why, known := e.unmet[text.Value]
		if !known {
			why = unmet(text.Value, e.target)
			e.unmet[text.Value] = why
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// unmet returns why a requirement does not hold on a target, or "".
func unmet(text string, target plan.Target) string {
	requirement, err := platform.ParseRequirement(text)
	if err != nil {
		return err.Error()
	}
	if ok, why := requirement.Holds(target); !ok {
		return why
	}
	return ""
}

// chain resolves a package alone, or says why it cannot be built.
func (e *entries) chain(p *catalog.Package) (names []string, problem string) {
	resolved, problem := e.resolve(p)
	if resolved == nil {
		return nil, problem
	}
	names = make([]string, len(resolved.Steps))
	for i, step := range resolved.Steps {
		names[i] = step.Name
	}
	return names, ""
}

// resolve plans a package alone, or says why it cannot be built.
func (e *entries) resolve(p *catalog.Package) (resolved *plan.Plan, problem string) {
	defer func() { // chains are resolved in goroutines of their own
		if err := diag.Panic(recover()); err != nil {
			resolved, problem = nil, err.Error()
		}
	}()
	spec := *e.Spec
	spec.Packages = []pkgspec.PackageRef{{Text: diag.Text{Value: p.Name}}}
	resolved, problems := resolve.Resolve(&spec, e.catalog, e.target, e.base)
	if resolved == nil {
		i := slices.IndexFunc(problems, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
		return nil, problems[i].Message
	}
	return resolved, ""
}

func values(texts []diag.Text) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = t.Value
	}
	return out
}

// orEmpty makes a list that JSON shows as one.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
