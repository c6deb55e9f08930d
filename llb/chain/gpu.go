package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"jetkit/llb/gpu"
	"jetkit/pkgspec/plan"
)

// buildGPU is how the RUN steps of a package get a GPU.
type buildGPU struct {
	// all are the devices of every RUN step, asked for by the package's metadata.
	all gpu.Devices
	// own are those that single RUN steps name (RUN --device), of the Dockerfile or
	// of an ONBUILD before it.
	own gpu.Devices
	// runtime is set for builders that run steps by nvidia-container-runtime.
	runtime bool
}

// gpuOf returns how a step builds with a GPU, if it does.
func gpuOf(step plan.Step, required Requirements) buildGPU {
	g := buildGPU{own: required.Devices, runtime: step.BuildGPU == plan.GPURuntime}
	if step.BuildGPU == plan.GPUCDI {
		g.all = gpu.Required(step.BuildDevice)
	}
	return g
}

// assignGPUs sets how each stage builds with a GPU, and checks that the builder
// can do it. A stage also runs the ONBUILD instructions that it inherits.
func assignGPUs(stages []Stage, caps apicaps.CapSet) error {
	for i := range stages {
		s := &stages[i]
		if s.SourceMap == nil {
			continue
		}
		required := s.Requirements
		for _, t := range s.Inherited {
			inherited, err := requirementsOfTrigger(t.Instruction)
			if err != nil {
				return fmt.Errorf("ONBUILD %s of %s: %w", t.Instruction, t.owner(), err)
			}
			required.Devices = withDevices(required.Devices, inherited.Devices)
		}
		s.gpu = gpuOf(s.Step, required)
		if err := s.gpu.supported(caps); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// used reports whether any RUN step has a GPU.
func (g buildGPU) used() bool { return g.runtime || len(g.devices()) > 0 }

// devices lists all of a package's devices.
func (g buildGPU) devices() gpu.Devices { return slices.Concat(g.all, g.own) }

// supported checks that the builder can do it.
func (g buildGPU) supported(caps apicaps.CapSet) error {
	if err := g.devices().Supported(caps); err != nil || !g.used() {
		return err
	}
	if caps.Supports(pb.CapMergeOp) != nil || caps.Supports(pb.CapDiffOp) != nil {
		return errors.New("building with a GPU needs a builder with merge and diff operations (BuildKit 0.10 or later): upgrade it")
	}
	return nil
}

// withGPU changes a stage's RUN steps that have a GPU: they clean up after
// themselves and, where the builder's runtime provides it, have the variables for that.
// The image's configuration has neither.
func (s *Stage) withGPU(ctx context.Context, in stepInput) error {
	r := rewriter{
		base:    in.base,
		matches: func(exec *pb.ExecOp) bool { return s.gpu.runtime || len(exec.GetCdiDevices()) > 0 },
		rewrite: func(exec *pb.ExecOp, _ pb.InputIndex) {
			cleanUp(exec)
			if s.gpu.runtime {
				exec.Meta.Env = withVariables(exec.GetMeta().GetEnv(), in.image.Config.Env)
			}
		},
	}
	st, offBase, err := r.apply(ctx, s.State, in.constraints)
	if err != nil {
		return err
	}
	if offBase {
		return errOffBase
	}
	s.State = st
	return nil
}

// withVariables adds the variables that NVIDIA's runtime reacts to. The image that
// is built on may have others, of a CUDA image say; those that the Dockerfile sets
// itself stay.
func withVariables(env, image []string) []string {
	env = slices.Clone(env)
	for _, v := range gpu.RuntimeVariables() {
		is := func(e string) bool { return strings.HasPrefix(e, v.Name+"=") }
		i := slices.IndexFunc(env, is)
		switch {
		case i < 0:
			env = append(env, v.Name+"="+v.Value)
		case slices.Contains(image, env[i]):
			env[i] = v.Name + "=" + v.Value
		}
	}
	return env
}

// errOffBase is about packages whose device stubs cannot be kept out of the image.
var errOffBase = errors.New("it builds with a GPU in its Dockerfile's last stage, which is not on top of BASE_IMAGE: " +
	"what the device leaves behind would stay in the image; build in a stage of its own and copy the result to a last stage FROM ${BASE_IMAGE}")
