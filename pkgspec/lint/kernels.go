package lint

import (
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// noKernels warns of packages whose binaries may not run on a GPU of the target.
func (p Project) noKernels(l *diag.List) {
	for _, step := range p.Plan.Steps {
		if len(step.Kernels) == 0 {
			continue // it does not say, or compiles its kernels here
		}
		var missing, unpromised []string
		for _, sm := range p.Plan.Target.Capabilities() {
			switch plan.FitOf(step.Kernels, sm) {
			case plan.KernelsMissing:
				missing = append(missing, plan.CapabilityText(sm))
			case plan.KernelsUnpromised:
				unpromised = append(unpromised, plan.CapabilityText(sm))
			case plan.KernelsNative, plan.KernelsOfMinor, plan.KernelsCompiled:
			}
		}
		at, has := step.Kernels[0].At, plan.KernelsText(step.Kernels)
		if len(missing) > 0 {
			l.Warnf(rules.NoKernels, at, "take another version of "+step.Name+", or an index whose builds are for the board",
				"%s has code for GPUs of compute capability %s, and none that runs on the target's %s", step.Name, has, strings.Join(missing, ", "))
		}
		if len(unpromised) > 0 {
			l.Warnf(rules.NoKernels, at, "let a test run a real kernel on the board",
				"%s has code for GPUs of compute capability %s; NVIDIA does not promise that any of it runs on the target's %s, as binaries for other GPUs need not run on a Jetson's",
				step.Name, has, strings.Join(unpromised, ", "))
		}
	}
}
