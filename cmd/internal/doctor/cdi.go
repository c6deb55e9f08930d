package doctor

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/cmd/internal/machine"
	"jetkit/cmd/internal/shellword"
	"jetkit/pkgspec/diag"
)

var (
	cdiNone = &Kind{
		ID: "cdi-none", Severity: Warning,
		Meaning: "There is no CDI specification for the GPU: builds cannot use the device nvidia.com/gpu=all, which tests and some packages need.",
		Remedy:  "have NVIDIA's toolkit write one; on a Jetson in csv mode",
		Source:  "docs/gpu.md#cdi",
	}
	cdiBroken = &Kind{
		ID: "cdi-broken", Severity: Error,
		Meaning: "A CDI specification cannot be read: Docker and BuildKit ignore it.",
		Remedy:  "write it anew",
		Source:  "cncf-tags/container-device-interface: SPEC.md",
	}
	cdiTwice = &Kind{
		ID: "cdi-twice", Severity: Error,
		Meaning: "Two specifications in one folder name the same device: it is dropped from both, and builds say that it is not registered.",
		Remedy:  "keep one of the files",
		Source:  "lf-edge/eve#6233; cncf-tags/container-device-interface: pkg/cdi/cache.go",
	}
	cdiShadowed = &Kind{
		ID: "cdi-shadowed", Severity: Note,
		Meaning: "Two folders have a specification of the same device: that of /var/run/cdi wins over the one in /etc/cdi, which an upgrade may have left behind.",
		Remedy:  "keep one of the files: since toolkit 1.18 the service nvidia-cdi-refresh writes the one in /var/run/cdi",
		Source:  "docs/gpu.md#cdi; cncf-tags/container-device-interface: pkg/cdi/doc.go",
	}
	cdiStale = &Kind{
		ID: "cdi-stale", Severity: Error,
		Meaning: "A specification names files that the machine does not have, as after an upgrade of JetPack or of the driver: containers with the device do not start.",
		Remedy:  "write it anew",
		Source:  "docs/gpu.md#cdi: the file names libraries by version",
	}
	cdiMode = &Kind{
		ID: "cdi-mode", Severity: Error,
		Meaning: "The specification was not made in csv mode and lacks the Jetson's own device nodes: programs in containers find no GPU.",
		Remedy:  "write it anew with --mode=csv",
		Source:  "NVIDIA-ISAAC-ROS/isaac_ros_common#163; docs/gpu.md#cdi",
	}
	cdiAll = &Kind{
		ID: "cdi-no-all", Severity: Warning,
		Meaning: "No specification has the device nvidia.com/gpu=all, which jetkit's builds ask for.",
		Remedy:  "write it anew, or name another device: TEST_DEVICE and BUILD_DEVICE",
		Source:  "docs/gpu.md",
	}
)

// gpuDevice is the device that builds ask for.
const gpuDevice = "nvidia.com/gpu=all"

// cdiSpec is one specification.
type cdiSpec struct {
	file    string
	devices []string // "nvidia.com/gpu=all"
	// paths are the host's files that containers with its devices get, and hooks
	// the programs that are run for them.
	paths, hooks []string
}

// cdiFile is the form of a specification, as far as it is read here.
type cdiFile struct {
	Version string `yaml:"cdiVersion"`
	Kind    string `yaml:"kind"`
	Devices []struct {
		Name  string   `yaml:"name"`
		Edits cdiEdits `yaml:"containerEdits"`
	} `yaml:"devices"`
	Edits cdiEdits `yaml:"containerEdits"`
}

// cdiEdits is what a specification changes of a container.
type cdiEdits struct {
	Nodes []struct {
		Path     string `yaml:"path"`
		HostPath string `yaml:"hostPath"`
	} `yaml:"deviceNodes"`
	Mounts []struct {
		HostPath string `yaml:"hostPath"`
	} `yaml:"mounts"`
	Hooks []struct {
		Path string `yaml:"path"`
	} `yaml:"hooks"`
}

// deviceKind is what a specification's kind must look like: "nvidia.com/gpu".
var deviceKind = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z][A-Za-z0-9_-]*$`)

// readCDI reads one specification.
func readCDI(m *machine.Machine, name string) (*cdiSpec, error) {
	dt, err := m.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file cdiFile
	if err := yaml.Unmarshal(dt, &file); err != nil { // JSON is YAML too
		return nil, err
	}
	switch {
	case file.Version == "":
		return nil, fmt.Errorf("it has no cdiVersion")
	case !deviceKind.MatchString(file.Kind):
		return nil, fmt.Errorf("its kind is %q and not of the form vendor.com/class", file.Kind)
	case len(file.Devices) == 0:
		return nil, fmt.Errorf("it has no devices")
	}
	spec := &cdiSpec{file: name}
	spec.take(file.Edits)
	for _, d := range file.Devices {
		spec.devices = append(spec.devices, file.Kind+"="+d.Name)
		spec.take(d.Edits)
	}
	return spec, nil
}

// take adds what edits need of the host.
func (c *cdiSpec) take(edits cdiEdits) {
	for _, n := range edits.Nodes {
		host := n.HostPath
		if host == "" {
			host = n.Path
		}
		c.paths = append(c.paths, host)
	}
	for _, m := range edits.Mounts {
		if path.IsAbs(m.HostPath) { // tmpfs and the like have none
			c.paths = append(c.paths, m.HostPath)
		}
	}
	for _, h := range edits.Hooks {
		c.hooks = append(c.hooks, h.Path)
	}
}

func checkCDI() Check {
	return &about{
		name: "cdi", group: groupNVIDIA, description: "CDI specifications: the GPU as a device for builds",
		kinds: []*Kind{cdiNone, cdiBroken, cdiTwice, cdiShadowed, cdiStale, cdiMode, cdiAll},
		check: func(_ context.Context, s *Subject) Result { return s.cdi() },
	}
}

func (s *Subject) cdi() Result {
	var specs []*cdiSpec
	var r Result
	for _, dir := range machine.CDIDirs() {
		for _, name := range s.Machine.Glob(dir + "/*") {
			if ext := filepath.Ext(name); ext != ".yaml" && ext != ".json" {
				continue
			}
			spec, err := readCDI(s.Machine, name)
			if err != nil {
				r = r.add(cdiBroken.find("the CDI specification %s cannot be read", name).saw("%s", diag.Clean(err.Error())).at(name, 0).do(s.generate(name)))
				continue
			}
			specs = append(specs, spec)
		}
	}
	gpu := slices.DeleteFunc(slices.Clone(specs), func(c *cdiSpec) bool {
		return !slices.ContainsFunc(c.devices, func(d string) bool { return strings.HasPrefix(d, "nvidia.com/") })
	})
	if len(gpu) == 0 {
		return s.noCDI(r)
	}
	var devices []string
	for _, spec := range specs {
		devices = append(devices, spec.devices...)
		r = s.stale(spec, r)
	}
	slices.Sort(devices)
	r.Summary = diag.Clean(diag.Some(slices.Compact(devices), ", ", 6))
	if !slices.Contains(devices, gpuDevice) {
		r = r.add(cdiAll.find("there is no device %s", gpuDevice).saw("the devices are %s", r.Summary).do(s.generate(gpu[0].file)))
	}
	return sameDevices(specs, r)
}

// noCDI reports that there is no specification of NVIDIA's, where there could be.
func (s *Subject) noCDI(r Result) Result {
	l4t := s.l4t()
	switch {
	case len(r.Findings) > 0:
		return r
	case len(l4t) > 0 && l4t[0] < 36:
		r.Summary = "none; JetPack 5 and older use NVIDIA's runtime instead"
		return r
	case !s.Machine.GPU() && !s.Machine.Jetson():
		r.Skipped = "there is no NVIDIA GPU"
		return r
	}
	return r.add(cdiNone.find("there is no CDI specification of the GPU").saw("%s have no file of NVIDIA's", strings.Join(machine.CDIDirs(), " and ")).
		do(s.generate("/etc/cdi/nvidia.yaml")))
}

// generate is the command that writes a specification.
func (s *Subject) generate(file string) string {
	mode := ""
	if s.Machine.Jetson() {
		mode = " --mode=csv"
	}
	return "sudo nvidia-ctk cdi generate" + mode + " --output=" + shellword.Quote(file)
}

// maxMissing is how many missing files are named.
const maxMissing = 3

// libraryVersion is the driver's version in the name of its main library.
var libraryVersion = regexp.MustCompile(`/libcuda\.so\.(\d{3}\.\d+(?:\.\d+)?)$`)

// stale reports a specification that does not fit the machine.
func (s *Subject) stale(spec *cdiSpec, r Result) Result {
	var missing []string
	for _, name := range append(slices.Clone(spec.paths), spec.hooks...) {
		if !s.Machine.Exists(name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		r = r.add(cdiStale.find("the CDI specification %s names %d files that do not exist", spec.file, len(missing)).
			saw("%s", diag.Clean(diag.Some(missing, ", ", maxMissing))).at(spec.file, 0).do(s.generate(spec.file)))
	} else if driver := s.Machine.Driver(); driver != "" {
		for _, name := range spec.paths {
			if m := libraryVersion.FindStringSubmatch(name); len(m) > 1 && m[1] != driver {
				r = r.add(cdiStale.find("the CDI specification %s is for the driver %s, and %s is running", spec.file, m[1], driver).
					saw("%s", diag.Clean(name)).at(spec.file, 0).do(s.generate(spec.file)))
				break
			}
		}
	}
	orin := s.Machine.Board().SM > 0 && s.Machine.Board().SM < 110
	ofGPU := slices.ContainsFunc(spec.devices, func(d string) bool { return strings.HasPrefix(d, "nvidia.com/gpu=") })
	if orin && ofGPU && !slices.ContainsFunc(spec.paths, func(p string) bool { return strings.HasPrefix(p, "/dev/nvhost") || p == "/dev/nvmap" }) {
		r = r.add(cdiMode.find("the CDI specification %s lacks the Jetson's device nodes", spec.file).
			saw("it has neither /dev/nvmap nor /dev/nvhost-*").at(spec.file, 0).do(s.generate(spec.file)))
	}
	return r
}

// sameDevices reports devices that more than one specification has.
func sameDevices(specs []*cdiSpec, r Result) Result {
	for i, one := range specs {
		for _, other := range specs[i+1:] {
			both := slices.DeleteFunc(slices.Clone(one.devices), func(d string) bool { return !slices.Contains(other.devices, d) })
			if len(both) == 0 {
				continue
			}
			names := diag.Clean(diag.Some(both, ", ", maxMissing))
			if filepath.Dir(one.file) == filepath.Dir(other.file) {
				r = r.add(cdiTwice.find("two CDI specifications in %s have the same devices: neither counts", filepath.Dir(one.file)).
					saw("%s: in %s and in %s", names, diag.Clean(one.file), diag.Clean(other.file)).at(other.file, 0).do("sudo rm " + shellword.Quote(other.file)))
				continue
			}
			r = r.add(cdiShadowed.find("%s hides devices of %s", diag.Clean(other.file), diag.Clean(one.file)).saw("%s", names).at(one.file, 0).do("sudo rm " + shellword.Quote(one.file)))
		}
	}
	return r
}
