package resolve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// TestDefaults covers which version a bare name means, on JetPack 6.2.
func TestDefaults(t *testing.T) {
	for _, test := range []struct{ name, tree, want string }{
		{"the first that fits", "name: x\nvariants: [{version: 1, requires: '<36'}, {version: 2}, {version: 3}]", "x:2"},
		{"a claim before it", "name: x\nvariants: [{version: 1}, {version: 2, default: true}, {version: 3, default: true}]", "x:2"},
		{"a claim that does not hold", "name: x\nvariants: [{version: 1}, {version: 2, default: '>=cu130'}, {version: 3, default: ['>=36', cu126]}]", "x:3"},
		{"no claim holds", "name: x\nvariants: [{version: 2, default: '>=cu130'}, {version: 1}]", "x:2"},
		{"a claim that does not fit", "name: x\nvariants: [{version: 1, default: true, requires: cu130}, {version: 2}]", "x:2"},
		{"never", "name: x\nvariants: [{version: 1, default: false}, {version: 2}]", "x:2"},
		{"disabled", "name: x\nvariants: [{version: 1, disabled: true, default: true}, {version: 2}]", "x:2"},
		{"an alias", "name: y\nalias: x\nvariants: [{version: 1, requires: '<36'}, {version: 2}]", "y:2"},
		{"what agrees with another default", "name: x\nvariants: [{version: 1, depends: y:1}, {version: 2, depends: y:2}]\n\n" +
			"name: y\nvariants: [{version: 1}, {version: 2, default: true}]", "y:2 x:2"},
		{"what can be used at all", "name: x\nvariants: [{version: 1, depends: y:1}, {version: 2, depends: y:2}]\n\n" +
			"name: y\nvariants: [{version: 1, requires: cu130}, {version: 2, default: false}]", "y:2 x:2"},
		{"pins in a circle", "name: x\nvariants: [{version: 1, depends: y:1}, {version: 2, depends: y:2}]\n\n" +
			"name: y\nvariants: [{version: 1, depends: z:2}, {version: 2, depends: z:1}]\n\n" +
			"name: z\nvariants: [{version: 1}, {version: 2}]", "z:1 y:2 x:2"},
		{"a plain package of an earlier folder", "name: x\n\nname: xx\nalias: x\nvariants: [{version: 1}]", "x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, problems := solveFile(t, "target: {jetpack: 6.2}\npackages: [x]", nil, treeOf(test.tree))
			require.NotNil(t, s.Plan, printed(problems))
			assert.Equal(t, test.want, chain(s.Plan))
		})
	}
}

// TestDefaultsOfTrees covers a family that two trees declare: the first that has
// a version wins, and the others' further versions stay within reach.
func TestDefaultsOfTrees(t *testing.T) {
	first := treeOf("name: x\nvariants: [{version: 1, requires: cu130}, {version: 2, requires: cu130}]")
	second := treeOf("name: x\nvariants: [{version: 1}, {version: 3}, {version: 4}]")
	for args, want := range map[string]string{"": "x:3", "X_VERSION=4": "x:4", "X_VERSION=5": "", "X_VERSION=1": ""} {
		s, problems := solveFile(t, "target: {jetpack: 6.2, cuda: 12.6}\npackages: [x]", strings.Fields(args), first, second)
		got := ""
		if s.Plan != nil {
			got = chain(s.Plan)
		}
		assert.Equal(t, want, got, "%s: got %q, want %q\n%s", args, got, want, printed(problems))
		assert.False(t, args == "X_VERSION=5" && !strings.Contains(printed(problems), "declared are 1, 2, 3, 4"), printed(problems))
	}
}

// TestVariableShared covers one variable for several families, and what the
// Dockerfiles get of it.
func TestVariableShared(t *testing.T) {
	const tree = "name: x\nvariable: ROS_DISTRO\nvariants: [{version: humble}, {version: jazzy, build_args: {ROS_DISTRO: jazzy-2}}]\n\n" +
		"name: y\nvariable: ROS_DISTRO\ndepends: x\nvariants: [{version: humble}, {version: jazzy}]"
	for args, want := range map[string]string{
		"": "x:humble=humble y:humble=humble", "ROS_DISTRO=jazzy": "x:jazzy=jazzy-2 y:jazzy=jazzy", "X_VERSION=jazzy": "x:humble=humble y:humble=humble",
	} {
		s, problems := solveFile(t, "target: {jetpack: 6.2}\npackages: [y]", strings.Fields(args), treeOf(tree))
		require.NotNil(t, s.Plan, printed(problems))
		var got []string
		for _, step := range s.Plan.Steps {
			got = append(got, step.Name+"="+step.BuildArgs["ROS_DISTRO"])
		}
		assert.Equal(t, want, strings.Join(got, " "), "%s: got %v", args, got)
	}
}

// TestSolveEnds solves trees in which each CUDA brings in a version that needs
// another one.
func TestSolveEnds(t *testing.T) {
	s, problems := solveFile(t, "target: {jetpack: 6.0}\npackages: [a:1]", nil, treeOf(
		"name: a\nvariants: [{version: 1, requires: cu126, depends: b:1}, {version: 2}]\n\n"+
			"name: b\nvariants: [{version: 1, requires: cu124}, {version: 2}]"))
	if assert.Nil(t, s.Plan, "solved for CUDA %s", s.Target.CUDA) {
		assert.Equal(t, "12.6", s.Target.CUDA.Value, "solved for CUDA %s", s.Target.CUDA)
	}
	spectest.Golden(t, "apart.golden", printed(problems))
}

// TestSolveAsksAgain holds that packages are found for the target that they are
// built for: those of a config.py depend on it.
func TestSolveAsksAgain(t *testing.T) {
	spec := request("a:1")
	spec.Target = platform.Request{JetPack: platform.Asked{Value: "6.0"}, Platform: "linux/arm64"}
	var asked []string
	s, problems, err := Solve(spec, func(target plan.Target) (*catalog.Catalog, diag.List, error) {
		asked = append(asked, target.CUDA.Value)
		return scanned(t, treeOf("name: a\nvariants: [{version: 1, requires: cu126, build_args: {BUILT_FOR: "+target.CUDA.Value+"}}]")), nil, nil
	})
	require.NoError(t, err, printed(problems))
	require.False(t, problems.HasErrors(), printed(problems))
	got := s.Plan.Steps[0].BuildArgs["BUILT_FOR"]
	assert.Equal(t, "12.6", got, "built for %s, asked for", got)
	assert.Equal(t, []string{"12.2", "12.6"}, asked, "built for %s, asked for", got)
}

// TestSolveStops holds that problems of the target and of the search come
// together and end the work, and that an error does.
func TestSolveStops(t *testing.T) {
	spec := request("a")
	spec.Target = platform.Request{JetPack: platform.Asked{Value: "99"}, Platform: "linux/arm64"}
	_, problems, err := Solve(spec, func(plan.Target) (*catalog.Catalog, diag.List, error) {
		var problems diag.List
		problems.Errorf(rules.MissingSource, diag.Range{}, "", "no folder")
		return nil, problems, nil
	})
	if assert.NoError(t, err, "got %v, %s", err, printed(problems)) {
		assert.Len(t, problems, 2, "got %v, %s", err, printed(problems))
	}
	_, _, err = Solve(spec, func(plan.Target) (*catalog.Catalog, diag.List, error) { return nil, nil, context.Canceled })
	assert.ErrorIs(t, err, context.Canceled)
}

// TestSolveRandom solves random declared trees: each ends after few turns, twice
// with the same result, and a plan has one version of each family, all of which
// fit its target.
func TestSolveRandom(t *testing.T) {
	solved := 0
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		tree, args := randomTree(rnd), map[string]string{}
		spec := request(fmt.Sprintf("f%d", rnd.IntN(4)), fmt.Sprintf("f%d:%d", 4+rnd.IntN(2), rnd.IntN(4)))
		spec.Target = platform.Request{JetPack: platform.Asked{Value: "6.0"}, Platform: "linux/arm64"}
		args[fmt.Sprintf("F%d_VERSION", rnd.IntN(6))] = fmt.Sprint(rnd.IntN(4))
		spec.Args = args
		cat, turns := scanned(t, tree), 0
		find := func(plan.Target) (*catalog.Catalog, diag.List, error) { turns++; return cat, nil, nil }
		s, problems, err := Solve(spec, find)
		again, other, _ := Solve(spec, find)
		require.NoError(t, err, "seed %d: %v, %s, then", seed, err, printed(problems))
		require.Equal(t, printed(other), printed(problems), "seed %d: %v, %s, then", seed, err, printed(problems))
		require.Equal(t, again.Plan == nil, s.Plan == nil, "seed %d: %v, %s, then", seed, err, printed(problems))
		assert.LessOrEqual(t, turns, 2*(maxMoves+1)*(maxAttempts+1), "seed %d: %d turns", seed, turns)
		if s.Plan == nil {
			continue
		}
		solved++
		families := map[string]bool{}
		f := newFinder(cat, s.Plan.Target)
		for _, step := range s.Plan.Steps {
			family := catalog.Base(step.Name)
			if assert.False(t, families[family], "seed %d: %s in %s", seed, step.Name, chain(s.Plan)) {
				assert.True(t, f.usable(cat.Find(step.Name)), "seed %d: %s in %s", seed, step.Name, chain(s.Plan))
			}
			families[family] = true
		}
	}
	assert.GreaterOrEqual(t, solved, 50, "only %d of the random trees have a solution", solved)
}

// randomTree makes six families of four versions.
func randomTree(rnd *rand.Rand) pkgmeta.Tree {
	var families []string
	for family := range 6 {
		text := fmt.Sprintf("name: f%d\nvariants:\n", family)
		for version := range 4 {
			text += fmt.Sprintf("- version: %d\n", version)
			if rnd.IntN(2) == 0 {
				text += "  requires: '" + []string{"cu122", ">=cu124", "cu126", "<cu126", ">=36", "py310"}[rnd.IntN(6)] + "'\n"
			}
			if family > 0 && rnd.IntN(2) == 0 {
				text += fmt.Sprintf("  depends: f%d:%d\n", rnd.IntN(family), rnd.IntN(4))
			} else if family > 0 {
				text += fmt.Sprintf("  depends: f%d\n", rnd.IntN(family))
			}
			text += []string{"", "  default: true\n", "  default: '>=cu126'\n", "  default: false\n"}[rnd.IntN(4)]
		}
		families = append(families, text)
	}
	return treeOf(strings.Join(families, "\n"))
}
