package lock

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

// TestReasons changes each reason, and the place of one.
func TestReasons(t *testing.T) {
	planned := func() *plan.Plan {
		return &plan.Plan{
			Target: plan.Target{CUDA: plan.Value{Value: "12.6", Reason: "jetson.yaml:2"}},
			Base:   plan.Value{Value: "ubuntu:22.04", Reason: "plain Ubuntu 22.04"},
			Steps:  []plan.Step{{Name: "cuda:12.6", Why: []string{"needed by arm (packages/arm/Dockerfile:4:12)"}}, {Name: "arm", Why: []string{"requested at jetson.yaml:2:12"}}},
		}
	}
	want := reasonsOf(planned())
	assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, want)
	p := planned()
	p.Target.CUDA.Reason, p.Steps[0].Why[0], p.Steps[1].Why[0] = "jetson.yaml:9", "needed by arm (packages/arm/Dockerfile:5:1)", "requested at jetson.yaml:7:3"
	p.Target.CUDA.Value, p.Steps[0].Name = "12.2", "cuda:12.2"
	assert.Equal(t, want, reasonsOf(p), "places and values are no reasons")
	for name, change := range map[string]func(*plan.Plan){
		"of a value":             func(p *plan.Plan) { p.Target.CUDA.Reason = "default of L4T 36.4.3" },
		"of the base":            func(p *plan.Plan) { p.Base.Reason = "jetson.yaml:3" },
		"of a package":           func(p *plan.Plan) { p.Steps[0].Why[0] = "needed by leg (packages/leg/Dockerfile:4:12)" },
		"one more of a package":  func(p *plan.Plan) { p.Steps[0].Why = append(p.Steps[0].Why, "requested") },
		"those of other files":   func(p *plan.Plan) { p.Steps[1].Why[0] = "requested at robot.yaml:2:12" },
		"of a package that left": func(p *plan.Plan) { p.Steps = p.Steps[1:] },
	} {
		p := planned()
		change(p)
		assert.NotEqual(t, want, reasonsOf(p), name)
	}
}
