package run

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jetkit/cmd/internal/userdir"
)

const dirMode = fs.ModeDir

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// userThings are what the user's own variables ask for.
func userThings() []Thing {
	return []Thing{
		{
			Name:   "huggingface",
			Passes: "`--env HUGGINGFACE_TOKEN`",
			When:   "the variable is set",
			Reason: "models that need a login; the name alone, so that the token is on no command line",
			options: func(p *planner) {
				if token, _ := p.Env("HUGGINGFACE_TOKEN"); token != "" {
					p.add("--env", "HUGGINGFACE_TOKEN")
				}
			},
		},
		{
			Name:   "scp-key",
			Passes: "the key at `/root/.ssh/scp_upload_key`, read-only, and `--env SCP_UPLOAD_KEY` with that path",
			When:   "the variable SCP_UPLOAD_KEY names a file",
			Reason: "the SSH key for uploads",
			options: func(p *planner) {
				key, _ := p.Env("SCP_UPLOAD_KEY")
				switch {
				case key == "":
				case !isFile(p.abs(key)):
					p.warn("scp-key: SCP_UPLOAD_KEY names %s, which is no file", key)
				default:
					p.mount(p.abs(key), scpKey, "readonly")
					p.add("--env", "SCP_UPLOAD_KEY="+scpKey)
				}
			},
		},
		{
			Name:   "permissions",
			Passes: "`/lib/modules`, `--device /dev/fuse`, `--cap-add SYS_ADMIN`, `--security-opt apparmor=unconfined`",
			When:   "only with `--with permissions`, or with the variable USE_OPTIONAL_PERMISSION_ARGS=true",
			Reason: "mounts in the container",
			Risk:   "SYS_ADMIN without AppArmor: the container can mount file systems and take over this machine",
			Asked: func(p *planner) bool {
				asked, _ := p.Env("USE_OPTIONAL_PERMISSION_ARGS")
				return asked == "true"
			},
			options: func(p *planner) {
				p.bind("/lib/modules", "/lib/modules")
				p.device("/dev/fuse")
				p.add("--cap-add", "SYS_ADMIN")
				p.add("--security-opt", "apparmor=unconfined")
			},
		},
	}
}

const scpKey = "/root/.ssh/scp_upload_key"

// abs makes a path of the user's absolute.
func (p *planner) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.WorkDir, name)
}

// program decides how the engine is called: by sudo where the user has no right to it.
func (p *planner) program() {
	p.plan.Program = []string{p.Engine.Name}
	why := p.needsSudo()
	if why == "" {
		return
	}
	if _, err := p.LookPath("sudo"); err != nil {
		p.warn("%s, and there is no sudo", why)
		return
	}
	p.plan.Sudo = why
	p.plan.Program = []string{"sudo", p.Engine.Name}
}

// preserve has sudo keep the variables that are passed by name, and no others.
func (p *Plan) preserve(env func(string) (string, bool)) {
	if p.Sudo == "" {
		return
	}
	names := p.line.inherited()
	for _, option := range p.Options {
		if option.Flag == "--env" && !strings.Contains(option.Value, "=") {
			names = append(names, option.Value)
		}
	}
	if _, set := env("DOCKER_CONFIG"); set {
		names = append(names, "DOCKER_CONFIG")
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		p.Program = slices.Insert(p.Program, 1, "--preserve-env="+strings.Join(names, ","))
	}
}

// needsSudo says why the user cannot use the engine without sudo; empty if that is possible.
func (p *planner) needsSudo() string {
	if p.User.ID == 0 {
		return ""
	}
	switch p.Engine.Name {
	case Docker:
		return p.dockerSudo()
	case Nerdctl:
		rootless := filepath.Join(userdir.Runtime(p.Env), "containerd-rootless")
		if p.Machine.Exists("/run/containerd/containerd.sock") && !isDir(rootless) {
			return "containerd is root's, and there is no rootless one"
		}
	}
	return ""
}

func (p *planner) dockerSudo() string {
	if p.Engine.Address != "" || !p.Machine.Exists("/run/docker.sock") {
		return ""
	}
	gid, members, found := p.Machine.Group("docker")
	switch {
	case found && slices.Contains(p.User.Groups, gid):
		return ""
	case found && slices.Contains(members, p.User.Name):
		return "you are in the group docker, but not yet in this session: log in again to do without sudo"
	}
	return "you are not in the group docker"
}

// userRisks names what the user's own flags let a container do, or keep it from.
func (p *planner) userRisks() {
	say := func(flag, risk string) { p.warn("%s: %s", flag, risk) }
	// NVIDIA's hook refuses in csv mode, in which Tegra's files are passed.
	if p.Line.has("gpus") && p.jetson && p.l4tMajor() < 38 {
		say("--gpus", "NVIDIA's toolkit refuses it on a Jetson with this release; leave it out, and jetkit passes --runtime nvidia")
	}
	if p.Line.on("privileged") {
		say("--privileged", "the container has all devices and rights of this machine's root")
	}
	if p.Line.on("use-api-socket") {
		say("--use-api-socket", "whoever is in the container is root on this machine, with your registry logins")
	}
	for _, name := range p.Line.values("cap-add") {
		if name = strings.TrimPrefix(strings.ToUpper(name), "CAP_"); name == "SYS_ADMIN" || name == "ALL" {
			say("--cap-add "+name, "the container can mount file systems and take over this machine")
		}
	}
	if mode, _ := p.Line.last("pid"); mode == "host" {
		say("--pid host", "the container sees all processes of this machine")
	}
	for _, target := range p.Line.targets() {
		if target == "/run/docker.sock" {
			say("a mount of docker.sock", "whoever is in the container is root on this machine")
		}
	}
}
