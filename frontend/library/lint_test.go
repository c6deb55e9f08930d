package library

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	dockerlint "jetkit/llb/lint"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lint"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// TestLintClean holds that neither a build nor a check has anything to say of any package on
// any target: the linters of jetkit, which leave the library out for its users, and BuildKit's.
func TestLintClean(t *testing.T) {
	for _, f := range library(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			on := map[string][]string{} // a finding is as a rule the same on all targets
			for _, a := range f.answers {
				if a.plan == nil {
					continue
				}
				for _, finding := range findings(t, f, a) {
					on[finding] = append(on[finding], a.target.name)
				}
			}
			for _, finding := range slices.Sorted(maps.Keys(on)) {
				t.Errorf("on %s: %s", strings.Join(on[finding], ", "), finding)
			}
		})
	}
}

// TestFindings holds that the linters see a package which is not clean.
func TestFindings(t *testing.T) {
	const header = "#---\n# name: bad\n# gpu: true\n# test: []\n# build_args: {NOWHERE: 1}\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	tree := fstest.MapFS{
		"packages/bad/Dockerfile": file(header + "RUN apt-get update && apt-get install -y git\nCMD git\n"),
		"packages/ok/Dockerfile":  file("#---\n# name: ok\n# depends: bad\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"),
		"packages/ok/test.sh":     file("run --model /data/model.bin\n"),
	}
	for name, want := range map[string][]string{
		"bad": {"[apt-lists]", "[JSONArgsRecommended]", "[untested-gpu]", "[unused-build-arg]"},
		"ok":  {"[test-data]", "[untested-gpu]", "[unused-build-arg]"}, // what is wrong with the chain is so for all in it
	} {
		column := targets()[2]
		p, solved, problems, err := load(t.Context(), "jetson.yaml", jetsonYAML(column, name), column.platform, contexts{root: tree})
		require.NoError(t, err)
		require.NotNil(t, solved, problems.Err())
		found, err := p.Catalog(t.Context(), solved.Target)
		require.NoError(t, err)
		var got []string
		for _, finding := range findings(t, family{name: name}, answer{column, solved, problems, p.Spec, found, tree}) {
			first, _, _ := strings.Cut(finding, "\n")
			got = append(got, first[strings.LastIndex(first, "["):])
		}
		slices.Sort(got)
		slices.Sort(want)
		assert.Equal(t, want, slices.Compact(got), name)
	}
}

// shown are the rules whose findings are on a package's page: facts about what others publish, that
// no change of the package would alter.
func shown() []diag.Rule { return []diag.Rule{rules.NoKernels} }

// warnings are what the page shows of the findings in the plans, by target.
func (f family) warnings() []string {
	var list []string
	on := map[string][]string{}
	for _, a := range f.answers {
		if a.plan == nil {
			continue
		}
		for _, d := range ofPlan(a) {
			if !slices.Contains(shown(), d.Rule) {
				continue
			}
			if on[d.Message] == nil {
				list = append(list, d.Message)
			}
			on[d.Message] = append(on[d.Message], a.target.name)
		}
	}
	for i, message := range list {
		list[i] = "On " + strings.Join(on[message], ", ") + ": " + message
	}
	return list
}

// findings are what the linters say of a package.
func findings(t *testing.T, f family, a answer) []string {
	t.Helper()
	c, err := a.compile(t.Context(), f.name)
	require.NoError(t, err)
	found := c.findings
	for _, d := range slices.Concat(a.problems, ofPlan(a), ofDockerfile(t, c), ofTests(t, c)) {
		if !slices.Contains(shown(), d.Rule) {
			found = append(found, d.String())
		}
	}
	return found
}

// ofPlan are the findings in the plan, of packages as if they were a user's.
func ofPlan(a answer) diag.List {
	own := *a.plan
	own.Steps = slices.Clone(own.Steps)
	for i := range own.Steps {
		own.Steps[i].Origin.Kind, own.Steps[i].Origin.Name = plan.Named, "library"
	}
	looked := lint.Project{
		Spec: a.spec, Plan: &own, Catalog: a.catalog, IsContext: func(string) bool { return false },
		DeclaredArgs: func(s plan.Step) (map[string]bool, bool) {
			dt, err := fs.ReadFile(a.files, path.Join(s.Origin.Path, s.Dockerfile))
			return pkgmeta.DeclaredArgs(dt), err == nil || s.Dockerfile == ""
		},
	}
	return append(looked.Warnings(), looked.Check()...)
}

// ofDockerfile are jetkit's findings in the package's Dockerfile.
func ofDockerfile(t *testing.T, c *compiled) diag.List {
	t.Helper()
	step := c.stage.Step
	if step.Dockerfile == "" {
		return nil
	}
	dt, err := c.options.Sources.ReadFile(t.Context(), step.Origin, step.Dockerfile)
	require.NoError(t, err)
	facts := dockerlint.Facts{
		File: step.Origin.File(step.Dockerfile), Package: step.Name, Args: chain.BuildArgs(c.options.Plan, step),
		IsContext: func(string) bool { return false }, Env: map[string]bool{}, Unbased: true,
		OtherGeneration: func(ref string) (message, hint string) {
			return lint.OtherGeneration(c.options.Plan.Target, ref, platform.L4TOfImage(ref))
		},
	}
	for _, pair := range c.stage.OnEnv {
		name, _, _ := strings.Cut(pair, "=")
		facts.Env[name] = true
	}
	return append(dockerlint.Warnings(dt, facts), dockerlint.Check(dt, facts)...)
}

// ofTests are jetkit's findings in the package's tests.
func ofTests(t *testing.T, c *compiled) diag.List {
	t.Helper()
	var found diag.List
	step := c.stage.Step
	for _, test := range step.Tests {
		dt, err := c.options.Sources.ReadFile(t.Context(), step.Origin, test.Args[0])
		require.NoError(t, err)
		found = append(found, dockerlint.TestData(step.Origin.File(test.Args[0]), dt, test.At, test.Args[1:])...)
	}
	return found
}
