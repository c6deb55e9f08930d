package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// orinNano is what an Orin Nano developer kit with JetPack 6.2 has of the files that are
// read here.
var orinNano = map[string]string{
	"/etc/nv_tegra_release":             "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\n",
	"/proc/device-tree/model":           "NVIDIA Jetson Orin Nano Developer Kit\x00",
	"/proc/device-tree/compatible":      "nvidia,p3768-0000+p3767-0005-super\x00nvidia,p3767-0005\x00nvidia,tegra234\x00",
	"/proc/sys/kernel/osrelease":        "5.15.148-tegra\n",
	"/proc/driver/nvidia/version":       "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  (buildbrain@mobile-u64)  Tue Jan  7 17:35:12 PST 2025\nGCC version:  11.4.0\n",
	"/etc/os-release":                   "PRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\n",
	"/proc/meminfo":                     "MemTotal:        7802008 kB\nMemAvailable:    5115000 kB\nSwapTotal:       3900992 kB\nSwapFree:        3900000 kB\n",
	"/proc/swaps":                       "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/zram0      partition\t650164\t0\t5\n/swapfile file 100 0 -2\n",
	"/usr/local/cuda/version.json":      `{"cuda": {"name": "CUDA SDK", "version": "12.6.20241119"}}`,
	"/var/lib/nvpmodel/status":          "pmode:0002 fmode:fanNull\n",
	"/etc/nvpmodel.conf":                "< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n",
	"/sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
	"/etc/group":                        "root:x:0:\nvideo:x:44:jet,ada\ndocker:x:999:jet\n",
}

// fake writes a machine's files.
func fake(t *testing.T, files map[string]string) *Machine {
	t.Helper()
	m := At(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(m.Path(name)), 0o755))
		require.NoError(t, os.WriteFile(m.Path(name), []byte(text), 0o600))
	}
	return m
}

func TestJetson(t *testing.T) {
	m := fake(t, orinNano)
	board := m.Board()
	assert.Equal(t, Board{"NVIDIA Jetson Orin Nano Developer Kit", "p3767-0005", "Jetson Orin Nano 8GB (developer kit)", "tegra234", 87}, board)
	assert.True(t, board.Jetson())
	assert.True(t, m.Jetson())
	assert.False(t, m.Here())
	assert.Equal(t, "5.15.148-tegra", m.Kernel())
	assert.Equal(t, "arm64", m.Arch(), "by the release file, as kernel 5.15 does not say it")
	assert.Equal(t, OS{"ubuntu", "22.04", "Ubuntu 22.04.5 LTS"}, m.OS())
	assert.Equal(t, Memory{7802008 << 10, 5115000 << 10, 3900992 << 10, 3900000 << 10}, m.Memory())
	assert.Equal(t, []string{"/dev/zram0", "/swapfile"}, m.Swaps())
	assert.False(t, m.Container())
	v2, known := m.CgroupV2()
	assert.True(t, v2)
	assert.True(t, known)
	assert.Equal(t, "540.4.0", m.Driver())
	assert.True(t, m.GPU())
	assert.Equal(t, Tegra, m.Kind())
	assert.Equal(t, "12.6.20241119", m.CUDA())
	assert.Equal(t, "MAXN_SUPER", m.PowerMode())
	gid, members, found := m.Group("video")
	assert.Equal(t, 44, gid)
	assert.Equal(t, []string{"jet", "ada"}, members)
	assert.True(t, found)
	assert.Equal(t, []string{"/etc/group", "/etc/nv_tegra_release", "/etc/nvpmodel.conf", "/etc/os-release"}, m.Glob("/etc/*"))
}

func TestNothingKnown(t *testing.T) {
	m := At(t.TempDir())
	assert.Equal(t, Board{}, m.Board())
	assert.False(t, m.Board().Jetson())
	assert.False(t, m.Jetson())
	assert.True(t, fake(t, map[string]string{ReleaseFile: "# R36"}).Jetson(), "in a container without a device tree")
	assert.Empty(t, m.Kernel()+m.Driver()+m.CUDA()+m.PowerMode())
	assert.Equal(t, Memory{}, m.Memory())
	assert.Empty(t, m.Swaps())
	assert.False(t, m.GPU())
	_, known := m.CgroupV2()
	assert.False(t, known)
	_, _, found := m.Group("video")
	assert.False(t, found)
}

func TestKind(t *testing.T) {
	for _, test := range []struct {
		want  Kind
		files map[string]string
	}{
		{Tegra, map[string]string{ReleaseFile: "# R35 (release), REVISION: 4.1, GCID: 1, BOARD: t186ref, EABI: aarch64\n"}},
		{SBSA, map[string]string{ReleaseFile: "# R38 (release), REVISION: 2.0, GCID: 1, BOARD: generic, EABI: aarch64\n"}},
		{Tegra, map[string]string{"/proc/sys/kernel/arch": "aarch64\n", deviceTree + "compatible": "nvidia,jetson-nano\x00nvidia,tegra210\x00"}},
		{SBSA, map[string]string{"/proc/sys/kernel/arch": "aarch64\n", "/sys/class/dmi/id/product_name": "NVIDIA_DGX_Spark\n"}},
		{X86, map[string]string{"/proc/sys/kernel/arch": "x86_64\n"}},
		{Other, map[string]string{"/proc/sys/kernel/arch": "riscv64\n"}},
	} {
		assert.Equal(t, test.want, fake(t, test.files).Kind(), "%v", test.files)
	}
}

func TestParseCompatible(t *testing.T) {
	for _, test := range []struct {
		soc, module string
		names       []string
	}{
		{"tegra234", "p3701-0005", []string{"nvidia,p3737-0000+p3701-0005", "nvidia,p3701-0005", "nvidia,tegra234"}},
		// A carrier's own device tree may list all modules that fit: the first is the board's.
		{"tegra234", "p3767-0000", []string{"nvidia,p3768-0000+p3767-0000", "nvidia,p3768-0000+p3767-0005-super", "nvidia,tegra234"}},
		{"tegra264", "p3834-0008", []string{"nvidia,p4071-0000+p3834-0008", "nvidia,p3834-0008", "nvidia,tegra264"}},
		{"tegra210", "", []string{"nvidia,jetson-nano", "nvidia,tegra210"}},
		{"", "", []string{"raspberrypi,4-model-b", "brcm,bcm2711"}},
	} {
		soc, module := parseCompatible(test.names)
		assert.Equal(t, test.soc, soc)
		assert.Equal(t, test.module, module)
	}
}

func TestDriver(t *testing.T) {
	for want, line := range map[string]string{
		"570.86.15":  "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Wed Jan 22 2025",
		"580.173.02": "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.173.02  Release Build",
		"":           "something else",
	} {
		assert.Equal(t, want, fake(t, map[string]string{"/proc/driver/nvidia/version": line}).Driver())
	}
}

// TestReadFile refuses what would never end.
func TestReadFile(t *testing.T) {
	m := At("/")
	require.True(t, m.Here())
	_, err := m.ReadFile("/dev/zero")
	require.ErrorContains(t, err, "no regular file")
}
