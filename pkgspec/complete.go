package pkgspec

import (
	"cmp"

	"jetkit/pkgspec/plan"
)

// defaultDevice is the CDI name of all GPUs of a Jetson.
const defaultDevice = "nvidia.com/gpu=all"

// complete fills in what neither the file nor a build argument said. The
// target and the base image keep their gaps: platform.Resolve has the facts.
func (l *loader) complete() {
	if l.spec.Sources == nil {
		l.spec.Sources = []Source{
			{Kind: plan.Context, Dir: "packages", Optional: true},
			{Kind: plan.Builtin, Dir: "."},
		}
	}
	tests := &l.spec.Tests
	tests.Run = cmp.Or(tests.Run, TestAll)
	tests.GPU = cmp.Or(tests.GPU, plan.GPUCDI)
	if tests.GPU == plan.GPUCDI {
		tests.Device = cmp.Or(tests.Device, defaultDevice)
	} else {
		// Only CDI names devices; a name left over here would change the plan's
		// digest without changing a single step.
		tests.Device = ""
	}
}
