package doctor

import (
	"context"
	"os"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
)

// The group of checks of permissions.
const groupUser = "User"

var (
	dockerDenied = &Kind{
		ID: "docker-denied", Severity: Error,
		Meaning: "The user may not talk to Docker's engine. Members of the group docker may, which makes them as powerful as root.",
		Remedy:  "join the group docker and log in again; jetkit run uses sudo until then",
		Source:  "docs.docker.com/engine/install/linux-postinstall",
	}
	gpuDenied = &Kind{
		ID: "gpu-denied", Severity: Warning,
		Meaning: "The user may not open the GPU's device nodes. Programs on the Jetson itself then see no GPU; containers of root's are not concerned.",
		Remedy:  "join the groups that own the nodes and log in again",
		Source:  "NVIDIA's udev rules give the nodes to the group video",
	}
)

func checkUser() Check {
	return &about{
		name: "user", group: groupUser, description: "whether the user may use Docker and the GPU",
		kinds: []*Kind{dockerDenied, gpuDenied},
		check: func(ctx context.Context, s *Subject) Result {
			if s.User.UID == 0 {
				return passed("root")
			}
			r := passed("%s", diag.Clean(s.User.Name))
			if e := s.docker(ctx); e.err != nil && strings.Contains(e.err.Error(), "permission denied") {
				f := dockerDenied.find("%s may not talk to Docker's engine", diag.Clean(s.User.Name)).saw("%s", diag.Clean(e.err.Error()))
				if _, members, found := s.Machine.Group("docker"); found && slices.Contains(members, s.User.Name) {
					f = f.remedy("you are in the group docker, but this session began before that: log in again, or use newgrp docker")
				} else {
					f = f.do("sudo usermod -aG docker $USER", "newgrp docker")
				}
				r = r.add(f)
			}
			return s.gpuNodes(r)
		},
	}
}

// gpuNodes reports device nodes of the GPU that the user may not open.
func (s *Subject) gpuNodes(r Result) Result {
	var closed []string
	for _, pattern := range []string{"/dev/nvhost-gpu", "/dev/nvhost-ctrl-gpu", "/dev/nvmap", "/dev/nvidia0", "/dev/nvidiactl"} {
		for _, name := range s.Machine.Glob(pattern) {
			info, err := os.Stat(s.Machine.Path(name))
			if err == nil && !s.mayWrite(info) {
				closed = append(closed, name)
			}
		}
	}
	if len(closed) == 0 {
		return r
	}
	f := gpuDenied.find("%s may not open the GPU's device nodes", diag.Clean(s.User.Name)).saw("%s", strings.Join(closed, ", "))
	for _, group := range []string{"video", "render"} {
		if _, _, found := s.Machine.Group(group); found && !s.member(group) {
			f = f.do("sudo usermod -aG " + group + " $USER")
		}
	}
	return r.add(f)
}
