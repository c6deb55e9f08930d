package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"jetkit/pkgspec/plan"
)

// jobVariables tell tools how many jobs to run at once; a %d stands for the number.
// Source: cmake.org/cmake/help/latest/envvar/CMAKE_BUILD_PARALLEL_LEVEL.html;
// GNU make's manual, "Communicating Options to a Sub-make"; doc.rust-lang.org/cargo/reference/config.html
// (build.jobs); MAX_JOBS is that of PyTorch's setup.py and of what is built by its extensions. Read 2026-11.
func jobVariables() []string {
	return []string{"MAX_JOBS=%d", "CMAKE_BUILD_PARALLEL_LEVEL=%d", "MAKEFLAGS=-j%d", "CARGO_BUILD_JOBS=%d"}
}

// withJobs returns a step's variables with those that say how many jobs to run at once. What
// the step has itself, by ENV or ARG, wins.
func withJobs(env []string, jobs int) []string {
	if jobs == 0 {
		return env
	}
	for _, form := range jobVariables() {
		name, _, _ := strings.Cut(form, "=")
		if lookup(env, name) == "" {
			env = append(slices.Clip(env), fmt.Sprintf(form, jobs))
		}
	}
	return env
}

// limitResources limits the memory and processors of a step, beyond what the command line says
// for all. They are no part of the step's key: a step is the same with other limits.
func limitResources(md *pb.OpMetadata, r plan.Resources) {
	if r.Memory == 0 && r.CPUs == "" {
		return
	}
	if md.LinuxResources == nil {
		md.LinuxResources = &pb.LinuxResources{}
	}
	limits := md.GetLinuxResources()
	if r.Memory > 0 {
		limits.Memory = r.Memory
		if limits.GetMemorySwap() > 0 && limits.GetMemorySwap() < r.Memory { // it counts both together
			limits.MemorySwap = r.Memory
		}
	}
	if r.CPUs != "" {
		limits.CpuQuota, limits.CpuPeriod = r.CPUQuota()
	}
	if md.Caps == nil {
		md.Caps = map[string]bool{}
	}
	md.Caps[string(pb.CapExecMetaLinuxResources)] = true
}

// canLimit reports whether a builder limits memory and processors of steps.
func canLimit(caps apicaps.CapSet) bool { return caps.Supports(pb.CapExecMetaLinuxResources) == nil }
