package doctor

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// machineCase is a machine, and what one check finds on it.
type machineCase struct {
	name, check     string
	files, commands map[string]string
	want            []string
}

const releaseFile = machine.ReleaseFile

// line writes a Jetson's release file.
func line(major, revision string) string {
	return "# R" + major + " (release), REVISION: " + revision + ", GCID: 1, BOARD: generic, EABI: aarch64, DATE: Wed\n"
}

// pc is a machine without anything of NVIDIA's.
var pc = map[string]string{"/proc/sys/kernel/arch": "x86_64\n", "/sys/class/dmi/id/product_name": "20XYZ\n"}

func TestMachine(t *testing.T) {
	for _, test := range []machineCase{
		{"an Orin", "board", orin, nil, nil},
		{"a PC", "board", pc, nil, []string{"no-jetson: this is no Jetson"}},
		{"a container", "board", with(orin, "/.dockerenv", ""), nil, []string{"in-container: jetkit runs in a container: it sees of the host only what is mounted"}},

		{"an Orin", "release", orin, nil, nil},
		{"a PC", "release", pc, nil, []string{"skipped: no Jetson"}},
		{"no file", "release", without(orin, releaseFile), nil, []string{"release-missing: there is no /etc/nv_tegra_release"}},
		{"a broken file", "release", with(orin, releaseFile, "R36.4"), nil, []string{"release-broken: the L4T release cannot be read"}},
		{
			"a new release", "release", with(orin, releaseFile, line("36", "4.9")), nil,
			[]string{"release-unknown: L4T 36.4.9 is not in jetkit's table; the values of the nearest release 36.4.7 are used"},
		},
		{
			"JetPack 4", "release", with(orin, releaseFile, line("32", "7.1"), "/proc/device-tree/compatible", "nvidia,tegra210", "/proc/sys/kernel/osrelease", "4.9.253-tegra"), nil,
			[]string{"release-old: L4T 32.7.1 (JetPack 4) is too old for GPUs in builds"},
		},
		{
			"Thor's release", "release", with(orin, releaseFile, line("38", "2.0"), "/proc/sys/kernel/osrelease", "6.8.12-tegra"), nil,
			[]string{"board-mismatch: L4T 38.2.0 is not for this board: its GPU has the compute capability 8.7"},
		},
		{
			"another kernel", "release", with(orin, "/proc/sys/kernel/osrelease", "5.10.216-tegra"), nil,
			[]string{"kernel-mismatch: the kernel is 5.10.216-tegra, and L4T 36.4.3 has Linux 5.15"},
		},

		{"an Orin", "gpu", orin, nil, nil},
		{"no driver", "gpu", without(orin, "/proc/driver/nvidia/version", "/dev/nvmap", "/dev/nvhost-gpu"), nil, []string{"driver-missing: the GPU's driver is not loaded"}},
		{"a PC", "gpu", with(pc, "/proc/sys/fs/binfmt_misc/status", ""), nil, []string{"emulation-missing: programs for ARM do not run on this amd64 machine"}},
		{"a PC with qemu", "gpu", with(pc, "/proc/sys/fs/binfmt_misc/qemu-aarch64", ""), nil, nil},

		{"swap", "memory", orin, nil, nil},
		{
			"zram only", "memory", with(orin, "/proc/meminfo", "MemTotal: 8000000 kB\nSwapTotal: 9000000 kB\n", "/proc/swaps", "Filename\n/dev/zram0 partition 1 0 5\n"), nil,
			[]string{"swap-small: builds of large packages may run out of memory"},
		},
		{"nothing known", "memory", pc, nil, []string{"skipped: /proc/meminfo cannot be read"}},

		{"not known", "power", orin, nil, []string{"skipped: /var/lib/nvpmodel/status cannot be read"}},
		{"a PC", "power", pc, nil, []string{"skipped: no Jetson"}},
		{"MAXN", "power", with(orin, "/var/lib/nvpmodel/status", "pmode:0000", "/etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >"), nil, nil},
		{
			"slow", "power", with(orin, "/var/lib/nvpmodel/status", "pmode:0003", "/etc/nvpmodel.conf", "< POWER_MODEL ID=3 NAME=MODE_30W >"), nil,
			[]string{"power-low: the power mode is MODE_30W and not MAXN"},
		},

		{"version 2", "cgroup", orin, nil, nil},
		{"version 1", "cgroup", with(pc, "/sys/fs/cgroup/memory/tasks", ""), nil, []string{"cgroup-v1: control groups are those of version 1"}},
		{"not mounted", "cgroup", pc, nil, []string{"skipped: /sys/fs/cgroup is not mounted"}},
	} {
		check(t, &test)
	}
}

func check(t *testing.T, test *machineCase) {
	t.Helper()
	t.Run(test.check+"/"+test.name, func(t *testing.T) {
		if test.want == nil {
			test.want = []string{}
		}
		assert.Equal(t, test.want, found(t, fake(t, test.files, test.commands), test.check))
	})
}

// docker28 is the answer of an engine.
func docker28(version, info string) string {
	return `case "$1 $2" in
"--version ") echo "Docker version ` + version + `, build 4eba377";;
"info --format") echo '` + info + `';;
"context inspect") echo unix:///var/run/docker.sock;;
*) exit 1;;
esac`
}

const (
	nvidiaFile = `{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}, "default-runtime": "nvidia"}`
	nvidiaInfo = `{"ServerVersion":"28.1.1","DefaultRuntime":"nvidia","Runtimes":{"runc":{"path":"runc"},"nvidia":{"path":"nvidia-container-runtime"}},"Driver":"overlay2"}`
	down       = `{"ServerErrors":["Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"]}`
	denied     = `{"ServerErrors":["permission denied while trying to connect to the Docker daemon socket"]}`
)

func TestDocker(t *testing.T) {
	registered := with(programs, "docker", docker28("28.1.1", nvidiaInfo))
	noRawKernel := with(orin, "/boot/config-5.15.148-tegra", "CONFIG_NF_TABLES=m\n# CONFIG_IP_NF_RAW is not set\n")
	for _, test := range []machineCase{
		{"none", "docker", orin, nil, []string{"docker-missing: there is no docker command"}},
		{"28", "docker", orin, programs, nil},
		{"down", "docker", orin, with(programs, "docker", docker28("28.1.1", down)), []string{"engine-down: Docker's engine does not answer"}},
		{"denied", "docker", orin, with(programs, "docker", docker28("28.1.1", denied)), []string{"skipped: permission denied while trying to connect to the Docker daemon socket: see user"}},
		{"mad", "docker", orin, with(programs, "docker", docker28("28.1.1", "<html>")), []string{"engine-down: Docker's engine does not answer"}},

		{"nothing", "runtime", orin, nil, []string{"skipped: Docker is not installed"}},
		{"not set up", "runtime", orin, programs, []string{"runtime-missing: Docker does not know NVIDIA's runtime", "default-runtime: NVIDIA's runtime is not Docker's default"}},
		{"set up", "runtime", with(orin, DefaultConfigFile, nvidiaFile), registered, nil},
		{"by a flag of dockerd", "runtime", orin, registered, nil},
		{"not restarted", "runtime", with(orin, DefaultConfigFile, nvidiaFile), programs, []string{"restart-needed: Docker has not read daemon.json since it changed"}},
		{
			"an unknown default", "runtime", with(orin, DefaultConfigFile, `{"default-runtime": "kata"}`), registered,
			[]string{"default-runtime-unknown: the default runtime kata is not among the runtimes", "restart-needed: Docker has not read daemon.json since it changed"},
		},
		{"engine down", "runtime", with(orin, DefaultConfigFile, nvidiaFile), with(programs, "docker", docker28("28.1.1", down)), nil},
		{
			"no program", "runtime", with(orin, DefaultConfigFile, nvidiaFile), without(registered, "nvidia-container-runtime"),
			[]string{"runtime-program: NVIDIA's runtime has no program: nvidia-container-runtime does not exist"},
		},
		{
			"an old Docker and an empty file", "runtime", with(orin, DefaultConfigFile, ""), with(programs, "docker", docker28("20.10.24", down)),
			[]string{"daemon-json-old-docker: Docker 20.10.24 does not start with this /etc/docker/daemon.json", "runtime-missing: Docker does not know NVIDIA's runtime", "default-runtime: NVIDIA's runtime is not Docker's default"},
		},
		{"a PC", "runtime", with(pc, DefaultConfigFile, "{}"), programs, nil},
		{"a PC and a broken file", "runtime", with(pc, DefaultConfigFile, "{"), programs, []string{"daemon-json-broken: /etc/docker/daemon.json is broken: line 1, column 2: the file ends where a key in double quotes is expected"}},

		{"legacy", "network", orin, programs, nil},
		{"no Docker", "network", orin, nil, []string{"skipped: Docker is not installed"}},
		{"no raw table", "network", noRawKernel, programs, []string{"raw-table: Docker 28.1.1 needs a raw table of iptables, which this kernel does not have"}},
		{"no raw table, and the engine down", "network", noRawKernel, with(programs, "docker", docker28("28.1.1", down)), []string{"raw-table: Docker 28.1.1 needs a raw table of iptables, which this kernel does not have"}},
		{"no raw table, done without", "network", with(noRawKernel, "/etc/systemd/system/docker.service.d/x.conf", "[Service]\nEnvironment=DOCKER_INSECURE_NO_IPTABLES_RAW=1\n"), programs, nil},
		{"no raw table, and a comment", "network", with(noRawKernel, "/etc/systemd/system/docker.service.d/x.conf", "#Environment=DOCKER_INSECURE_NO_IPTABLES_RAW=1\n"), programs, []string{"raw-table: Docker 28.1.1 needs a raw table of iptables, which this kernel does not have"}},
		{"a raw table as a module", "network", with(noRawKernel, "/lib/modules/5.15.148-tegra/modules.dep", "kernel/net/ipv4/netfilter/iptable_raw.ko: x\n"), programs, nil},
		{"Docker 27", "network", noRawKernel, with(programs, "docker", docker28("27.5.1", `{"ServerVersion":"27.5.1"}`)), nil},
		{"nftables", "network", noRawKernel, with(programs, "docker", docker28("29.1.0", `{"ServerVersion":"29.1.0","FirewallBackend":{"Driver":"nftables"}}`)), nil},
		{"no iptables", "network", orin, without(programs, "iptables"), []string{"iptables-missing: there is no iptables command"}},
		{
			"iptables for nftables", "network", with(orin, "/boot/config-5.15.148-tegra", "CONFIG_IP_NF_RAW=m\n# CONFIG_NF_TABLES is not set\n"), with(programs, "iptables", `echo "iptables v1.8.7 (nf_tables)"`),
			[]string{"iptables-nft: iptables needs nftables, which the kernel does not have"},
		},

		{"Docker's own", "store", orin, programs, []string{"image-store: Docker does not use the containerd image store"}},
		{"containerd's", "store", orin, with(programs, "docker", docker28("29.0.0", `{"ServerVersion":"29.0.0","Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}`)), nil},
		{"down", "store", orin, with(programs, "docker", docker28("28.1.1", down)), []string{"skipped: Docker's engine does not answer"}},

		{"by default", "devices", orin, programs, nil},
		{
			"entitlements", "devices", with(orin, DefaultConfigFile, `{"builder": {"entitlements": {"device": false, "network-host": true}}}`), programs,
			[]string{"docker-entitlements: Docker's own builder has no entitlement device, for steps with a GPU"},
		},
		{
			"no CDI", "devices", with(orin, "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1", "", "/usr/bin/nvidia-ctk", "", "/etc/cdi/nvidia.yaml", spec), programs,
			[]string{"docker-cdi: Docker 28.1.1 takes no notice of CDI"},
		},
		{"CDI", "devices", with(orin, "/etc/cdi/nvidia.yaml", spec), with(programs, "docker", docker28("29.0.0", `{"ServerVersion":"29.0.0","CDISpecDirs":["/etc/cdi","/var/run/cdi"]}`)), nil},
		{
			"rootless", "runtime", orin, with(programs, "docker", docker28("28.1.1", `{"ServerVersion":"28.1.1","SecurityOptions":["name=seccomp,profile=builtin","name=rootless"]}`)),
			[]string{"skipped: Docker runs rootless and does not read /etc/docker/daemon.json; name its own file: --config-file ~/.config/docker/daemon.json"},
		},

		{"old", "buildx", orin, with(programs, "docker", `echo "github.com/docker/buildx v0.10.4 c513d34"`), []string{"buildx-old: docker buildx 0.10.4 has no --allow device"}},
	} {
		check(t, &test)
	}
}

func TestToolkit(t *testing.T) {
	for _, test := range []machineCase{
		{"an Orin", "toolkit", orin, programs, nil},
		{"a PC", "toolkit", pc, programs, []string{"skipped: there is no NVIDIA GPU"}},
		{"none", "toolkit", orin, without(programs, "nvidia-ctk", "nvidia-container-runtime"), []string{"toolkit-missing: NVIDIA's container toolkit is not installed"}},
		{"old", "toolkit", orin, with(programs, "nvidia-ctk", `echo "NVIDIA Container Toolkit CLI version 1.13.5"`), []string{"toolkit-old: the container toolkit 1.13.5 is too old for L4T 36.4.3"}},
		{"JetPack 5", "toolkit", with(orin, releaseFile, line("35", "4.1")), with(programs, "nvidia-ctk", `echo "NVIDIA Container Toolkit CLI version 1.11.0"`), nil},
		{"mad", "toolkit", orin, with(programs, "nvidia-ctk", "echo no >&2; exit 3"), []string{"skipped: nvidia-ctk --version: no"}},
	} {
		check(t, &test)
	}
}

// spec is a CDI specification of a Jetson, as csv mode makes it.
const spec = `cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
  - name: "0"
    containerEdits: {deviceNodes: [{path: /dev/nvhost-gpu}, {path: /dev/nvmap}]}
  - name: all
    containerEdits: {deviceNodes: [{path: /dev/nvhost-gpu}]}
containerEdits:
  mounts: [{hostPath: /usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1, containerPath: /x}]
  hooks: [{hookName: createContainer, path: /usr/bin/nvidia-ctk}]
`

func TestCDI(t *testing.T) {
	host := with(orin, "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1", "", "/usr/bin/nvidia-ctk", "")
	server := with(pc, "/proc/sys/kernel/arch", "aarch64\n", "/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.142  Release", "/dev/nvidia0", "", "/usr/lib/libcuda.so.570.86.15", "")
	const one, two, run = "/etc/cdi/nvidia.yaml", "/etc/cdi/nvidia-container-toolkit.json", "/var/run/cdi/nvidia.yaml"
	for _, test := range []machineCase{
		{"good", "cdi", with(host, one, spec), nil, nil},
		{"good, JSON", "cdi", with(host, "/etc/cdi/n.json", `{"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": [{"name": "all", "containerEdits": {"deviceNodes": [{"path": "/dev/nvmap"}]}}]}`), nil, nil},
		{"none", "cdi", host, nil, []string{"cdi-none: there is no CDI specification of the GPU"}},
		{"none on JetPack 5", "cdi", with(host, releaseFile, line("35", "4.1")), nil, nil},
		{"none on a PC", "cdi", pc, nil, []string{"skipped: there is no NVIDIA GPU"}},
		{"others' only", "cdi", with(host, "/etc/cdi/intel.yaml", "cdiVersion: 0.5.0\nkind: intel.com/gpu\ndevices: [{name: x}]\n"), nil, []string{"cdi-none: there is no CDI specification of the GPU"}},
		{"broken", "cdi", with(host, one, "a: [\n"), nil, []string{"cdi-broken: the CDI specification /etc/cdi/nvidia.yaml cannot be read"}},
		{"no specification", "cdi", with(host, one, "kind: nvidia.com/gpu\n"), nil, []string{"cdi-broken: the CDI specification /etc/cdi/nvidia.yaml cannot be read"}},
		{"two in a folder", "cdi", with(host, one, spec, two, spec), nil, []string{"cdi-twice: two CDI specifications in /etc/cdi have the same devices: neither counts"}},
		{"two folders", "cdi", with(host, one, spec, run, spec), nil, []string{"cdi-shadowed: /var/run/cdi/nvidia.yaml hides devices of /etc/cdi/nvidia.yaml"}},
		{"stale", "cdi", with(orin, one, spec), nil, []string{"cdi-stale: the CDI specification /etc/cdi/nvidia.yaml names 2 files that do not exist"}},
		{
			"stale by the driver", "cdi", with(server, one, "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: [{name: all, containerEdits: {deviceNodes: [{path: /dev/nvidia0}], mounts: [{hostPath: /usr/lib/libcuda.so.570.86.15}]}}]\n"), nil,
			[]string{"cdi-stale: the CDI specification /etc/cdi/nvidia.yaml is for the driver 570.86.15, and 580.142 is running"},
		},
		{
			"not csv", "cdi", with(host, "/dev/nvidia0", "", one, "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: [{name: all, containerEdits: {deviceNodes: [{path: /dev/nvidia0}]}}]\n"), nil,
			[]string{"cdi-mode: the CDI specification /etc/cdi/nvidia.yaml lacks the Jetson's device nodes"},
		},
		{"no all", "cdi", with(host, one, strings.ReplaceAll(spec, "name: all", "name: one")), nil, []string{"cdi-no-all: there is no device nvidia.com/gpu=all"}},
	} {
		check(t, &test)
	}
}

func TestUser(t *testing.T) {
	s := fake(t, orin, with(programs, "docker", docker28("28.1.1", denied)))
	assert.Empty(t, found(t, s, "user"), "root may all")

	s.User = User{Name: "bob", UID: 4242, Groups: []int{4242}}
	require.NoError(t, os.Chmod(s.Machine.Path("/dev/nvmap"), 0o660))
	assert.Equal(t, []string{"docker-denied: bob may not talk to Docker's engine", "gpu-denied: bob may not open the GPU's device nodes"}, found(t, s, "user"))
	s.User.Name = "ada"
	r := checkUser().Check(t.Context(), s)
	assert.Equal(t, "you are in the group docker, but this session began before that: log in again, or use newgrp docker", r.Findings[0].HowTo())

	s = fake(t, orin, programs)
	for _, node := range []string{"/dev/nvmap", "/dev/nvhost-gpu"} {
		require.NoError(t, os.Chmod(s.Machine.Path(node), 0o666))
	}
	s.User = User{Name: "bob", UID: 4242}
	assert.Empty(t, found(t, s, "user"))
}

func TestDisk(t *testing.T) {
	s := fake(t, orin, programs)
	s.Disk = func(string) (free, total int64, err error) { return 7 << 30, 60 << 30, nil }
	assert.Equal(t, []string{"disk-low: the disk is nearly full for images of this kind"}, found(t, s, "disk"))
	s.Disk = func(string) (free, total int64, err error) { return 0, 0, errors.New("no such disk") }
	assert.Equal(t, []string{"skipped: /var/lib/docker: no such disk"}, found(t, s, "disk"))
}

func TestBuilder(t *testing.T) {
	host := with(orin, "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1", "", "/usr/bin/nvidia-ctk", "", "/etc/cdi/nvidia.yaml", spec)
	for _, test := range []struct {
		builder *Builder
		err     error
		want    []string
	}{
		{&Builder{Name: "jetson", Version: "v0.34.2", Devices: []string{"nvidia.com/gpu=all"}, MaxUsed: 1 << 30}, nil, []string{}},
		{&Builder{Name: "jetson", Version: "v0.34.2", MaxUsed: 1 << 30}, nil, []string{"buildkit-devices: the builder does not know the machine's GPU"}},
		{&Builder{Name: "jetson", Version: "v0.34.2", Devices: []string{"nvidia.com/gpu=all"}}, nil, []string{"cache-unbounded: the builder's cache has no ceiling"}},
		{&Builder{Name: "x", Problem: "BuildKit v0.12.5 is older than 0.31.1"}, nil, []string{"buildkit-old: the builder is too old"}},
		{&Builder{Name: "jetkit's own buildkitd", Stopped: true}, nil, []string{}},
		{nil, errors.New("Docker: no engine\nprivate: no buildkitd"), []string{"builder-none: there is nothing to build with"}},
	} {
		s := fake(t, host, programs)
		s.Builder = func(context.Context) (*Builder, error) { return test.builder, test.err }
		assert.Equal(t, test.want, found(t, s, "builder"))
	}
}

func TestGPUTest(t *testing.T) {
	s := fake(t, orin, programs)
	assert.Equal(t, []string{"skipped: no image was named with --gpu-test"}, found(t, s, "gpu-test"))
	s.TestImage = "ubuntu:22.04"
	assert.Equal(t, []string{"skipped: the image ubuntu:22.04 is not there, and nothing is pulled"}, found(t, s, "gpu-test"))
	for script, want := range map[string][]string{
		`echo /dev/nvmap`: {},
		`echo "the driver's library libcuda.so.1 is not there" >&2; exit 1`: {"gpu-test: a container of ubuntu:22.04 does not get the GPU"},
	} {
		s := fake(t, orin, with(programs, "docker", strings.Replace(docker28("28.1.1", nvidiaInfo), "*) exit 1;;",
			`"image inspect") echo sha256:1;;
"run --rm") `+script+`;;`, 1)))
		s.TestImage = "ubuntu:22.04"
		assert.Equal(t, want, found(t, s, "gpu-test"))
	}
}

// TestRemoteEngine does not compare this machine's files with another's engine.
func TestRemoteEngine(t *testing.T) {
	s := fake(t, with(orin, DefaultConfigFile, nvidiaFile), programs)
	path, _ := s.Env("PATH")
	s.Env = func(name string) (string, bool) {
		return map[string]string{"PATH": path, "DOCKER_HOST": "ssh://robot"}[name], true
	}
	assert.Equal(t, []string{"skipped: the engine is on another machine: ssh://robot"}, found(t, s, "runtime"))
	assert.Equal(t, []string{"skipped: the engine is on another machine: ssh://robot"}, found(t, s, "network"))
}

// TestKernelConfig reads the kernel's own configuration.
func TestKernelConfig(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("CONFIG_A=y\n# CONFIG_IP_NF_RAW is not set\n"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	assert.Equal(t, []string{"raw-table: Docker 28.1.1 needs a raw table of iptables, which this kernel does not have"},
		found(t, fake(t, with(orin, "/proc/config.gz", packed.String()), programs), "network"))
}

// TestHangingProgram is not waited for.
func TestHangingProgram(t *testing.T) {
	s := fake(t, orin, map[string]string{"slow": "sleep 60"})
	begin := time.Now()
	_, err := s.runFor(t.Context(), 100*time.Millisecond, "slow")
	require.EqualError(t, err, "slow has not answered in 100ms")
	assert.Less(t, time.Since(begin), 5*time.Second)
	_, err = s.run(t.Context(), "nothing")
	require.ErrorIs(t, err, errMissing)
}

// TestHostile cleans what files and programs say before people see it.
func TestHostile(t *testing.T) {
	s := fake(t, with(orin, "/proc/device-tree/model", "Jetson\x1b[2J", DefaultConfigFile, "{\"\x1b[2J\u202e\""), with(programs, "iptables", `printf 'iptables \033[2J\n'`))
	var b bytes.Buffer
	Text(&b, Run(t.Context(), Checks(), s), false)
	assert.NotContains(t, b.String(), "\x1b")
	assert.NotContains(t, b.String(), "\u202e")
}
