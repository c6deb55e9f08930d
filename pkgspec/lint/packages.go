package lint

import (
	"maps"
	"slices"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// unusedArgs warns of arguments that the file sets, and no Dockerfile of the chain
// declares. Those of the command line are not the file's fault: a script gives the same
// ones to several builds.
func (p Project) unusedArgs(l *diag.List) {
	declared := map[string]bool{}
	for _, step := range p.Plan.Steps {
		args, known := p.DeclaredArgs(step)
		if !known {
			return
		}
		maps.Copy(declared, args)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Spec.ArgsAt)) {
		if declared[name] || plan.IsBuilderArg(name) || p.selectsVersion(name) {
			continue
		}
		hint := diag.DidYouMean(name, slices.Sorted(maps.Keys(declared)))
		if hint == "" {
			hint = "write ARG " + name + " in the Dockerfile that uses it, or leave the argument out"
		}
		l.Warnf(rules.UnusedArg, p.Spec.ArgsAt[name], hint, "args: no Dockerfile of the chain has an ARG %s, so it has no effect", name)
	}
}

// selectsVersion reports whether a package declares versions that a variable of this name
// selects.
func (p Project) selectsVersion(name string) bool {
	return slices.ContainsFunc(p.Catalog.Packages(), func(c *catalog.Package) bool { return c.Variant != nil && c.Variant.Set.Variable == name })
}

// untestedGPU reports packages that use the GPU and have no test: nothing else says whether
// what they installed works with the driver.
func (p Project) untestedGPU(l *diag.List) {
	for _, step := range p.Plan.Steps {
		if step.GPU && step.Dockerfile != "" && len(step.Tests) == 0 && step.Origin.Kind != plan.Builtin {
			l.Warnf(rules.UntestedGPU, step.At, "add a test.py that uses the GPU to its folder, or write gpu: false if it uses none",
				"%s needs the GPU and has no test", step.Name)
		}
	}
}

// slowOrder reports folders of the user's that stand before packages which do not need
// them: each change of their files builds all of those again.
func (p Project) slowOrder(l *diag.List) {
	if p.Plan.Layers.ByPackage() {
		return
	}
	needs := p.needs()
	for _, ref := range p.Spec.Packages {
		if ref.Folder == "" {
			continue
		}
		i := slices.IndexFunc(p.Plan.Steps, func(s plan.Step) bool { return s.Origin == plan.Origin{Kind: plan.Context, Path: ref.Folder} })
		if i < 0 || p.Plan.Steps[i].Dockerfile == "" {
			continue
		}
		var behind []string
		for k := i + 1; k < len(p.Plan.Steps); k++ {
			step := p.Plan.Steps[k]
			if step.Dockerfile != "" && !needs[k][i] && !p.isFolder(step) {
				behind = append(behind, step.Name)
			}
		}
		if len(behind) > 0 {
			l.Warnf(rules.SlowOrder, ref.At, "list "+ref.Value+" behind them, or write layers: packages",
				"each change in %s builds again what does not need it: %s", ref.Value, diag.Some(behind, ", ", maxNamed))
		}
	}
}

// maxNamed is how many packages a message names.
const maxNamed = 5

// isFolder reports whether the user asked for a step's package by its folder.
func (p Project) isFolder(step plan.Step) bool {
	return slices.ContainsFunc(p.Spec.Packages, func(r pkgspec.PackageRef) bool {
		return r.Folder != "" && step.Origin == plan.Origin{Kind: plan.Context, Path: r.Folder}
	})
}

// needs returns which steps each step needs, directly or not.
func (p Project) needs() []map[int]bool {
	byPackage := *p.Plan
	byPackage.Layers = plan.Layers{Form: plan.LayersPackages}
	all := make([]map[int]bool, len(byPackage.Steps))
	for i, on := range byPackage.BuiltOn() {
		all[i] = map[int]bool{}
		for _, k := range on {
			all[i][k] = true
		}
	}
	return all
}
