// Package gpu provides steps of a build with a GPU: as a CDI device, or by the variables
// that nvidia-container-runtime reacts to.
package gpu

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// Devices are the CDI devices of a step.
type Devices []*pb.CDIDevice

// Required asks for one device that must be there. A test's device is always
// required: the result of an optional one, made without a GPU, would be found in
// the cache when a GPU is there.
func Required(name string) Devices { return Devices{{Name: name}} }

// MissingCDIError reports that the builder is too old for CDI devices. Without this
// check BuildKit would drop the device and the step would run without a GPU.
type MissingCDIError struct{ Device string }

func (e *MissingCDIError) Error() string {
	return fmt.Sprintf("the builder cannot give steps the CDI device %s: it needs BuildKit 0.20 or later (Docker Engine 28.2 or later); "+
		"upgrade it, or build without: --build-arg TEST_GPU=skip for tests, BUILD_GPU=skip for RUN steps", e.Device)
}

// Supported checks that a builder knows CDI devices, if there are any. Its error
// is a [MissingCDIError].
func (d Devices) Supported(caps apicaps.CapSet) error {
	if len(d) > 0 && caps.Supports(pb.CapExecMetaCDI) != nil {
		return &MissingCDIError{Device: d[0].GetName()}
	}
	return nil
}

// Options are the options of a step with the devices.
func (d Devices) Options() []llb.RunOption {
	opts := make([]llb.RunOption, len(d))
	for i, device := range d {
		set := []llb.CDIDeviceOption{llb.CDIDeviceName(device.GetName())}
		if device.GetOptional() {
			set = append(set, llb.CDIDeviceOptional)
		}
		opts[i] = llb.AddCDIDevice(set...)
	}
	return opts
}

// Variable is an environment variable of a step.
type Variable struct{ Name, Value string }

// RuntimeVariables are what makes nvidia-container-runtime provide a container with all
// GPUs. Source: NVIDIA/nvidia-container-toolkit, internal/config/image.
func RuntimeVariables() []Variable {
	return []Variable{{"NVIDIA_VISIBLE_DEVICES", "all"}, {"NVIDIA_DRIVER_CAPABILITIES", "all"}}
}
