package machine

import (
	"bufio"
	"bytes"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Kernel returns the version of the running kernel, "5.15.148-tegra"; empty if
// there is no telling.
func (m *Machine) Kernel() string { return m.line("/proc/sys/kernel/osrelease") }

// Arch returns the processor's architecture as images name it: "arm64", "amd64".
func (m *Machine) Arch() string {
	if arch := m.line("/proc/sys/kernel/arch"); arch != "" { // since Linux 6.1
		return ociArch(arch)
	}
	if m.Here() {
		return runtime.GOARCH
	}
	if eabi := releaseABI.FindStringSubmatch(m.line(ReleaseFile)); eabi != nil {
		return ociArch(eabi[1])
	}
	return runtime.GOARCH
}

// releaseABI is the architecture in a Jetson's release file.
var releaseABI = regexp.MustCompile(`EABI: (\w+)`)

// ociArch translates the kernel's name of an architecture.
func ociArch(kernel string) string {
	switch kernel {
	case "aarch64":
		return "arm64"
	case "x86_64":
		return "amd64"
	}
	return kernel
}

// OS is the distribution, as its own file describes it.
type OS struct {
	ID      string `json:"id"`      // "ubuntu"
	Version string `json:"version"` // "22.04"
	Name    string `json:"name"`    // "Ubuntu 22.04.5 LTS"
}

// OS reads the distribution; it is empty if there is no telling.
func (m *Machine) OS() OS {
	dt, err := m.ReadFile("/etc/os-release")
	if err != nil {
		return OS{}
	}
	values := map[string]string{}
	for line := range strings.Lines(string(dt)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = strings.Trim(value, `"'`)
	}
	return OS{ID: values["ID"], Version: values["VERSION_ID"], Name: values["PRETTY_NAME"]}
}

// Memory is the machine's memory, in bytes. A Jetson's GPU uses the same.
type Memory struct {
	Total     int64 `json:"total"`
	Available int64 `json:"available"`
	SwapTotal int64 `json:"swap_total"`
	SwapFree  int64 `json:"swap_free"`
}

// Memory reads how much memory there is; it is zero if there is no telling.
func (m *Machine) Memory() Memory {
	dt, err := m.ReadFile("/proc/meminfo")
	if err != nil {
		return Memory{}
	}
	kib := map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(dt))
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if fields := strings.Fields(rest); len(fields) > 0 {
			if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				kib[name] = n << 10
			}
		}
	}
	return Memory{kib["MemTotal"], kib["MemAvailable"], kib["SwapTotal"], kib["SwapFree"]}
}

// Swaps lists what the machine swaps to: "/dev/zram0", "/swapfile".
func (m *Machine) Swaps() []string {
	dt, err := m.ReadFile("/proc/swaps")
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(dt)) {
		if fields := strings.Fields(line); len(fields) > 0 && strings.HasPrefix(fields[0], "/") {
			names = append(names, fields[0])
		}
	}
	return names
}

// Container reports whether this runs in a container, where the host's files are
// seen only as far as they are mounted.
func (m *Machine) Container() bool {
	return m.Exists("/.dockerenv") || m.Exists("/run/.containerenv")
}

// CgroupV2 reports whether control groups are those of version 2 alone; known is
// false if they are not mounted.
func (m *Machine) CgroupV2() (v2, known bool) {
	if m.Exists("/sys/fs/cgroup/cgroup.controllers") {
		return true, true
	}
	return false, m.Exists("/sys/fs/cgroup/memory") || m.Exists("/sys/fs/cgroup/cpu")
}

// Group finds a group in the machine's own list: its number and its members.
func (m *Machine) Group(name string) (gid int, members []string, found bool) {
	dt, err := m.ReadFile("/etc/group")
	if err != nil {
		return 0, nil, false
	}
	for line := range strings.Lines(string(dt)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		gid, err := strconv.Atoi(fields[2])
		return gid, strings.FieldsFunc(fields[3], func(r rune) bool { return r == ',' }), err == nil
	}
	return 0, nil, false
}
