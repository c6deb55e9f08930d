package chain

import (
	"errors"
	"slices"
	"strings"

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
	// runtime is set for builders that run steps by nvidia-container-runtime.
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

// input gives what the RUN steps of a package with a GPU are compiled from.
func (g buildGPU) input(in stepInput) stepInput {
	in.again = true
	in.image = withCleanStep(in.image)
	if g.runtime {
		in.image = withVariables(in.image, gpu.RuntimeVariables())
	}
	return in
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
