package teststep

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/pkgspec/plan"
)

// MissingCDIError says that the builder is too old for CDI devices. Without this
// check BuildKit would drop the device and the test would run without a GPU.
type MissingCDIError struct{ Device string }

func (e *MissingCDIError) Error() string {
	return fmt.Sprintf("the builder cannot give the test the CDI device %s: it needs BuildKit 0.20 or later "+
		"(Docker Engine 28.2 or later); upgrade it, or build with --build-arg TEST_GPU=skip", e.Device)
}

// gpu gives the options that a GPU test's step needs beyond its environment.
//
// The device is required, never optional: a result made without a GPU would be
// found in the cache when a GPU is there. BuildKit leaves empty files where a
// device's mounts were, which is one more reason for tests to be side branches.
func (c Config) gpu(step plan.Step) ([]llb.RunOption, error) {
	if !step.GPU || c.Plan.Tests.GPU != plan.GPUCDI {
		return nil, nil
	}
	if c.Caps.Supports(pb.CapExecMetaCDI) != nil {
		return nil, &MissingCDIError{Device: c.Plan.Tests.Device}
	}
	return []llb.RunOption{llb.AddCDIDevice(llb.CDIDeviceName(c.Plan.Tests.Device))}, nil
}
