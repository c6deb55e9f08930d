package resolve

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// variable is a value of the user's that can select a version of a package.
type variable struct {
	name, value string
	// from is what messages call it: "--build-arg PYTORCH_VERSION=2.5".
	from string
	at   diag.Range
	// ofTarget marks a value that already decides the target. It selects a
	// version if there is one of that very name; otherwise the target does.
	ofTarget bool
}

// variables returns the user's values by name: args, and those of the target that
// go by a variable of jetson-containers.
func variables(spec *pkgspec.Spec, target plan.Target) map[string]variable {
	all := map[string]variable{}
	for name, value := range spec.Args {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		at, inFile := spec.ArgsAt[name]
		from := fmt.Sprintf("--build-arg %s=%s", name, value)
		if inFile {
			from = fmt.Sprintf("args: %s=%s", name, value)
		}
		all[name] = variable{name: name, value: value, from: from, at: at}
	}
	add := func(name, what string, asked platform.Asked, resolved plan.Value) {
		if asked.Value == "" || resolved.Value == "" {
			return
		}
		from := fmt.Sprintf("the target's %s %s", what, resolved.Value)
		if asked.At.File == "" && asked.From != "" {
			from += " (" + asked.From + ")"
		}
		all[name] = variable{name: name, value: resolved.Value, from: from, at: asked.At, ofTarget: true}
	}
	add("CUDA_VERSION", "CUDA", spec.Target.CUDA, target.CUDA)
	add("PYTHON_VERSION", "Python", spec.Target.Python, target.Python)
	return all
}

// selected returns the user's variable that selects a version of a package's
// family, if there is one.
func (w *walker) selected(p *catalog.Package) (variable, bool) {
	if p.Variant == nil || p.Variant.Set.Variable == "" {
		return variable{}, false
	}
	v, ok := w.variables[p.Variant.Set.Variable]
	return v, ok
}

// applyVariables adds the user's demands for versions of the families that were
// reached: a variable counts like a request, wherever its family stands.
func (w *walker) applyVariables() {
	seen := map[*catalog.VersionSet]bool{}
	for next := 0; next < len(w.reached); { // it grows on the way
		n := w.reached[next]
		next++
		v, ok := w.selected(n.pkg)
		if !ok || !n.inChain() || seen[n.pkg.Variant.Set] {
			continue
		}
		set := n.pkg.Variant.Set
		seen[set] = true
		d := &demand{text: diag.Text{Value: set.Family + ":" + v.value, At: v.at}, variable: &v}
		d.match = match{pkg: w.finder.find(d.text.Value).pkg, exact: true}
		if d.match.pkg == nil && v.ofTarget {
			continue
		}
		if d.match.pkg == nil {
			w.unknown = append(w.unknown, unknownVersion{v, n})
			continue
		}
		w.byVariable = append(w.byVariable, d)
		w.ask(d)
		w.expandAll()
	}
}

// unknownVersion is a variable whose value is no version of a family.
type unknownVersion struct {
	variable variable
	// node is the first version of the family that was reached.
	node *node
}

// reportUnknownVersions reports variables that name versions that there are not.
func (r *resolver) reportUnknownVersions(g *graph) {
	for _, u := range g.unknown {
		set := u.node.pkg.Variant.Set
		var names []string
		for _, p := range r.cat.Variants(set.Family) {
			if p.Variant != nil && p.Variant.Set.Family == set.Family && !slices.Contains(names, p.Variant.Version) {
				names = append(names, p.Variant.Version)
			}
		}
		problem := r.problems.Errorf(rules.UnknownVersion, u.variable.at, "declared are "+diag.Some(names, ", ", maxVersionsListed), "%s: %s has no version %s",
			u.variable.from, set.Family, u.variable.value).About(&involved{pkg: u.node.pkg})
		problem.Relate(u.node.pkg.At, "the versions of %s are declared here", set.Family)
		relatePath(problem, u.node.first)
	}
}

// maxVersionsListed is how many versions of one package a message lists.
const maxVersionsListed = 24
