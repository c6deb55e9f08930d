package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// TestConstraints covers what of a chain's constraints reaches the plan, and which exclude each other.
func TestConstraints(t *testing.T) {
	for _, test := range []struct{ name, tree, args, want string }{
		{"of a variant and of all", "name: x\nconstraints: numpy<2\nvariants: [{version: 1, constraints: [x==1.0]}]", "", "numpy<2 x==1.0"},
		{"build arguments", "name: x\nconstraints: 'x==${X_VERSION}'\nvariants: [{version: 1, build_args: {X_VERSION: 1.0.3}}]", "X_VERSION=1", "x==1.0.3"},
		{"the user's argument", "name: x\nconstraints: 'x==${OF_X}'\nbuild_args: {OF_X: 1}", "OF_X=2", "x==2"},
		{"the user's argument is no version", "name: x\nconstraints: 'x==${OF_X}'\nbuild_args: {OF_X: 1}", "OF_X=a b", `constraints of x: "==a b" is not a version specifier`},
		{"two that agree", "name: x\ndepends: y\nconstraints: [numpy>=1.26, y==1]\n\nname: y\nconstraints: numpy==1.26.4", "", "numpy==1.26.4 numpy>=1.26 y==1"},
		{"two that do not", "name: x\ndepends: y\nconstraints: numpy>=2\n\nname: y\nconstraints: numpy==1.26.4", "", "y needs numpy==1.26.4, and x needs numpy>=2"},
		{"the third and the first", "name: x\ndepends: [y, z]\nconstraints: numpy==2\n\nname: y\nconstraints: numpy<2\n\nname: z\nconstraints: numpy>=1", "", "y needs numpy<2, and x needs numpy==2"},
		{"names of one project", "name: x\ndepends: y\nconstraints: Torch_Vision==2\n\nname: y\nconstraints: torch.vision==1", "", "y needs torch-vision==1, and x needs torch-vision==2"},
		{"one that is skipped", "name: x\ndepends: y\nconstraints: numpy>=2\n\nname: skipped\nalias: y\nconstraints: numpy==1.26.4", "", "numpy>=2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var args []string
			if test.args != "" {
				args = []string{test.args}
			}
			s, problems := solveFile(t, "target: {jetpack: 6.2}\npackages: [x]\nskip: skipped*", args, treeOf(test.tree))
			if s.Plan == nil {
				assert.Contains(t, printed(problems), test.want)
				return
			}
			var got []string
			for _, step := range s.Plan.Steps {
				for _, c := range step.Constraints {
					got = append(got, c.String())
				}
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}

// TestRowsOfOneVersion covers a version that is declared several times, for other targets each.
func TestRowsOfOneVersion(t *testing.T) {
	const tree = "name: x\nvariants:\n" +
		"  - {version: 1, requires: [tegra, '>=36'], build_args: {INDEX: jetson}, kernels: 87, default: true}\n" +
		"  - {version: 1, requires: [sbsa, cu130], build_args: {INDEX: sbsa}, kernels: [90, 110+ptx]}\n" +
		"  - {version: 2, requires: '==35.*', build_args: {INDEX: two}}\n" +
		"  - {version: 1, requires: '==35.*', build_args: {INDEX: pypi}, default: true}\n"
	for _, test := range []struct{ target, packages, args, want string }{
		{"{jetpack: 6.2}", "x", "", "x:1 jetson"},
		{"{jetpack: 6.2}", "x:1", "", "x:1 jetson"},
		{"{jetpack: 7.0}", "x", "", "x:1 sbsa"},
		{"{jetpack: 5.1.2}", "x", "", "x:1 pypi"},
		{"{jetpack: 5.1.2}", "x:1", "", "x:1 pypi"},
		{"{jetpack: 5.1.2}", "x:2", "", "x:2 two"},
		{"{jetpack: 5.1.2}", "x", "X_VERSION=2", "x:2 two"},
		{"{jetpack: 7.0}", "x", "X_VERSION=1", "x:1 sbsa"},
		{"{jetpack: 7.2}", "x", "", "no version of x fits the target"},
		{"{jetpack: 6.2}", "x", "X_VERSION=3", "declared are 1, 2\n"},
	} {
		t.Run(test.target+test.packages+test.args, func(t *testing.T) {
			s, problems := solveFile(t, "target: "+test.target+"\npackages: ["+test.packages+"]", strings.Fields(test.args), treeOf(tree))
			if s.Plan == nil {
				assert.Contains(t, printed(problems), test.want)
				return
			}
			step := s.Plan.Steps[0]
			assert.Equal(t, test.want, step.Name+" "+step.BuildArgs["INDEX"])
		})
	}
	s, problems := solveFile(t, "target: {jetpack: 7.0}\npackages: [x]", nil, treeOf(tree))
	require.NotNil(t, s.Plan, printed(problems))
	kernels := s.Plan.Steps[0].Kernels
	assert.Equal(t, "9.0, 11.0 and later", plan.KernelsText(kernels))
}

// TestManyConstraints holds that the search for those that exclude each other stays cheap.
func TestManyConstraints(t *testing.T) {
	var tree, names strings.Builder
	for i := range 300 {
		fmt.Fprintf(&tree, "name: p%d\nconstraints: [", i)
		for k := range 99 {
			fmt.Fprintf(&tree, "'numpy>=0.%d.%d', ", i, k)
		}
		tree.WriteString("numpy==500]\n\n")
		fmt.Fprintf(&names, "p%d, ", i)
	}
	s, problems := solveFile(t, "target: {jetpack: 6.2}\npackages: ["+names.String()+"]", nil, treeOf(strings.TrimSpace(tree.String())))
	require.NotNil(t, s.Plan, printed(problems))
	assert.Len(t, s.Plan.Steps[299].Constraints, 100)
}
