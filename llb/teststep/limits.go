package teststep

import (
	"cmp"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/pkgspec/plan"
)

// defaultShmSize is jetson-containers' `--shm-size=8g`; PyTorch's data loaders
// fail with Docker's 64 MiB.
const defaultShmSize = 8 << 30

// limits returns the options for what tests may use: what the plan sets for tests,
// and what Docker's flags set on every RUN step too.
func (c Config) limits() []llb.RunOption {
	var opts []llb.RunOption
	for _, h := range c.Flags.ExtraHosts {
		opts = append(opts, llb.AddExtraHost(h.Host, h.IP))
	}
	if c.Flags.Hostname != "" {
		opts = append(opts, llb.Hostname(c.Flags.Hostname))
	}
	if c.Flags.Proxy != nil {
		opts = append(opts, llb.WithProxy(*c.Flags.Proxy))
	}
	if c.Caps.Supports(pb.CapExecMetaUlimit) == nil {
		for _, u := range c.Plan.Tests.Ulimits {
			opts = append(opts, llb.AddUlimit(llb.UlimitName(u.Name), u.Soft, u.Hard))
		}
	}
	if c.Caps.Supports(pb.CapExecMetaCgroupParent) == nil && c.Flags.CgroupParent != "" {
		opts = append(opts, llb.WithCgroupParent(c.Flags.CgroupParent))
	}
	if c.Caps.Supports(pb.CapExecMountTmpfsSize) == nil {
		size := cmp.Or(c.Plan.Tests.ShmSize, defaultShmSize)
		opts = append(opts, llb.AddMount(shmDir, llb.Scratch(), llb.Tmpfs(llb.TmpfsSize(size))))
	}
	if r := c.Flags.Resources; r != nil && c.Caps.Supports(pb.CapExecMetaLinuxResources) == nil {
		opts = append(opts, llb.WithLinuxResources(llb.LinuxResources{
			Memory: r.Memory, MemorySwap: r.MemorySwap,
			CPUShares: r.CpuShares, CPUPeriod: r.CpuPeriod, CPUQuota: r.CpuQuota,
			CpusetCpus: r.CpusetCpus, CpusetMems: r.CpusetMems,
		}))
	}
	return opts
}

// networkMode returns BuildKit's mode of a network.
func networkMode(n plan.Network) pb.NetMode {
	switch n {
	case plan.NetworkHost:
		return llb.NetModeHost
	case plan.NetworkNone:
		return llb.NetModeNone
	case plan.NetworkDefault:
	}
	return llb.NetModeSandbox
}
