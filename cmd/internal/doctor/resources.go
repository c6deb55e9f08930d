package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/docker/go-units"

	"jetkit/pkgspec/diag"
)

var noDriver = &Kind{
	ID: "driver-missing", Severity: Error,
	Meaning: "The Jetson has none of the device nodes of its GPU: the driver is not loaded, or this is a container without them.",
	Remedy:  "look for the reason with: sudo dmesg | grep -iE 'nvgpu|nvidia'; in a container pass the devices, as jetkit run does",
	Source:  "the nodes are those that JetPack lists in /etc/nvidia-container-runtime/host-files-for-container.d/devices.csv",
}

var noEmulation = &Kind{
	ID: "emulation-missing", Severity: Note,
	Meaning: "This machine is no ARM machine, and nothing is registered to run ARM programs: images for a Jetson cannot be built here.",
	Remedy:  "install qemu-user-static (docs/platforms.md), or build on a remote arm64 builder",
	Source:  "docs/platforms.md; Linux: Documentation/admin-guide/binfmt-misc.rst",
}

func checkGPU() Check {
	return &about{
		name: "gpu", group: groupMachine, description: "whether the GPU's driver is loaded, and whether programs for ARM run here",
		kinds: []*Kind{noDriver, noEmulation},
		check: func(_ context.Context, s *Subject) Result {
			m := s.Machine
			driver := "no NVIDIA GPU"
			switch version := m.Driver(); {
			case version != "":
				driver = "driver " + version
			case m.GPU():
				driver = "GPU with the driver of the release"
			}
			r := passed("%s, %s", m.Arch(), driver)
			if m.Jetson() && !m.GPU() {
				r = r.add(noDriver.find("the GPU's driver is not loaded").saw("none of /dev/nvhost-gpu, /dev/nvhost-ctrl-gpu, /dev/nvmap, /dev/nvidia0 exists"))
			}
			if m.Arch() != "arm64" && m.Exists("/proc/sys/fs/binfmt_misc") && !m.Exists("/proc/sys/fs/binfmt_misc/qemu-aarch64") && len(m.Glob("/proc/sys/fs/binfmt_misc/*aarch64*")) == 0 {
				r = r.add(noEmulation.find("programs for ARM do not run on this %s machine", m.Arch()).
					saw("/proc/sys/fs/binfmt_misc has no entry for aarch64").do("sudo apt install qemu-user-static"))
			}
			return r
		},
	}
}

var swapSmall = &Kind{
	ID: "swap-small", Severity: Warning,
	Meaning: "Memory and swap space together are less than compilers of CUDA code need: builds are killed, often after hours. Swap in zram does not count, as it is the same memory.",
	Remedy:  "add a swap file, best on NVMe, and turn zram off",
	Source:  "jetson-containers: docs/setup.md (16 GB); its issues 1543, 1558, 1574",
}

// enoughMemory is what memory and swap space together should have, in bytes. It
// leaves room for what the kernel keeps of a 16 GB module.
const enoughMemory = 15 << 30

func checkMemory() Check {
	return &about{
		name: "memory", group: groupMachine, description: "memory and swap space",
		kinds: []*Kind{swapSmall},
		check: func(_ context.Context, s *Subject) Result {
			memory := s.Machine.Memory()
			if memory.Total == 0 {
				return skipped("/proc/meminfo cannot be read")
			}
			swap, zram := memory.SwapTotal, false
			for _, name := range s.Machine.Swaps() {
				zram = zram || strings.HasPrefix(name, "/dev/zram")
			}
			text := units.BytesSize(float64(memory.Total)) + " memory, " + units.BytesSize(float64(swap)) + " swap"
			if zram {
				text += " (zram)"
			}
			r := passed("%s", text)
			if zram {
				swap = 0
			}
			if memory.Total+swap < enoughMemory {
				f := swapSmall.find("builds of large packages may run out of memory").saw("%s", text)
				if s.Machine.Exists("/etc/systemd/nvzramconfig.sh") {
					f = f.do("sudo systemctl disable nvzramconfig")
				}
				r = r.add(f.do("sudo fallocate -l 16G /mnt/16GB.swap", "sudo chmod 600 /mnt/16GB.swap", "sudo mkswap /mnt/16GB.swap", "sudo swapon /mnt/16GB.swap",
					"echo '/mnt/16GB.swap none swap sw 0 0' | sudo tee -a /etc/fstab"))
			}
			return r
		},
	}
}

var diskLow = &Kind{
	ID: "disk-low", Severity: Warning,
	Meaning: "The disk that holds Docker's images has little room. Images with CUDA have 10 to 60 GB, and a build needs them twice.",
	Remedy:  "docker system df, docker buildx du and jetkit builder du say what takes the room; or move data-root to an NVMe disk in daemon.json",
	Source:  "jetson-containers: issue 218, docs/setup.md",
}

// enoughDisk is the free space, in bytes, below which a build of a usual chain is
// likely to fail.
const enoughDisk = 25 << 30

func checkDisk() Check {
	return &about{
		name: "disk", group: groupMachine, description: "room for images, where Docker keeps them",
		kinds: []*Kind{diskLow},
		check: func(ctx context.Context, s *Subject) Result {
			dir := "/var/lib/docker"
			if e := s.docker(ctx); e.err == nil && e.local && filepath.IsAbs(e.info.DockerRootDir) {
				dir = e.info.DockerRootDir
			}
			below := dir
			for !s.Machine.Exists(below) && below != "/" { // a disk is found by any of its folders
				below = filepath.Dir(below)
			}
			space := s.Disk
			if space == nil {
				space = diskSpace
			}
			free, total, err := space(s.Machine.Path(below))
			if err != nil {
				return skipped("%s: %s", dir, err)
			}
			text := fmt.Sprintf("%s free of %s at %s", units.BytesSize(float64(free)), units.BytesSize(float64(total)), diag.Clean(dir))
			r := passed("%s", text)
			if free < enoughDisk {
				r = r.add(diskLow.find("the disk is nearly full for images of this kind").saw("%s", text))
			}
			return r
		},
	}
}

var powerLow = &Kind{
	ID: "power-low", Severity: Note,
	Meaning: "The Jetson does not run in its fastest power mode: builds and models are slower than they need to be, on some boards with half of the processors off.",
	Remedy:  "sudo nvpmodel -q lists the modes, and sudo nvpmodel -m NUMBER sets one; mind the power supply",
	Source:  "jetson-containers: docs/setup.md; NVIDIA's Jetson Linux Developer Guide, Power Mode Controls",
}

func checkPower() Check {
	return &about{
		name: "power", group: groupMachine, description: "a Jetson's power mode",
		kinds: []*Kind{powerLow},
		check: func(_ context.Context, s *Subject) Result {
			if !s.Machine.Jetson() {
				return skipped("no Jetson")
			}
			mode := diag.Clean(s.Machine.PowerMode())
			if mode == "" {
				return skipped("/var/lib/nvpmodel/status cannot be read")
			}
			r := passed("power mode %s", mode)
			if !strings.HasPrefix(mode, "MAXN") {
				r = r.add(powerLow.find("the power mode is %s and not MAXN", mode).saw("/var/lib/nvpmodel/status, /etc/nvpmodel.conf"))
			}
			return r
		},
	}
}

var cgroupOld = &Kind{
	ID: "cgroup-v1", Severity: Note,
	Meaning: "The kernel's control groups are those of version 1, which Docker calls deprecated since 29.0. Limits of a build's memory work with both.",
	Remedy:  "nothing for now; Ubuntu 22.04 and later have version 2",
	Source:  "docs.docker.com/engine/deprecated: Support for cgroup v1",
}

func checkCgroup() Check {
	return &about{
		name: "cgroup", group: groupMachine, description: "the version of control groups",
		kinds: []*Kind{cgroupOld},
		check: func(_ context.Context, s *Subject) Result {
			v2, known := s.Machine.CgroupV2()
			switch {
			case !known:
				return skipped("/sys/fs/cgroup is not mounted")
			case v2:
				return passed("version 2")
			}
			return passed("version 1").add(cgroupOld.find("control groups are those of version 1").saw("there is no /sys/fs/cgroup/cgroup.controllers"))
		},
	}
}
