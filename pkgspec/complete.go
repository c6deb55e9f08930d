package pkgspec

import (
	"cmp"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// complete fills in what neither the file nor a build argument said. The
// target and the base image keep their gaps: platform.Resolve has the facts.
func (l *loader) complete() {
	if l.spec.Sources == nil {
		l.spec.Sources = []Source{
			{Kind: plan.Context, Dir: "packages", Optional: true},
			{Kind: plan.Builtin, Dir: "."},
		}
	}
	build, tests := &l.spec.Build, &l.spec.Tests
	tests.Run = cmp.Or(tests.Run, TestAll)
	tests.GPU = cmp.Or(tests.GPU, plan.GPUCDI)
	// A builder with NVIDIA's runtime has no CDI devices, as a rule, for RUN steps
	// either. Leaving GPU tests out says nothing of them: what is built, and the
	// keys it is cached by, must be the same on a builder without a GPU.
	if build.GPU == "" && tests.GPU == plan.GPURuntime {
		build.GPU = plan.GPURuntime
	}
	build.GPU = cmp.Or(build.GPU, plan.GPUCDI)
	l.checkDeviceArg("BUILD_DEVICE", "build.gpu", build.GPU)
	l.checkDeviceArg("TEST_DEVICE", "tests.gpu", tests.GPU)
	// Only CDI names devices; a name left over here would change the plan's digest
	// without changing a single step.
	if build.GPU != plan.GPUCDI {
		build.Device = ""
	}
	if tests.GPU == plan.GPUCDI {
		tests.Device = cmp.Or(tests.Device, plan.DefaultDevice)
	} else {
		tests.Device = ""
	}
	completeSteps(&build.Sandbox, &build.Privileged)
	completeSteps(&tests.Sandbox, &tests.Privileged)
}

// completeSteps forgets how the user asked for what is the default anyway.
func completeSteps(sandbox *plan.Sandbox, privileged *[]diag.Text) {
	if sandbox.Network == defaultNetwork {
		sandbox.Network = plan.NetworkDefault
	}
	if len(*privileged) == 0 {
		*privileged = nil
	}
}
