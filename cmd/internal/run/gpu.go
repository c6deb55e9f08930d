package run

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/cmd/internal/machine"
)

// gpuThings are the GPU and what programs on it need.
func gpuThings() []Thing {
	return []Thing{
		{
			Name:   "gpu",
			Passes: "`--runtime nvidia --env NVIDIA_VISIBLE_DEVICES=all`, `--device nvidia.com/gpu=all` or `--gpus all`",
			When:   "there is an NVIDIA GPU. [By machine and engine](#the-gpu).",
			Reason: "the GPU",
			Unless: func(l *Line) string {
				return firstGiven(l, "gpus", "runtime", "device "+l.cdiDevice())
			},
			options: (*planner).gpu,
		},
		{
			Name:   "capabilities",
			Passes: "`--env NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics`, or `all`",
			When:   "there is an NVIDIA GPU. `all` except on Jetsons up to L4T 36.",
			Reason: "what of the driver the container gets", options: (*planner).capabilities,
		},
		{
			Name:   "ulimits",
			Passes: "`--ulimit memlock=-1 --ulimit stack=67108864`",
			When:   "there is an NVIDIA GPU, the machine is no Jetson and the engine is not rootless",
			Reason: "CUDA pins memory, and frameworks need deep stacks", Elsewhere: true, options: (*planner).ulimits,
		},
	}
}

// hasGPU reports whether there is a GPU to pass: a Jetson's, one with a driver, or that of WSL.
func (p *planner) hasGPU() bool {
	return p.jetson || p.Machine.GPU() || p.Machine.Exists("/dev/dxg")
}

// gpu passes the GPU in the way of the machine and of the engine.
func (p *planner) gpu() {
	const allGPUs = "nvidia.com/gpu=all"
	cdi := p.cdiFile(allGPUs)
	switch {
	case !p.hasGPU():
		p.warn("gpu: this machine has no NVIDIA GPU with a driver: the container gets none")
	case p.byCDI(cdi):
		p.because("the GPU, as "+cdi+" describes it (CDI)", "--device", allGPUs)
	case p.Engine.Name == Podman:
		p.warn("gpu: podman takes GPUs by CDI alone, and no file in %s describes %s: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
			strings.Join(machine.CDIDirs(), " or "), allGPUs)
	case p.jetson:
		p.runtime()
	default:
		p.add("--gpus", "all")
	}
}

// runtime passes a Jetson's GPU by NVIDIA's runtime. It looks at the container's environment: images of NVIDIA's have
// the variable, others do not.
func (p *planner) runtime() {
	name := "nvidia"
	if p.Engine.Name == Nerdctl { // takes the name of a program
		name = "nvidia-container-runtime"
	}
	p.because("a Jetson's driver and GPU come by NVIDIA's runtime; --gpus does not work there", "--runtime", name)
	p.because("the runtime gives nothing to an image that does not ask", "--env", "NVIDIA_VISIBLE_DEVICES=all")
	if p.Engine.Known && !slices.Contains(p.Engine.Runtimes, name) {
		p.warn("gpu: docker has no runtime nvidia: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker")
	}
}

// byCDI decides whether the GPU is passed as a CDI device.
func (p *planner) byCDI(file string) bool {
	switch {
	case file == "":
		return false
	case p.Engine.Name == Podman, p.Engine.Name == Nerdctl && !p.jetson:
		return true
	case p.jetson && (!p.Engine.Known || slices.Contains(p.Engine.Runtimes, "nvidia")):
		return false // the runtime knows more of a Jetson than a file that was made once
	}
	return p.Engine.CDI
}

// capabilities passes what of the driver the container gets.
func (p *planner) capabilities() {
	if !p.hasGPU() {
		return
	}
	// From L4T 38 on a Jetson's driver is that of ARM servers, and without "video" it would lack its codecs.
	if p.jetson && p.l4tMajor() < 38 {
		p.add("--env", "NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics")
		return
	}
	p.add("--env", "NVIDIA_DRIVER_CAPABILITIES=all")
}

// l4tMajor returns the first number of the L4T version, 0 where it is not known.
func (p *planner) l4tMajor() int {
	version, _ := p.Machine.Release() // jetkit doctor says what is wrong with the file
	major, _, _ := strings.Cut(version, ".")
	number, _ := strconv.Atoi(major)
	return number
}

func (p *planner) ulimits() {
	if p.hasGPU() && !p.rootless() {
		p.add("--ulimit", "memlock=-1")
		p.add("--ulimit", "stack=67108864")
	}
}

// rootless reports whether the engine has no more rights than the user, who cannot raise limits.
func (p *planner) rootless() bool {
	return p.Engine.Rootless || p.Engine.Name == Podman && p.User.ID != 0
}

// cdiFile returns the file that describes a CDI device, empty if none does. Files that cannot be read describe nothing
// here: jetkit doctor says what is wrong with them.
func (p *planner) cdiFile(device string) string {
	kind, want, _ := strings.Cut(device, "=")
	for _, dir := range slices.Concat(machine.CDIDirs(), p.Engine.CDIDirs) {
		for _, name := range p.Machine.Glob(filepath.Join(dir, "*")) {
			switch filepath.Ext(name) {
			case ".json", ".yaml", ".yml":
			default:
				continue
			}
			dt, err := p.Machine.ReadFile(name)
			if err != nil {
				continue
			}
			var spec struct {
				Kind    string `yaml:"kind"`
				Devices []struct {
					Name string `yaml:"name"`
				} `yaml:"devices"`
			}
			if yaml.Unmarshal(dt, &spec) != nil || spec.Kind != kind {
				continue
			}
			for _, device := range spec.Devices {
				if device.Name == want {
					return name
				}
			}
		}
	}
	return ""
}
