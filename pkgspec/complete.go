package pkgspec

import (
	"cmp"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// checkPackagesKey reports that packages is missing, unless the unknown key that
// was meant to be it is reported already.
func (l *loader) checkPackagesKey(root *yamlnode.Node) {
	if _, ok := l.keyAt["packages"]; ok {
		return
	}
	at := root.At
	for i, f := range root.Fields {
		if i == 0 {
			at = f.KeyAt
		}
		if diag.Meant(yamlnode.Excerpt(f.Key), []string{"packages"}, synonyms) != "" {
			return
		}
	}
	l.problems.Errorf(rules.MissingKey, at, "add the packages to build, for example: packages: [numpy]", "the key packages is missing")
}

// checkTogether reports keys of the file that contradict each other.
func (l *loader) checkTogether() {
	skip, hasSkip := l.keyAt["tests.skip"]
	only, hasOnly := l.keyAt["tests.only"]
	if hasSkip && hasOnly {
		l.problems.Errorf(rules.ConflictingKeys, only, "keep one of them", "tests.skip and tests.only exclude each other").
			Relate(skip, "skip is here")
	}
	gpu, key := l.spec.Build.GPU, "gpu"
	if gpu == "" && l.spec.Tests.GPU == plan.GPURuntime {
		gpu, key = plan.GPURuntime, "tests.gpu"
	}
	l.checkDevice("build.device", key, gpu)
	l.checkDevice("tests.device", "gpu", l.spec.Tests.GPU)
}

// checkDevice warns of a device that the file names for nothing.
func (l *loader) checkDevice(device, key string, gpu plan.GPUMode) {
	if at, ok := l.keyAt[device]; ok && gpu != "" && gpu != plan.GPUCDI {
		l.problems.Warnf(rules.NoEffect, at, "leave it out, or write gpu: cdi", "%s has no effect with %s: %s", device, key, gpu)
	}
}

// checkDeviceArg warns of a build argument that names a device for nothing. key is
// what decides that.
func (l *loader) checkDeviceArg(name, key string, gpu plan.GPUMode) {
	if l.given(name) && gpu != plan.GPUCDI {
		l.problems.Warnf(rules.NoEffect, diag.Range{}, "leave it out, or set "+key+" to cdi", "--build-arg %s has no effect with %s: %s", name, key, gpu)
	}
}

// DefaultDir is the folder of the context that is a source where none is listed.
const DefaultDir = "packages"

// complete fills in what neither the file nor a build argument said. The
// target and the base image keep their gaps: platform.Resolve has the facts.
func (l *loader) complete() {
	if l.spec.Sources == nil {
		l.spec.Sources = []Source{
			{Kind: plan.Context, Dir: DefaultDir, Optional: true},
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
	l.completeLayers(&l.spec.Layers)
	l.completeCaches(build)
	l.completeCcache(build)
	l.completeImage()
	if build.GitHubAPI != nil && *build.GitHubAPI {
		build.GitHubAPI = nil
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
