package chain

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/gpu"
)

// marks keeps out of the image what GPU devices leave in the file systems of RUN
// steps: an empty file or a link for everything that they mount. In an image those
// would hide the device's own files, or stand in their way.
//
// From the first package with a GPU on, the chain is built on a file system in
// which a step before left all marks already. In the end only the difference to
// that file system is put on what was there before it: neither the marks nor an
// operation that removes them gets into a layer.
//
// This is done once in a chain, for all devices, and not for each package: every
// merge makes BuildKit (v0.33) walk all that is below twice when it exports.
type marks struct {
	devices gpu.Devices
	runtime bool
	// before and after are the file systems without and with the marks; without
	// outputs while there are none.
	before, after llb.State
}

// MarksStep names the step that makes the marks, without "[internal] ".
const MarksStep = "see where the GPU mounts files"

// marksOf collects the devices of all stages, so that one step makes all marks. A
// chain that a package with another device joins or leaves builds its packages with
// a GPU anew.
func marksOf(stages []Stage) *marks {
	m := &marks{}
	for _, s := range stages {
		m.runtime = m.runtime || s.gpu.runtime
		m.devices = withDevices(m.devices, s.gpu.devices())
	}
	return m
}

// on gives the file system that a package with a GPU builds on: the given one, with
// marks if it has none yet. Without the cache, the marks are those that the devices
// leave today: a driver that was updated may mount more files.
func (m *marks) on(st llb.State, image *dockerspec.DockerOCIImage, noCache bool) (llb.State, error) {
	if m.after.Output() != nil {
		return st, nil
	}
	prepared, err := WithImage(st.File(addCleanStep(), dockerui.WithInternalName("prepare steps with a GPU")), image)
	if err != nil {
		return st, err
	}
	if m.runtime {
		for _, v := range gpu.RuntimeVariables() {
			prepared = prepared.AddEnv(v.Name, v.Value)
		}
	}
	opts := append(m.devices.Options(), llb.Args([]string{CleanStep, "true"}), dockerui.WithInternalName(MarksStep))
	if noCache {
		opts = append(opts, llb.IgnoreCache)
	}
	m.before, m.after = st, llb.NewState(prepared.User("0").Dir("/").Run(opts...).Root().Output())
	return m.after, nil
}

// forget is for a stage that does not build on those before it.
func (m *marks) forget() { m.before, m.after = llb.State{}, llb.State{} }

// leaveOut gives the file system without the marks that the chain was built on.
func (m *marks) leaveOut(st llb.State) llb.State {
	if m.after.Output() == nil {
		return st
	}
	built := llb.Diff(m.after, st, dockerui.WithInternalName("find what was built since the GPU mounted files"))
	merged := llb.Merge([]llb.State{m.before, built}, dockerui.WithInternalName("leave out where the GPU mounted files"))
	return llb.NewState(merged.Output())
}
