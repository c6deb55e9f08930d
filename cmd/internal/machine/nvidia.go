package machine

import (
	"encoding/json"
	"regexp"
	"strings"

	"jetkit/pkgspec/platform"
)

// driverVersion is in the first line of the driver's own file: "NVRM version:
// NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build ...".
var driverVersion = regexp.MustCompile(`\s(\d+\.\d+(?:\.\d+)*)\s`)

// Driver returns the version of NVIDIA's kernel driver, "540.4.0". It is empty if
// the driver is not loaded, and on Jetsons up to L4T 35, whose driver has none but
// the L4T version.
func (m *Machine) Driver() string {
	found := driverVersion.FindStringSubmatch(m.line("/proc/driver/nvidia/version") + " ")
	if found == nil {
		return ""
	}
	return found[1]
}

// GPU reports whether the machine has an NVIDIA GPU that the system's driver runs.
func (m *Machine) GPU() bool {
	if m.Exists("/proc/driver/nvidia/version") || m.Exists("/dev/nvidia0") || m.Exists("/dev/nvidiactl") {
		return true
	}
	return m.Jetson() && (m.Exists("/dev/nvhost-gpu") || m.Exists("/dev/nvmap") || m.Exists("/dev/nvhost-ctrl-gpu"))
}

// Kind is which of NVIDIA's platforms a machine is.
type Kind string

// The kinds. They are jetson-containers' names, which its CUDA_ARCH has too.
const (
	Tegra Kind = "tegra-aarch64" // a Jetson with Tegra's own CUDA packages
	SBSA  Kind = "aarch64"       // an ARM server, and Jetsons from L4T 38 on
	X86   Kind = "x86_64"
	Other Kind = "" // none that there is CUDA for
)

// Kind tells which of NVIDIA's platforms the machine is. A Jetson from L4T 38 on
// is SBSA: ask [Board.Jetson] for the board itself.
func (m *Machine) Kind() Kind {
	switch m.Arch() {
	case "amd64":
		return X86
	case "arm64":
	default:
		return Other
	}
	l4t, err := m.Release()
	if err != nil || l4t == "" {
		if m.Board().Jetson() {
			return Tegra
		}
		return SBSA
	}
	target, _, _ := platform.Resolve(platform.Request{L4T: platform.Asked{Value: l4t}, Platform: "linux/arm64"})
	if target.Arch.Value == "" { // a release that no table has
		return Tegra
	}
	return Kind(target.Arch.Value)
}

// CUDA returns the version of the CUDA toolkit that is installed on the machine
// itself, "12.6.68"; empty if there is none. Containers bring their own from L4T 36 on.
func (m *Machine) CUDA() string {
	dt, err := m.ReadFile("/usr/local/cuda/version.json")
	if err != nil {
		return strings.TrimPrefix(m.line("/usr/local/cuda/version.txt"), "CUDA Version ")
	}
	var file struct {
		CUDA struct {
			Version string `json:"version"`
		} `json:"cuda"`
	}
	if json.Unmarshal(dt, &file) != nil {
		return ""
	}
	return file.CUDA.Version
}

// CDIDirs are the folders in which specifications of CDI devices are looked for,
// by Docker and BuildKit: of the same device, that of the later folder wins.
// https://github.com/cncf-tags/container-device-interface/blob/v1.1.0/pkg/cdi/spec-dirs.go
func CDIDirs() []string { return []string{"/etc/cdi", "/var/run/cdi"} }

// PowerMode returns the name of a Jetson's power mode, "MAXN", from what nvpmodel
// keeps; empty if there is no telling.
func (m *Machine) PowerMode() string {
	mode := powerStatus.FindStringSubmatch(m.line("/var/lib/nvpmodel/status"))
	if mode == nil {
		return ""
	}
	number := strings.TrimLeft(mode[1], "0")
	if number == "" {
		number = "0"
	}
	dt, err := m.ReadFile("/etc/nvpmodel.conf")
	if err != nil {
		return number
	}
	for _, model := range powerModel.FindAllStringSubmatch(string(dt), -1) {
		if model[1] == number {
			return model[2]
		}
	}
	return number
}

var (
	// powerStatus is the one line of nvpmodel's own file: "pmode:0002 fmode:fanNull".
	powerStatus = regexp.MustCompile(`^pmode:(\d+)`)
	// powerModel is the head of a mode in nvpmodel's configuration:
	// "< POWER_MODEL ID=2 NAME=MODE_15W >".
	powerModel = regexp.MustCompile(`(?m)^\s*<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>`)
)
