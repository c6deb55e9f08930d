package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
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
	// own are those that single RUN steps name (RUN --device).
	own gpu.Devices
	// runtime is set for builders whose OCI runtime is nvidia-container-runtime.
	runtime bool
}

// gpuOf tells how a step builds with a GPU.
func gpuOf(step plan.Step, dockerfile []byte) (buildGPU, error) {
	g := buildGPU{runtime: step.BuildGPU == plan.GPURuntime}
	if step.BuildGPU == plan.GPUCDI {
		g.all = gpu.Required(step.BuildDevice)
	}
	asks, err := AsksOf(dockerfile)
	g.own = asks.Devices
	return g, err
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

// withGPU compiles a package whose RUN steps have a GPU. Whatever a device mounts
// leaves an empty file or a link in the step's file system, where an image must
// not have it: it would hide the device's own files, or stand in their way.
//
// So the package is compiled on top of a file system in which an earlier step left
// all of that already, and only the difference becomes part of the chain. Neither
// the marks nor an operation that removes them gets into a layer.
func (s *Stage) withGPU(ctx context.Context, opt Options, in stepInput, g buildGPU) (llb.State, error) {
	marked, err := s.marked(in, g)
	if err != nil {
		return llb.State{}, err
	}
	on := in
	on.base, on.again = marked, true
	on.image = withCleanStep(in.image)
	if g.runtime {
		on.image = withVariables(on.image, gpu.RuntimeVariables())
	}
	res, err := s.convert(ctx, opt, on, g)
	if err != nil {
		return llb.State{}, err
	}
	diff := llb.Diff(marked, res.State, s.internal("take what it built"))
	return llb.NewState(llb.Merge([]llb.State{in.base, diff}, s.internal("add what it built")).Output()), nil
}

// marked gives a file system with the marks of the package's devices.
func (s *Stage) marked(in stepInput, g buildGPU) (llb.State, error) {
	prepared := in.base.File(addCleanStep(), s.internal("prepare steps with a GPU"))
	st, err := WithImage(prepared, in.image)
	if err != nil {
		return llb.State{}, err
	}
	if g.runtime {
		for _, v := range gpu.RuntimeVariables() {
			st = st.AddEnv(v.Name, v.Value)
		}
	}
	opts := append(g.devices().Options(), llb.Args([]string{CleanStep, "/bin/true"}), s.internal("see where the GPU mounts files"))
	return llb.NewState(st.User("0").Dir("/").Run(opts...).Root().Output()), nil
}

// internal names an operation that is not one of the package's own.
func (s *Stage) internal(what string) llb.ConstraintsOpt {
	return dockerui.WithInternalName(fmt.Sprintf("%s: %s", s.Step.Name, what))
}

// withVariables gives a configuration with further environment variables.
func withVariables(image *dockerspec.DockerOCIImage, set []gpu.Variable) *dockerspec.DockerOCIImage {
	with := *image
	with.Config.Env = slices.Clone(image.Config.Env)
	for _, v := range set {
		with.Config.Env = slices.DeleteFunc(with.Config.Env, func(e string) bool { return strings.HasPrefix(e, v.Name+"=") })
		with.Config.Env = append(with.Config.Env, v.Name+"="+v.Value)
	}
	return &with
}

// errDetached is about packages whose devices' marks cannot be kept out.
var errDetached = errors.New("it builds with a GPU, but its Dockerfile's last stage does not build on BASE_IMAGE: " +
	"what the device leaves behind would stay in the image; build in a stage of its own and copy the result to a last stage FROM ${BASE_IMAGE}")
