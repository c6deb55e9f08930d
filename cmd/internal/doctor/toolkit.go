package doctor

import (
	"context"

	"jetkit/pkgspec/diag"
)

// The group of checks of NVIDIA's container toolkit.
const groupNVIDIA = "NVIDIA"

var (
	toolkitMissing = &Kind{
		ID: "toolkit-missing", Severity: Error,
		Meaning: "NVIDIA's container toolkit is not installed: containers get no GPU.",
		Remedy:  "install it: JetPack's package repository has it, and NVIDIA's own",
		Source:  "docs.nvidia.com/datacenter/cloud-native/container-toolkit: install guide",
	}
	toolkitOld = &Kind{
		ID: "toolkit-old", Severity: Warning,
		Meaning: "The container toolkit is too old for what jetkit needs of it: CDI specifications of a Jetson are complete from 1.14.2 on, and on JetPack 5 its runtime has a mode from 1.10 on.",
		Remedy:  "upgrade nvidia-container-toolkit",
		Source:  "docs/gpu.md#toolkit-per-l4t; NVIDIA Container Toolkit: CHANGELOG",
	}
)

func checkToolkit() Check {
	return &about{
		name: "toolkit", group: groupNVIDIA, description: "NVIDIA's container toolkit",
		kinds: []*Kind{toolkitMissing, toolkitOld},
		check: func(ctx context.Context, s *Subject) Result {
			if !s.Machine.Jetson() && !s.Machine.GPU() {
				return skipped("there is no NVIDIA GPU")
			}
			said, err := s.run(ctx, "nvidia-ctk", "--version")
			if err != nil {
				if !s.installed("nvidia-ctk") && !s.installed(nvidiaRuntimeProgram) {
					return Result{}.add(toolkitMissing.find("NVIDIA's container toolkit is not installed").
						saw("neither nvidia-ctk nor %s is in PATH", nvidiaRuntimeProgram).do("sudo apt install nvidia-container-toolkit"))
				}
				return skipped("nvidia-ctk --version: %s", diag.Clean(err.Error()))
			}
			v := parseVersion(said)
			r := passed("NVIDIA Container Toolkit %s", v)
			l4t := s.l4t()
			switch {
			case len(l4t) > 0 && l4t[0] >= 36 && v.older(1, 14, 2), len(l4t) > 0 && l4t[0] < 36 && v.older(1, 10):
				r = r.add(toolkitOld.find("the container toolkit %s is too old for L4T %s", v, l4t).saw("nvidia-ctk --version: %s", firstLine(said)).
					do("sudo apt update", "sudo apt install --only-upgrade nvidia-container-toolkit"))
			}
			return r
		},
	}
}

// l4t returns the machine's release; nil if it has none that can be read.
func (s *Subject) l4t() version {
	release, err := s.Machine.Release()
	if err != nil {
		return nil
	}
	return parseVersion(release)
}
