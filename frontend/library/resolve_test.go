package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/packages"
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/resolve"
	"jetkit/pkgspec/rules"
)

// target is a column of the pages: what each package is resolved for.
type target struct {
	name, platform string
	// yaml are the lines of jetson.yaml that mean it.
	yaml string
	// golden is set for the targets that have a section in the golden files: one of each
	// generation.
	golden bool
}

func targets() []target {
	jetpack := func(release string, golden bool) target {
		return target{"JetPack " + release, "linux/arm64", fmt.Sprintf("target: {jetpack: %q}\n", release), golden}
	}
	return []target{
		jetpack("5.1.2", true), jetpack("6.0", false), jetpack("6.2", true), jetpack("7.0", false), jetpack("7.1", false), jetpack("7.2", true),
		{"x86_64", "linux/amd64", "", true},
	}
}

// family is a package of the library with all of its versions.
type family struct {
	name string
	// packages are its versions, in the order of lookups.
	packages []*catalog.Package
	// answers are what its bare name means, by target.
	answers []answer
}

// answer is what the bare name of a package means on a target.
type answer struct {
	target target
	// plan is nil where the name does not resolve.
	plan     *plan.Plan
	problems diag.List
	spec     *pkgspec.Spec
	catalog  *catalog.Catalog
	// files are the tree that its packages are in.
	files fs.FS
}

// step returns the package's own step.
func (a answer) step(name string) plan.Step {
	i := slices.IndexFunc(a.plan.Steps, func(s plan.Step) bool { return s.Requested && isOf(name, s) })
	return a.plan.Steps[i]
}

// isOf reports whether a step is of a family: by its name or, as its folder has several
// families, by an alias.
func isOf(name string, s plan.Step) bool {
	return catalog.Base(s.Name) == name || slices.Contains(s.Aliases, name)
}

// jetsonYAML is a file that asks for packages on a target.
func jetsonYAML(t target, names ...string) string {
	return t.yaml + "packages: [" + strings.Join(names, ", ") + "]\n"
}

// contexts are folders: the main context has none of the library's packages.
type contexts struct {
	root  fs.FS
	named map[string]fs.FS
}

func (c contexts) Names() []string { return slices.Sorted(maps.Keys(c.named)) }
func (c contexts) Example() string { return "DIR" }

func (c contexts) Open(_ context.Context, name string, _ []string) (fs.FS, error) {
	if name == "" {
		return c.root, nil
	}
	return c.named[name], nil
}

func (c contexts) Fetch(context.Context, plan.Source, []string) (fs.FS, string, error) {
	return nil, "", fmt.Errorf("these tests fetch nothing")
}

// load reads a jetson.yaml for a platform, and resolves it.
func load(ctx context.Context, file, text, platform string, c contexts) (*project.Project, *plan.Plan, diag.List, error) {
	p, problems, err := project.Load(ctx, project.Options{File: file, Data: []byte(text), Contexts: c, Complete: func(s *pkgspec.Spec) error {
		s.Target.Platform = platform
		return nil
	}})
	if err != nil || p.Spec == nil || problems.HasErrors() {
		return p, nil, problems, err
	}
	solved, problems, err := p.Solve(ctx)
	return p, solved, problems, err
}

// resolved is the whole library, resolved once for all tests.
var resolved = sync.OnceValues(resolveAll)

func resolveAll() ([]family, error) {
	names, err := familyNames()
	if err != nil {
		return nil, err
	}
	columns := targets()
	families := make([]family, len(names))
	for i, name := range names {
		families[i] = family{name: name, answers: make([]answer, len(columns))}
	}
	errs := make([]error, len(columns))
	var wg sync.WaitGroup
	for k, t := range columns {
		wg.Go(func() { errs[k] = resolveOn(families, k, t) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i, f := range families {
		for _, p := range scan().Packages() {
			if p.Family() == f.name {
				families[i].packages = append(families[i].packages, p)
			}
		}
	}
	slices.SortStableFunc(families, func(a, b family) int {
		return strings.Compare(a.group()+"/"+a.name, b.group()+"/"+b.name)
	})
	return families, nil
}

// resolveOn finds what the bare names mean on a target. The search for packages, which takes
// the most time, is one for all of them.
func resolveOn(families []family, column int, t target) error {
	ctx := context.Background()
	p, _, problems, err := load(ctx, "jetson.yaml", jetsonYAML(t, families[0].name), t.platform, root())
	if err != nil || p.Spec == nil {
		return errors.Join(err, problems.Err())
	}
	for i, f := range families {
		spec := *p.Spec
		spec.Packages = []pkgspec.PackageRef{{Text: diag.Text{Value: f.name}}}
		solution, problems, err := resolve.Solve(&spec, func(target plan.Target) (*catalog.Catalog, diag.List, error) {
			found, err := p.Catalog(ctx, target)
			return found, nil, err
		})
		if err != nil {
			return err
		}
		families[i].answers[column] = answer{t, solution.Plan, problems, &spec, solution.Catalog, packages.FS}
	}
	return nil
}

// scan finds the library's packages.
func scan() *catalog.Catalog {
	found, _ := pkgmeta.Scan(context.Background(), []pkgmeta.Tree{{FS: packages.FS, Kind: plan.Builtin, Dir: "."}}, nil, pkgmeta.ScanOptions{})
	return found
}

// familyNames lists the library's packages without their tags, each once, and holds that
// each folder has one.
func familyNames() ([]string, error) {
	names := map[string]bool{}
	folders := map[string]bool{}
	for _, p := range scan().Packages() {
		names[p.Family()] = true
		folders[p.Origin.Path] = true
	}
	files, err := fs.Glob(packages.FS, "*/*/*")
	for _, file := range files {
		if dir := path.Dir(file); !folders[dir] {
			return nil, fmt.Errorf("packages/%s is no package", dir)
		}
	}
	return slices.Sorted(maps.Keys(names)), err
}

// group is the heading that the package is listed under.
func (f family) group() string { return f.packages[0].Group }

func library(t *testing.T) []family {
	t.Helper()
	families, err := resolved()
	require.NoError(t, err)
	require.NotEmpty(t, families)
	return families
}

// refusals are the rules by which a package says that it is not for a target. All other errors
// are faults: a dependency that is missing, say.
func refusals() []diag.Rule {
	return []diag.Rule{rules.NoVariant, rules.Requirement, rules.DisabledPackage}
}

// unexplained are the errors that are no refusal of a target.
func unexplained(problems diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(problems), func(d diag.Diagnostic) bool {
		return d.Severity != diag.Error || slices.Contains(refusals(), d.Rule)
	})
}

// TestResolves holds that each package resolves on each target, or says why it does not.
func TestResolves(t *testing.T) {
	for _, f := range library(t) {
		anywhere := false
		for _, a := range f.answers {
			anywhere = anywhere || a.plan != nil
			if a.plan != nil {
				continue
			}
			for _, d := range unexplained(a.problems) {
				t.Errorf("%s on %s: %s", f.name, a.target.name, d)
			}
			if whyNot(a) == "" {
				t.Errorf("%s on %s: neither a plan nor a reason", f.name, a.target.name)
			}
		}
		if !anywhere {
			t.Errorf("%s resolves nowhere", f.name)
		}
	}
}

// whyNot says in a sentence why a name does not resolve.
func whyNot(a answer) string {
	var reasons []string
	for _, d := range a.problems.Sorted() {
		if d.Severity != diag.Error {
			continue
		}
		reason := d.Message
		if versions := versionsAgainst(d); len(versions) > 0 {
			reason += ": " + strings.Join(versions, "; ")
		}
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return strings.Join(reasons, "; ")
}

// versionsAgainst lists why each version of a package was refused, or the one reason of all.
func versionsAgainst(d diag.Diagnostic) []string {
	if d.Rule != rules.NoVariant {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(d.Message, "no version of "), " ")
	var versions []string
	reasons := map[string]bool{}
	for _, r := range d.Related {
		tag, why, ok := strings.Cut(r.Message, ": ")
		if ok && catalog.Base(tag) == name {
			versions = append(versions, r.Message)
			reasons[why] = true
		}
	}
	if len(reasons) == 1 {
		return slices.Collect(maps.Keys(reasons))
	}
	return versions
}
