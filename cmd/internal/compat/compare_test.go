package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/resolve"
)

// difference is one thing that jetkit and upstream answer differently.
type difference struct {
	// What is a package, alias, pattern or request.
	What  string
	Field string
	// Got is jetkit's answer, Want upstream's.
	Got, Want string
}

func (d difference) String() string {
	return fmt.Sprintf("%s of %s\n   jetkit %s\n upstream %s", d.Field, d.What, d.Got, d.Want)
}

// comparison collects what differs on one platform.
type comparison struct {
	*oracle
	*answer
	// used holds the package that jetkit finds for each real name.
	used        map[string]*catalog.Package
	differences []difference
	// checked counts comparisons by field.
	checked map[string]int
}

// compare holds all of jetkit's answers against the oracle's.
func (o *oracle) compare(a *answer) *comparison {
	c := &comparison{oracle: o, answer: a, used: map[string]*catalog.Package{}, checked: map[string]int{}}
	for _, p := range a.catalog.Packages() {
		if c.used[p.Name] == nil && a.usable(p) {
			c.used[p.Name] = p
		}
	}
	c.compareFacts()
	c.comparePackages()
	c.compareNames()
	c.compareChains()
	return c
}

// usable reports whether a package is enabled on the target.
func (a *answer) usable(p *catalog.Package) bool {
	return p.Disabled == "" && !slices.ContainsFunc(p.Requires, func(text diag.Text) bool {
		requirement, err := platform.ParseRequirement(text.Value)
		if err != nil {
			return true
		}
		ok, _ := requirement.Holds(a.target)
		return !ok
	})
}

// equal records one comparison.
func (c *comparison) equal(field, what string, got, want any) {
	c.checked[field]++
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		c.differences = append(c.differences, difference{What: what, Field: field, Got: g, Want: w})
	}
}

func (c *comparison) compareFacts() {
	f, w := c.facts, c.Facts
	c.equal("fact", "L4T", f.L4T, w.L4T)
	c.equal("fact", "JetPack", f.JetPack, w.JetPack)
	c.equal("fact", "CUDA", f.CUDA, w.CUDA)
	c.equal("fact", "Python", f.Python, w.Python)
	c.equal("fact", "free threading", f.FreeThreading, w.FreeThreading)
	c.equal("fact", "Ubuntu", f.Ubuntu, w.Ubuntu)
	c.equal("fact", "CUDA_ARCH", f.Arch, w.Arch)
	c.equal("fact", "SYSTEM_ARCH", f.System, w.System)
	c.equal("fact", "architectures", f.Architectures, w.Architectures)
	c.equal("fact", "base image", c.base.Value, w.Base)
}

func (c *comparison) comparePackages() {
	for _, name := range slices.Sorted(maps.Keys(c.Packages)) {
		want, got := c.Packages[name], c.used[name]
		c.equal("listed", name, got != nil, true)
		if got == nil {
			continue
		}
		c.equal("path", name, got.Origin.Path, want.Path)
		c.equal("alias", name, got.Alias, want.Alias)
		c.equal("depends", name, texts(got.Depends), want.Depends)
		requires := texts(got.Requires)
		if len(requires) == 0 {
			requires = []string{">=32.6"} // upstream's default, which holds on every target
		}
		c.equal("requires", name, requires, want.Requires)
		c.equal("test", name, texts(got.Tests), want.Test)
		c.equal("build_args", name, argsText(got.BuildArgs), argsText(want.BuildArgs))
		c.equal("dockerfile", name, dockerfileOf(got), strings.TrimPrefix(dockerfileIn(want), "$REPO/"))
		c.equal("faults", name, got.Problems.HasErrors(), false)
	}
	for _, name := range slices.Sorted(maps.Keys(c.used)) {
		if _, listed := c.Packages[name]; !listed {
			c.equal("listed", name, true, false)
		}
	}
	for _, rejected := range c.Rejected {
		same := func(p *catalog.Package) bool { return slices.Equal(texts(p.Requires), rejected.Requires) }
		known := slices.IndexFunc(c.catalog.Lookup(rejected.Name), same) >= 0
		c.equal("rejected", rejected.Name, known, true)
	}
	var order []string
	for _, p := range c.catalog.Packages() {
		if c.used[p.Name] == p {
			order = append(order, p.Name)
		}
	}
	c.equal("order", "all packages", order, c.Order)
	for _, text := range slices.Sorted(maps.Keys(c.Requires)) {
		requirement, err := platform.ParseRequirement(text)
		ok := err == nil
		if ok {
			ok, _ = requirement.Holds(c.target)
		}
		c.equal("requirement", text, ok, c.Requires[text])
	}
}

// dockerfileOf returns a package's Dockerfile as a path of the checkout.
func dockerfileOf(p *catalog.Package) string {
	if p.Dockerfile == "" {
		return ""
	}
	return path.Join(p.Origin.Path, p.Dockerfile)
}

func dockerfileIn(p oraclePackage) string {
	if p.Dockerfile == "" || strings.HasPrefix(p.Dockerfile, "$") {
		return p.Dockerfile
	}
	return path.Join(p.Path, p.Dockerfile)
}

func (c *comparison) compareNames() {
	for _, alias := range slices.Sorted(maps.Keys(c.Aliases)) {
		got := ""
		if found := c.find(alias); found != nil {
			got = found.Name
		}
		c.equal("alias lookup", alias, got, c.Aliases[alias])
	}
	for _, pattern := range slices.Sorted(maps.Keys(c.Globs)) {
		var got []string
		for _, p := range c.catalog.Lookup(pattern) {
			if c.used[p.Name] == p {
				got = append(got, p.Name)
			}
		}
		slices.Sort(got)
		c.equal("pattern", pattern, got, slices.Sorted(slices.Values(c.Globs[pattern])))
	}
}

// find finds a package by any of its names.
func (c *comparison) find(name string) *catalog.Package {
	for _, p := range c.catalog.Lookup(name) {
		if c.used[p.Name] == p {
			return p
		}
	}
	return nil
}

func (c *comparison) compareChains() {
	for _, name := range slices.Sorted(maps.Keys(c.Chains)) {
		var names []string
		var want string
		if json.Unmarshal(c.Chains[name], &names) == nil {
			want = strings.Join(c.Canonical[name], " ")
		} else {
			want = "error " + string(c.Chains[name])
		}
		c.equal("chain", name, c.chain([]string{name}, nil), want)
	}
	for _, combo := range c.Combos {
		var names []string
		var want string
		if json.Unmarshal(combo.Chain, &names) == nil {
			want = strings.Join(c.realNames(names), " ")
		} else {
			want = "error " + string(combo.Chain)
		}
		what := strings.Join(combo.Packages, " ")
		if len(combo.Skip) > 0 {
			what += " without " + strings.Join(combo.Skip, " ")
		}
		c.equal("combination", what, c.chain(combo.Packages, combo.Skip), want)
	}
}

// realNames turns the names of a chain into real names.
func (c *comparison) realNames(chain []string) []string {
	names := slices.Clone(chain)
	for i, name := range names {
		if p := c.find(name); p != nil {
			names[i] = p.Name
		}
	}
	return names
}

// chain resolves a request and gives its real names, or its error.
func (c *comparison) chain(packages, skip []string) string {
	spec := &pkgspec.Spec{File: "jetson.yaml"}
	for _, name := range packages {
		spec.Packages = append(spec.Packages, pkgspec.PackageRef{Text: diag.Text{Value: name}})
	}
	for _, name := range skip {
		spec.Skip = append(spec.Skip, diag.Text{Value: name})
	}
	resolved, problems := resolve.Resolve(spec, c.catalog, c.target, c.base)
	if resolved == nil {
		for _, d := range problems {
			if d.Severity == diag.Error {
				return "error [" + d.Rule.Name + "] " + d.Message
			}
		}
		return "error " + problems.Err().Error()
	}
	var names []string
	for _, step := range resolved.Steps {
		names = append(names, step.Name)
	}
	return strings.Join(names, " ")
}

func texts(list []diag.Text) []string {
	var values []string
	for _, t := range list {
		values = append(values, t.Value)
	}
	return values
}

// argsText prints build arguments by name.
func argsText(args map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		parts = append(parts, fmt.Sprintf("%s=%q", name, args[name]))
	}
	return strings.Join(parts, " ")
}
