package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

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

// gpuOf tells how a step builds with a GPU, if its Dockerfile asks for that.
func gpuOf(step plan.Step, asks Asks) buildGPU {
	g := buildGPU{own: asks.Devices, runtime: step.BuildGPU == plan.GPURuntime}
	if step.BuildGPU == plan.GPUCDI {
		g.all = gpu.Required(step.BuildDevice)
	}
	return g
}

// assignGPUs tells each stage how it builds with a GPU, and checks that the builder
// can do it. A stage also runs the ONBUILD triggers of the image that it builds on.
func assignGPUs(stages []Stage, base *dockerspec.DockerOCIImage, caps apicaps.CapSet) error {
	var inherited gpu.Devices
	for _, trigger := range base.Config.OnBuild {
		asks, err := asksOfTrigger(trigger)
		if err != nil {
			return fmt.Errorf("ONBUILD %s of the base image: %w", trigger, err)
		}
		inherited = withDevices(inherited, asks.Devices)
	}
	for i := range stages {
		s := &stages[i]
		if s.SourceMap == nil {
			continue
		}
		asks := s.Asks
		asks.Devices = withDevices(asks.Devices, inherited)
		inherited = asks.Later
		s.gpu = gpuOf(s.Step, asks)
		if err := s.gpu.supported(caps); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// used tells whether any RUN step has a GPU.
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

// changeGPUSteps changes the RUN steps that have a GPU: they clean up after
// themselves and, where the builder's runtime gives it, have the variables for that.
// The images' configurations know of neither.
func changeGPUSteps(ctx context.Context, stages []Stage, opt Options) error {
	first := slices.IndexFunc(stages, func(s Stage) bool { return s.gpu.used() })
	if first < 0 {
		return nil
	}
	stages = stages[first:]
	parts := make([]*part, len(stages))
	for i := range stages {
		parts[i] = stages[i].part()
	}
	if err := changeOnTop(ctx, parts, llb.WithCaps(opt.Client.BuildOpts().LLBCaps), llb.Platform(opt.Platform)); err != nil {
		return err
	}
	for i := range stages {
		if parts[i].astray {
			return stages[i].failed(errAstray)
		}
		stages[i].State = parts[i].state
	}
	return nil
}

// part says which of a stage's steps to change.
func (s *Stage) part() *part {
	p := &part{base: s.on.State, state: s.State}
	if !s.gpu.used() {
		return p
	}
	p.concerns = func(exec *pb.ExecOp) bool { return s.gpu.runtime || len(exec.GetCdiDevices()) > 0 }
	p.change = func(exec *pb.ExecOp) {
		cleanUp(exec)
		if s.gpu.runtime {
			exec.Meta.Env = withVariables(exec.GetMeta().GetEnv(), s.on.Image.Config.Env)
		}
	}
	return p
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

// errAstray is about packages whose devices' marks cannot be kept out.
var errAstray = errors.New("it builds with a GPU in its Dockerfile's last stage, which is not on top of BASE_IMAGE: " +
	"what the device leaves behind would stay in the image; build in a stage of its own and copy the result to a last stage FROM ${BASE_IMAGE}")
