package machine

import (
	"strings"
)

// Board is the hardware, as the firmware describes it.
type Board struct {
	// Model is its name: "NVIDIA Jetson Orin Nano Developer Kit". Empty if the
	// firmware gives none.
	Model string `json:"model"`
	// Module is the number of a Jetson's module, and Name what that number means:
	// "p3767-0005", "Jetson Orin Nano 8GB". Both are empty where they are not known.
	Module string `json:"module,omitempty"`
	Name   string `json:"module_name,omitempty"`
	// SoC is the system on chip, "tegra234"; empty on a machine without a device tree.
	SoC string `json:"soc,omitempty"`
	// SM is the compute capability of a Jetson's GPU, ten times the number, as in
	// the tables of releases: 87. Zero where it is not known.
	SM int `json:"sm,omitempty"`
}

// Jetson reports whether the board is one of NVIDIA's with a Tegra.
func (b Board) Jetson() bool {
	return strings.HasPrefix(b.SoC, "tegra") || strings.Contains(b.Model, "Jetson")
}

// Jetson reports whether the machine is a Jetson: by its board, or where the device
// tree cannot be seen, as in a container, by its release.
func (m *Machine) Jetson() bool { return m.Exists(ReleaseFile) || m.Board().Jetson() }

const deviceTree = "/proc/device-tree/"

// Board reads what the board is: from the device tree, and on machines without one
// from what the BIOS says.
func (m *Machine) Board() Board {
	var b Board
	for _, name := range []string{deviceTree + "model", "/sys/firmware/devicetree/base/model", "/sys/class/dmi/id/product_name"} {
		if b.Model = m.line(name); b.Model != "" {
			break
		}
	}
	b.SoC, b.Module = parseCompatible(m.compatible())
	b.SM = socSM[b.SoC]
	b.Name = moduleNames[b.Module]
	return b
}

// compatible returns the device tree's list of what the board is, the most precise
// name first: "nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005", "nvidia,tegra234".
func (m *Machine) compatible() []string {
	dt, err := m.ReadFile(deviceTree + "compatible")
	if err != nil {
		return nil
	}
	return strings.FieldsFunc(string(dt), func(r rune) bool { return r == 0 || r == '\n' })
}

// parseCompatible finds the system on chip and the module. A module is the last
// part of a board's name, after its carrier, and may stand alone too.
func parseCompatible(names []string) (soc, module string) {
	for _, name := range names {
		name, ours := strings.CutPrefix(name, "nvidia,")
		if !ours {
			continue
		}
		if strings.HasPrefix(name, "tegra") {
			soc = name
			continue
		}
		if _, after, found := strings.Cut(name, "+"); found {
			name = after
		}
		for known := range moduleNames {
			if strings.HasPrefix(name, known) && len(known) > len(module) {
				module = known
			}
		}
	}
	return soc, module
}

// socSM is the compute capability of each chip's GPU.
// https://developer.nvidia.com/cuda-gpus, /cuda-legacy-gpus
var socSM = map[string]int{
	"tegra210": 53,  // Nano, TX1
	"tegra186": 62,  // TX2
	"tegra194": 72,  // Xavier
	"tegra234": 87,  // Orin
	"tegra264": 110, // Thor
}

// moduleNames is what the numbers of modules mean, from the Quick Start of NVIDIA's
// Jetson Linux Developer Guide (archives/r35.2.1 and later), and rbonghi/jetson_stats:
// jtop/core/jetson_variables.py. p3834 from linux: dt-bindings/arm/tegra.yaml.
var moduleNames = map[string]string{
	"p2180-1000": "Jetson TX1",
	"p2888-0001": "Jetson AGX Xavier 16GB",
	"p2888-0003": "Jetson AGX Xavier 32GB",
	"p2888-0004": "Jetson AGX Xavier 32GB",
	"p2888-0005": "Jetson AGX Xavier 64GB",
	"p2888-0006": "Jetson AGX Xavier 8GB",
	"p2888-0008": "Jetson AGX Xavier Industrial 32GB",
	"p3310-1000": "Jetson TX2",
	"p3448-0000": "Jetson Nano 4GB (developer kit)",
	"p3448-0002": "Jetson Nano 4GB",
	"p3448-0003": "Jetson Nano 2GB",
	"p3489-0000": "Jetson TX2i",
	"p3489-0888": "Jetson TX2 4GB",
	"p3636-0001": "Jetson TX2 NX",
	"p3668-0000": "Jetson Xavier NX (developer kit)",
	"p3668-0001": "Jetson Xavier NX 8GB",
	"p3668-0003": "Jetson Xavier NX 16GB",
	"p3701-0000": "Jetson AGX Orin",
	"p3701-0002": "Jetson IGX Orin",
	"p3701-0004": "Jetson AGX Orin 32GB",
	"p3701-0005": "Jetson AGX Orin 64GB",
	"p3701-0008": "Jetson AGX Orin Industrial",
	"p3767-0000": "Jetson Orin NX 16GB",
	"p3767-0001": "Jetson Orin NX 8GB",
	"p3767-0003": "Jetson Orin Nano 8GB",
	"p3767-0004": "Jetson Orin Nano 4GB",
	"p3767-0005": "Jetson Orin Nano 8GB (developer kit)",
	"p3834-0008": "Jetson Thor T5000",
}
