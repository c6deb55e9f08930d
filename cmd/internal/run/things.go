package run

import (
	"path/filepath"
	"slices"
	"strings"

	"jetkit/cmd/internal/machine"
)

// Thing is something that a container can get of the machine, under a name by which it can be left out.
type Thing struct {
	Name string
	// Passes and When say in words, for people, what is passed and on which condition.
	Passes, When string
	Reason, Risk string
	// Jetson things are passed on Jetsons, Elsewhere things on other machines, unless they are asked for.
	Jetson, Elsewhere bool
	// Asked reports whether a thing that is not passed by itself is asked for in another way than by --with.
	Asked func(p *planner) bool
	// Unless returns the user's flag that takes the thing's place; empty if there is none.
	Unless func(l *Line) string

	options func(p *planner)
}

// Things returns what a container can get, in the order in which it is passed.
func Things() []Thing {
	return slices.Concat(gpuThings(), sessionThings(), nameThings(), fileThings(), deviceThings(), desktopThings(), userThings())
}

// Names lists the names of the things, in the same order.
func Names() []string {
	var names []string
	for _, thing := range Things() {
		names = append(names, thing.Name)
	}
	return names
}

// sessionThings are settings of the container.
func sessionThings() []Thing {
	return []Thing{
		{
			Name:   "terminal",
			Passes: "`--interactive --tty`",
			When:   "standard input and output are a terminal, and neither `--detach` nor `--attach` is given",
			Reason: "you are at a terminal",
			Unless: func(l *Line) string {
				if l.has("detach") && !l.on("detach") {
					return firstGiven(l, "attach")
				}
				return firstGiven(l, "detach", "attach")
			},
			options: func(p *planner) {
				if p.Terminal {
					p.add("--interactive", "")
					p.add("--tty", "")
				}
			},
		},
		{
			Name:   "rm",
			Passes: "`--rm`",
			When:   "no `--restart` is given, and for nerdctl no `--detach`",
			Reason: "the container goes when it ends; keep results in /data",
			Unless: func(l *Line) string {
				if policy, found := l.last("restart"); found && policy != "no" {
					return "--restart=" + policy
				}
				if l.Own.Engine == Nerdctl && l.on("detach") { // nerdctl refuses both together
					return "--detach"
				}
				return ""
			},
			options: func(p *planner) { p.add("--rm", "") },
		},
		{
			Name:   "network",
			Passes: "`--network host`",
			When:   "no flag is given that needs another network (`--network`, `--publish`, `--link`, `--ip`, …)",
			Reason: "servers in the container are reachable, and ROS and cameras find each other",
			Unless: func(l *Line) string {
				return firstGiven(l, "network", "publish", "publish-all", "link", "ip", "ip6", "mac-address",
					"network-alias", "link-local-ip", "pod")
			},
			options: func(p *planner) { p.add("--network", "host") },
		},
		{
			Name:   "shm",
			Passes: "`--shm-size 8g`",
			When:   "neither `--shm-size` nor `--ipc` is given",
			Reason: "data loaders and ROS share memory; the default is 64 MiB",
			Unless: func(l *Line) string {
				if mode, found := l.last("ipc"); found && mode != "private" && mode != "shareable" {
					return "--ipc=" + mode
				}
				return ""
			},
			options: func(p *planner) { p.add("--shm-size", "8g") },
		},
	}
}

// nameThings are how the container is called, and in which groups its user is.
func nameThings() []Thing {
	return []Thing{
		{
			Name:   "name",
			Passes: "`--name jetson_container_YYYYmmdd_HHMMSS`",
			When:   "no `--name` is given",
			Reason: "a name to stop it by",
			options: func(p *planner) {
				p.add("--name", "jetson_container_"+p.Now.Format("20060102_150405"))
			},
		},
		{
			Name:   "groups",
			Passes: "`--group-add keep-groups`",
			When:   "podman without root, and no `--group-add` is given",
			Reason: "your groups, such as video, open the devices",
			Unless: func(l *Line) string { return firstGiven(l, "group-add") },
			options: func(p *planner) {
				if p.Engine.Name == Podman && p.User.ID != 0 {
					p.add("--group-add", "keep-groups")
				}
			},
		},
	}
}

// firstGiven returns the first of some flags that the user gave, as it was given. A name can have a space and a value.
func firstGiven(l *Line, names ...string) string {
	for _, name := range names {
		name, want, withValue := strings.Cut(name, " ")
		if withValue {
			if want != "" {
				return "--" + name + "=" + want
			}
			continue
		}
		if value, found := l.last(name); found {
			return "--" + name + "=" + value
		}
	}
	return ""
}

// fileThings are files and sockets of the machine.
func fileThings() []Thing {
	return []Thing{
		bindThing("argus", "/tmp/argus_socket", "/tmp/argus_socket", "CSI cameras, by the host's nvargus-daemon"),
		bindThing("enctune", "/etc/enctune.conf", "/etc/enctune.conf", "settings of the video encoder"),
		bindThing("release", machine.ReleaseFile, machine.ReleaseFile, "programs read the L4T version"),
		{
			Name:   "model",
			Passes: "a copy of `/proc/device-tree/model` at `/tmp/nv_jetson_model`",
			When:   "on a Jetson",
			Reason: "programs read the board's name; files of /proc cannot be mounted",
			Jetson: true, options: (*planner).model,
		},
		bindThing("dbus", "/run/dbus", "/var/run/dbus", "the system bus: Bluetooth, NetworkManager"),
		bindThing("avahi", "/run/avahi-daemon/socket", "/var/run/avahi-daemon/socket", "names of the local network (mDNS)"),
		{
			Name:   "docker.sock",
			Passes: "`/var/run/docker.sock`",
			When:   "only with `--with docker.sock`",
			Reason: "the container starts others",
			Risk:   "whoever is in the container is root on this machine",
			Asked:  func(*planner) bool { return false },
			options: func(p *planner) {
				p.bind("/run/docker.sock", "/var/run/docker.sock")
			},
		},
		{
			Name:   "data",
			Passes: "a folder at `/data`",
			When:   "always. [Which folder](#the-folder-data).",
			Reason: "models and data that outlive the container", options: (*planner).data,
		},
		{
			Name: "localtime", Passes: "`/etc/localtime`, read-only", When: "the machine has it", Reason: "the machine's time zone",
			options: func(p *planner) { p.bind("/etc/localtime", "/etc/localtime", "readonly") },
		},
		{
			Name: "timezone", Passes: "`/etc/timezone`, read-only", When: "the machine has it", Reason: "the time zone's name",
			options: func(p *planner) { p.bind("/etc/timezone", "/etc/timezone", "readonly") },
		},
		{
			Name: "jtop", Passes: "`/run/jtop.sock`", When: "jetson-stats runs on the machine",
			Reason:  "jtop in the container shows the machine",
			options: func(p *planner) { p.bind("/run/jtop.sock", "/run/jtop.sock") },
		},
	}
}

// bindThing is a file or folder that Jetsons have.
func bindThing(name, source, target, reason string) Thing {
	return Thing{
		Name: name, Passes: "`" + target + "`", When: "the Jetson has it", Reason: reason, Jetson: true,
		options: func(p *planner) { p.bind(source, target) },
	}
}

// deviceThings are device nodes.
func deviceThings() []Thing {
	return []Thing{
		{
			Name: "sound", Passes: "`/dev/snd`", When: "the machine has it", Reason: "microphones and speakers (ALSA)",
			options: func(p *planner) { p.device("/dev/snd") },
		},
		{
			Name: "usb", Passes: "`/dev/bus/usb`", When: "the Jetson has it", Jetson: true,
			Reason:  "USB cameras and sensors that bring their own driver; those plugged in later are not in it",
			options: func(p *planner) { p.device("/dev/bus/usb") },
		},
		{
			Name: "video", Passes: "`/dev/video*`", When: "the machine has them", Reason: "cameras (V4L2)",
			options: func(p *planner) {
				for _, name := range p.numbered("/dev/video") {
					if !slices.Contains(p.CSI, name) {
						p.device(name)
					}
				}
				for _, name := range p.Webcams { // made before the container is started
					p.because("a webcam that a CSI camera becomes", "--device", p.deviceValue(name))
				}
			},
		},
		deviceThing("i2c", "sensors and displays on the I2C buses", "/dev/i2c-"),
		deviceThing("serial", "serial ports of USB devices: robots, lidars, microcontrollers", "/dev/ttyACM", "/dev/ttyUSB"),
	}
}

// deviceThing is a row of numbered devices.
func deviceThing(name, reason string, prefixes ...string) Thing {
	return Thing{
		Name: name, Passes: "`" + strings.Join(prefixes, "*`, `") + "*`", When: "the machine has them", Reason: reason,
		options: func(p *planner) {
			for _, prefix := range prefixes {
				for _, name := range p.numbered(prefix) {
					p.device(name)
				}
			}
		},
	}
}

// numbered lists the devices of a prefix and a number, by number.
func (p *planner) numbered(prefix string) []string {
	var names []string
	for _, name := range p.Machine.Glob(prefix + "[0-9]*") {
		if strings.Trim(name[len(prefix):], "0123456789") == "" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return names
}

// model copies what board this is.
func (p *planner) model() {
	content, err := p.Machine.ReadFile("/proc/device-tree/model")
	if err != nil || len(content) == 0 || p.State == "" {
		return
	}
	file := filepath.Join(p.State, "nv_jetson_model")
	p.plan.Files = append(p.plan.Files, File{file, content, 0o644, "the board's name, from the device tree"})
	p.mount(file, "/tmp/nv_jetson_model")
}
