package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

func TestBuiltOnDirectly(t *testing.T) {
	steps := []plan.Step{
		{Name: "python"},
		{Name: "numpy", Needs: []string{"python"}},
		{Name: "cmake", Needs: []string{"left-out"}},
		{Name: "opencv", Needs: []string{"python", "cmake", "numpy"}},
		{Name: "node"},
		{Name: "app", AfterAll: true, Needs: []string{"python"}},
		{Name: "ui", Needs: []string{"app", "node"}},
	}
	for _, c := range []struct {
		form plan.LayersForm
		want [][]int
	}{
		{"", [][]int{nil, {0}, {1}, {2}, {3}, {4}, {5}}},
		{plan.LayersPackages, [][]int{nil, {0}, nil, {1, 2}, nil, {3, 4}, {5}}},
	} {
		p := plan.Plan{Steps: steps, Layers: plan.Layers{Form: c.form}}
		assert.Equal(t, c.want, p.BuiltOnDirectly(), "form %q", c.form)
	}
}

func TestLayersOnBase(t *testing.T) {
	p := &plan.Plan{Steps: []plan.Step{{Name: "a", Dockerfile: "Dockerfile"}, {Name: "group"}, {Name: "b", Dockerfile: "Dockerfile.b"}}}
	_, known := p.LayersOnBase()
	assert.False(t, known, "the Dockerfiles of a chain decide")
	p.Layers.Form = plan.LayersPackages
	n, known := p.LayersOnBase()
	assert.True(t, known)
	assert.Equal(t, 4, n, "two packages, what joins them, and the seal")
	p.Image.From = []plan.ImageFile{{Path: "/opt"}}
	_, known = p.LayersOnBase()
	assert.False(t, known, "a runtime image has none of the packages' layers")
}
