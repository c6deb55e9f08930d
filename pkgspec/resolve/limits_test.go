package resolve

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// A package's own limits win over the user's, and those over the defaults.
func TestWhoseLimits(t *testing.T) {
	tree := treeOf(`name: own
test: test.sh
test_timeout: 2h
test_retries: 0
build_timeout: none

name: plain
depends: own
test: test.sh

name: untested
depends: plain
`)
	limits := func(steps []plan.Step) (limits []any) {
		for _, s := range steps {
			limits = append(limits, s.BuildTimeout)
			for _, test := range s.Tests {
				limits = append(limits, test.Timeout, test.Retries)
			}
		}
		return limits
	}
	spec := request("untested")
	p, problems := Resolve(spec, scanned(t, tree), target, base)
	require.NotNil(t, p, printed(problems))
	assert.Equal(t, []any{plan.Seconds(0), plan.Seconds(7200), 0, plan.Seconds(0), plan.Seconds(1800), 0, plan.Seconds(0)}, limits(p.Steps))
	assert.Equal(t, []int{0, 2, 1}, []int{p.Build.Parallel, p.Tests.Parallel, p.Tests.GPUParallel})

	spec.Build.Timeout, spec.Tests.Timeout, spec.Tests.Retries = new(plan.Seconds(60)), new(plan.Seconds(0)), new(3)
	spec.Build.Parallel, spec.Tests.Parallel, spec.Tests.GPUParallel = new(5), new(6), new(7)
	p, problems = Resolve(spec, scanned(t, tree), target, base)
	require.NotNil(t, p, printed(problems))
	assert.Equal(t, []any{plan.Seconds(0), plan.Seconds(7200), 0, plan.Seconds(60), plan.Seconds(0), 3, plan.Seconds(60)}, limits(p.Steps))
	assert.Equal(t, []int{0, 6, 7}, []int{p.Build.Parallel, p.Tests.Parallel, p.Tests.GPUParallel}, "a chain builds one package at a time anyway")

	spec.Layers.Form = plan.LayersPackages
	p, _ = Resolve(spec, scanned(t, tree), target, base)
	assert.Equal(t, 5, p.Build.Parallel)

	spec.Tests.Run = "none"
	p, _ = Resolve(spec, scanned(t, tree), target, base)
	assert.Zero(t, p.Steps[0].Tests[0].Timeout, "a test that does not run has no limits")
}
