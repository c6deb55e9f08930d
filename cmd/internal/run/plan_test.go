package run

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// machineFiles are the files of some machines.
var machineFiles = map[string]map[string]string{
	"orin": {
		"/etc/nv_tegra_release":        "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8\n",
		"/proc/device-tree/model":      "NVIDIA Jetson Orin Nano Developer Kit\x00",
		"/proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\x00nvidia,p3767-0005\x00nvidia,tegra234\x00",
		"/tmp/argus_socket":            "", "/etc/enctune.conf": "", "/run/dbus/system_bus_socket": "",
		"/run/avahi-daemon/socket": "", "/run/docker.sock": "", "/run/jtop.sock": "", "/etc/localtime": "", "/etc/timezone": "",
		"/etc/group":     "root:x:0:\ndocker:x:999:ada\n",
		"/dev/snd/timer": "", "/dev/bus/usb/001": "",
		"/dev/video0": "", "/dev/video2": "", "/dev/video10": "", "/dev/video-dec0": "",
		"/dev/i2c-0": "", "/dev/i2c-10": "", "/dev/ttyACM0": "", "/dev/ttyUSB1": "", "/dev/fuse": "", "/lib/modules/x": "",
	},
	"thor": {
		"/etc/nv_tegra_release":        "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64, DATE: Mon\n",
		"/proc/device-tree/model":      "NVIDIA Jetson AGX Thor Developer Kit\x00",
		"/proc/device-tree/compatible": "nvidia,p3971-0089+p3834-0008\x00nvidia,tegra264\x00",
		"/proc/driver/nvidia/version":  "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.00  Release Build\n",
	},
	"x86":   {"/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.00  Mon\n", "/dev/nvidia0": "", "/dev/snd/timer": "", "/dev/bus/usb/001": ""},
	"plain": {"/dev/snd/timer": ""},
}

const cdiSpec = "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: \"0\"\n- name: all\n"

// world is what a test's command line depends on.
type world struct {
	machine  string
	files    map[string]string // further files of the machine
	engine   Engine
	user     User
	env      map[string]string
	terminal bool
	cookies  string
	programs string // those on the PATH
}

func (w world) facts(t *testing.T, args string) *Facts {
	t.Helper()
	root := t.TempDir()
	files := maps.Clone(machineFiles[w.machine])
	if files == nil {
		files = map[string]string{}
	}
	maps.Copy(files, w.files)
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
	}
	line, err := Parse(strings.Fields(args))
	require.NoError(t, err)
	w.engine.Name = line.Own.Engine
	env := map[string]string{"HOME": "/home/ada"}
	maps.Copy(env, w.env)
	return &Facts{
		Line: line, Machine: machine.At(root), Engine: w.engine, User: w.user, Terminal: w.terminal, Cookies: w.cookies,
		Env:     func(name string) (string, bool) { value, set := env[name]; return value, set },
		Now:     time.Date(2026, 11, 26, 9, 30, 5, 0, time.UTC),
		WorkDir: "/work", State: "/run/user/1000/jetkit",
		ReadFile: func(string) ([]byte, error) { return []byte("# file\nFROM_FILE=1\n"), nil },
		LookPath: func(name string) (string, error) {
			if strings.Contains(" "+w.programs+" ", " "+name+" ") {
				return "/usr/bin/" + name, nil
			}
			return "", errors.New("not found")
		},
	}
}

// options returns the command line of a world, a flag an item; the machine's root is cut off.
func (w world) options(t *testing.T, args string) (*Plan, []string) {
	t.Helper()
	facts := w.facts(t, args)
	plan, err := Make(facts)
	require.NoError(t, err)
	var options []string
	for _, option := range plan.Options {
		options = append(options, strings.ReplaceAll(strings.Join(option.Words(), " "), facts.Machine.Path(""), ""))
	}
	return plan, options
}

func TestOrin(t *testing.T) {
	plan, options := world{machine: "orin", terminal: true}.options(t, "img")
	assert.Equal(t, []string{
		"--runtime nvidia", "--env NVIDIA_VISIBLE_DEVICES=all", "--env NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics",
		"--interactive", "--tty", "--rm", "--network host", "--shm-size 8g", "--name jetson_container_20261126_093005",
		"--mount type=bind,source=/tmp/argus_socket,target=/tmp/argus_socket",
		"--mount type=bind,source=/etc/enctune.conf,target=/etc/enctune.conf",
		"--mount type=bind,source=/etc/nv_tegra_release,target=/etc/nv_tegra_release",
		"--mount type=bind,source=/run/user/1000/jetkit/nv_jetson_model,target=/tmp/nv_jetson_model",
		"--mount type=bind,source=/run/dbus,target=/var/run/dbus",
		"--mount type=bind,source=/run/avahi-daemon/socket,target=/var/run/avahi-daemon/socket",
		"--mount type=bind,source=/home/ada/.local/share/jetkit/data,target=/data",
		"--mount type=bind,source=/etc/localtime,target=/etc/localtime,readonly",
		"--mount type=bind,source=/etc/timezone,target=/etc/timezone,readonly",
		"--mount type=bind,source=/run/jtop.sock,target=/run/jtop.sock",
		"--device /dev/snd:/dev/snd", "--device /dev/bus/usb:/dev/bus/usb",
		"--device /dev/video0:/dev/video0", "--device /dev/video2:/dev/video2", "--device /dev/video10:/dev/video10",
		"--device /dev/i2c-0:/dev/i2c-0", "--device /dev/i2c-10:/dev/i2c-10",
		"--device /dev/ttyACM0:/dev/ttyACM0", "--device /dev/ttyUSB1:/dev/ttyUSB1",
	}, options)
	assert.Equal(t, []File{
		{"/run/user/1000/jetkit/nv_jetson_model", []byte("NVIDIA Jetson Orin Nano Developer Kit\x00"), 0o644, "the board's name, from the device tree"},
		{"/home/ada/.local/share/jetkit/data", nil, 0o755 | os.ModeDir, "your own"},
	}, plan.Files)
	assert.Empty(t, plan.Warnings)
	assert.Empty(t, plan.Sudo)
}

func TestGPU(t *testing.T) {
	cdi := map[string]string{"/etc/cdi/nvidia.yaml": cdiSpec}
	cdiEngine := Engine{Known: true, CDI: true, Runtimes: []string{"runc"}}
	both := Engine{Known: true, CDI: true, Runtimes: []string{"nvidia", "runc"}}
	const runtime, graphics, all = "--runtime nvidia --env NVIDIA_VISIBLE_DEVICES=all", " --env NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics",
		" --env NVIDIA_DRIVER_CAPABILITIES=all"
	const device, limits = "--device nvidia.com/gpu=all", " --ulimit memlock=-1 --ulimit stack=67108864"
	for _, test := range []struct {
		name    string
		world   world
		args    string
		want    string
		warning string
	}{
		{name: "Orin", world: world{machine: "orin"}, want: runtime + graphics},
		{name: "Orin with CDI too", world: world{machine: "orin", files: cdi, engine: both}, want: runtime + graphics},
		{name: "Orin with CDI alone", world: world{machine: "orin", files: cdi, engine: cdiEngine}, want: device + graphics},
		{name: "Orin without either", world: world{machine: "orin", engine: cdiEngine}, want: runtime + graphics, warning: "no runtime nvidia"},
		{name: "Thor", world: world{machine: "thor"}, want: runtime + all},
		{name: "x86", world: world{machine: "x86"}, want: "--gpus all" + all + limits},
		{name: "x86 with CDI", world: world{machine: "x86", files: cdi, engine: both}, want: device + all + limits},
		{name: "x86 with CDI, old engine", world: world{machine: "x86", files: cdi, engine: Engine{Known: true}}, want: "--gpus all" + all + limits},
		{name: "x86 with another's CDI", world: world{machine: "x86", files: map[string]string{"/etc/cdi/x.yaml": "kind: vendor.com/gpu\ndevices: [{name: all}]"}, engine: both}, want: "--gpus all" + all + limits},
		{name: "x86 with broken CDI", world: world{machine: "x86", files: map[string]string{"/etc/cdi/x.yaml": "kind: ["}, engine: both}, want: "--gpus all" + all + limits},
		{name: "x86 with CDI without all", world: world{machine: "x86", files: map[string]string{"/var/run/cdi/x.json": `{"kind":"nvidia.com/gpu","devices":[{"name":"0"}]}`}, engine: both}, want: "--gpus all" + all + limits},
		{name: "rootless", world: world{machine: "x86", engine: Engine{Known: true, Rootless: true}}, want: "--gpus all" + all},
		{name: "none", world: world{machine: "plain"}, warning: "no NVIDIA GPU"},
		{name: "WSL", world: world{machine: "plain", files: map[string]string{"/dev/dxg": ""}}, want: "--gpus all" + all + limits},
		{name: "podman", world: world{machine: "orin", files: cdi}, args: "--engine podman", want: device + graphics},
		{name: "podman without CDI", world: world{machine: "orin"}, args: "--engine podman", want: strings.TrimSpace(graphics), warning: "nvidia-ctk cdi generate"},
		{name: "nerdctl", world: world{machine: "x86"}, args: "--engine nerdctl", want: "--gpus all" + all + limits},
		{name: "nerdctl on Orin", world: world{machine: "orin"}, args: "--engine nerdctl", want: strings.Replace(runtime, "nvidia", "nvidia-container-runtime", 1) + graphics},
		{name: "--gpus", world: world{machine: "orin"}, args: "--gpus all", want: strings.TrimSpace(graphics), warning: "NVIDIA's toolkit refuses it"},
		{name: "--gpus on Thor", world: world{machine: "thor"}, args: "--gpus all", want: strings.TrimSpace(all)},
		{name: "--runtime", world: world{machine: "orin"}, args: "--runtime runc", want: strings.TrimSpace(graphics)},
		{name: "a CDI device", world: world{machine: "orin"}, args: "--device nvidia.com/gpu=0", want: strings.TrimSpace(graphics)},
		{name: "--without", world: world{machine: "x86"}, args: "--without gpu --without ulimits --without capabilities"},
		{name: "a variable", world: world{machine: "orin"}, args: "-e NVIDIA_DRIVER_CAPABILITIES=all -e NVIDIA_VISIBLE_DEVICES", want: "--runtime nvidia"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, options := test.world.options(t, test.args+" --without rm --without shm --without name --without network --without groups --without data img")
			var got []string
			for i, option := range options {
				if !strings.HasPrefix(option, "--mount") && !strings.HasPrefix(option, "--device /") {
					got = append(got, options[i])
				}
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
			if test.warning == "" {
				assert.Empty(t, plan.Warnings)
			} else {
				assert.ErrorContains(t, errors.New(strings.Join(plan.Warnings, "\n")), test.warning)
			}
		})
	}
}

// TestUserWins has the user's flags take the place of ours.
func TestUserWins(t *testing.T) {
	for args, gone := range map[string]string{
		"--network none":                        "--network host",
		"--net=bridge":                          "--network host",
		"-p 80:80":                              "--network host",
		"--mac-address 92:d0:c6:0a:29:33":       "--network host",
		"--shm-size=1g":                         "--shm-size 8g",
		"--ipc host":                            "--shm-size 8g",
		"--rm=false":                            "--rm",
		"--restart always":                      "--rm",
		"--name x":                              "--name jetson_container_20261126_093005",
		"-d":                                    "--interactive --tty",
		"-a stdout":                             "--interactive --tty",
		"-i=false":                              "--interactive",
		"-v /models:/data":                      "--mount type=bind,source=/home/ada/.local/share/jetkit/data,target=/data",
		"--mount type=tmpfs,destination=/data/": "--mount type=bind,source=/home/ada/.local/share/jetkit/data,target=/data",
		"--tmpfs /data:size=1g":                 "--mount type=bind,source=/home/ada/.local/share/jetkit/data,target=/data",
		"-v /data":                              "--mount type=bind,source=/home/ada/.local/share/jetkit/data,target=/data",
		"-v /x:/run/dbus":                       "--mount type=bind,source=/run/dbus,target=/var/run/dbus",
		"--device /dev/video0":                  "--device /dev/video0:/dev/video0",
		"--device /dev/video2:/dev/video0:r":    "--device /dev/video0:/dev/video0",
		"--device /dev/video2:r --device /dev/snd": "--device /dev/snd:/dev/snd --device /dev/video2:/dev/video2",
		"--env-file x -e NVIDIA_VISIBLE_DEVICES=0": "--env NVIDIA_VISIBLE_DEVICES=all",
	} {
		_, before := world{machine: "orin", terminal: true}.options(t, "img")
		_, after := world{machine: "orin", terminal: true}.options(t, args+" img")
		var missing []string
		for _, option := range before {
			if !strings.Contains("\n"+strings.Join(after, "\n")+"\n", "\n"+option+"\n") {
				missing = append(missing, option)
			}
		}
		assert.Equal(t, gone, strings.Join(missing, " "), args)
	}
	_, options := world{machine: "x86"}.options(t, "--ulimit memlock=1:2 img")
	assert.NotContains(t, options, "--ulimit memlock=-1")
	assert.Contains(t, options, "--ulimit stack=67108864")
	_, options = world{machine: "orin"}.options(t, "--restart no img")
	assert.Contains(t, options, "--rm")
	_, options = world{machine: "orin", env: map[string]string{"FROM_FILE": "x", "HUGGINGFACE_TOKEN": "secret"}}.options(t, "--env-file x img")
	assert.Contains(t, options, "--env HUGGINGFACE_TOKEN")
	_, options = world{machine: "orin"}.options(t, "--engine nerdctl -d img")
	assert.NotContains(t, options, "--rm")
}

// TestNames refuses things that there are not, and those that this machine lacks.
func TestNames(t *testing.T) {
	for args, want := range map[string]string{
		"--without x12":            "--without x12: there is no such thing to pass; did you mean x11?",
		"--with docker":            "--with docker: there is no such thing to pass",
		"--with usb --without usb": "contradict each other",
		"--with docker.sock":       "--with docker.sock: this machine has nothing of it to pass",
		"--with argus":             "--with argus: this machine has nothing of it to pass",
	} {
		_, err := Make(world{machine: "x86"}.facts(t, args+" img"))
		require.ErrorContains(t, err, want, args)
		_, isUsage := errors.AsType[*UsageError](err)
		assert.Equal(t, !strings.Contains(want, "this machine"), isUsage, args)
	}
	_, options := world{machine: "x86"}.options(t, "--with usb img")
	assert.Contains(t, options, "--device /dev/bus/usb:/dev/bus/usb")
	_, options = world{machine: "orin"}.options(t, "--with docker.sock img")
	assert.Contains(t, options, "--mount type=bind,source=/run/docker.sock,target=/var/run/docker.sock")
}

// TestEveryThingCanBeLeftOut leaves each thing out of a command line that has all of them.
func TestEveryThingCanBeLeftOut(t *testing.T) {
	runtimeDir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(runtimeDir, "pulse"), 0o755))
	key := filepath.Join(runtimeDir, "key")
	require.NoError(t, os.WriteFile(key, nil, 0o600))
	w := world{
		machine: "orin", terminal: true, user: User{ID: 1000}, cookies: "0000 0000 0000 0000 0000\n", files: map[string]string{"/etc/cdi/n.yaml": cdiSpec},
		env: map[string]string{"DISPLAY": ":0", "XDG_RUNTIME_DIR": runtimeDir, "SCP_UPLOAD_KEY": key, "HUGGINGFACE_TOKEN": "secret"},
	}
	names := func(args string) map[string]bool {
		plan, _ := w.options(t, args+" --engine podman --with permissions --with docker.sock img")
		got := map[string]bool{}
		for _, option := range plan.Options {
			got[option.Thing] = true
		}
		return got
	}
	all := names("")
	for _, thing := range Things() {
		if thing.Name == "ulimits" { // not of a rootless engine
			continue
		}
		assert.True(t, all[thing.Name], "%s is passed", thing.Name)
		if thing.Name == "permissions" || thing.Name == "docker.sock" {
			continue
		}
		assert.False(t, names("--without " + thing.Name)[thing.Name], "%s is left out", thing.Name)
	}
}
