package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

func TestBuiltOn(t *testing.T) {
	steps := []plan.Step{
		{Name: "python"},
		{Name: "numpy", Needs: []string{"python"}},
		{Name: "cmake", Needs: []string{"left-out"}},
		{Name: "opencv", Needs: []string{"cmake", "numpy"}},
		{Name: "app", AfterAll: true},
		{Name: "ui", Needs: []string{"app"}},
		{Name: "node"},
	}
	for _, c := range []struct {
		form plan.LayersForm
		want [][]int
	}{
		{"", [][]int{nil, {0}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5}}},
		{plan.LayersPackages, [][]int{nil, {0}, nil, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}, nil}},
	} {
		p := plan.Plan{Steps: steps, Layers: plan.Layers{Form: c.form}}
		assert.Equal(t, c.want, p.BuiltOn(), "form %q", c.form)
	}
}
