package chain

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/gpu"
)

// deviceStubs keeps out of the image what GPU devices leave in the file systems of RUN
// steps: an empty file or a link for everything that they mount. In an image those
// would hide the device's own files, or stand in their way.
//
// From the first package with a GPU on, the chain is built on a file system in which a
// step before left all stubs already. In the end only the difference to that file system
// is put on what was there before it: neither the stubs nor an operation that removes
// them gets into a layer.
//
// This is done once in a chain, for all devices, and not for each package: every
// merge makes BuildKit (v0.33) walk all that is below twice when it exports.
type deviceStubs struct {
	devices gpu.Devices
	runtime bool
	// before and after are the file systems without and with the stubs; neither has an
	// output before the first package with a GPU.
	before, after llb.State
}

// StubsStep names the step that makes the stubs, without "[internal] ".
const StubsStep = "see where the GPU mounts files"

// stubsOf collects the devices of all stages, so that one step makes all stubs. Adding or
// removing a package with another device therefore rebuilds all GPU packages of the chain.
func stubsOf(stages []Stage) *deviceStubs {
	d := &deviceStubs{}
	for _, s := range stages {
		d.runtime = d.runtime || s.gpu.runtime
		d.devices = withDevices(d.devices, s.gpu.devices())
	}
	return d
}

// on returns the file system that a package with a GPU builds on: the given one, with
// stubs if it has none yet. Without the cache, the stubs are those that the devices
// leave today: a driver that was updated may mount more files.
func (d *deviceStubs) on(st llb.State, image *dockerspec.DockerOCIImage, noCache bool) (llb.State, error) {
	if d.after.Output() != nil {
		return st, nil
	}
	prepared, err := WithImage(st.File(addCleanStep(), dockerui.WithInternalName("prepare steps with a GPU")), image)
	if err != nil {
		return st, err
	}
	if d.runtime {
		for _, v := range gpu.RuntimeVariables() {
			prepared = prepared.AddEnv(v.Name, v.Value)
		}
	}
	opts := append(d.devices.Options(), llb.Args([]string{CleanStep, listStep}), dockerui.WithInternalName(StubsStep))
	if noCache {
		opts = append(opts, llb.IgnoreCache)
	}
	d.before, d.after = st, llb.NewState(prepared.User("0").Dir("/").Run(opts...).Root().Output())
	return d.after, nil
}

// forget is for a stage that does not build on those before it.
func (d *deviceStubs) forget() { d.before, d.after = llb.State{}, llb.State{} }

// leaveOut returns the file system without the stubs that the chain was built on.
func (d *deviceStubs) leaveOut(st llb.State) llb.State {
	if d.after.Output() == nil {
		return st
	}
	built := llb.Diff(d.after, st, dockerui.WithInternalName("find what was built since the GPU mounted files"))
	merged := llb.Merge([]llb.State{d.before, built}, dockerui.WithInternalName("leave out where the GPU mounted files"))
	return llb.NewState(merged.Output())
}
