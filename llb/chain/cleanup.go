package chain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// NVIDIA's CDI hooks write some files anew before every step, into the step's own
// file system: drop-ins for the linker, under random names, ldconfig's private
// cache, which is never the same twice, on PCs a profile that says which GPUs EGL
// sees, and a link that two hooks disagree about.
// Source: NVIDIA/nvidia-container-toolkit v1.20, internal/ldconfig and
// cmd/nvidia-cdi-hook/update-application-profile; tried.
var (
	rewrittenFiles = []string{"/etc/ld.so.conf.d/*-nvcr-*.conf", "/var/cache/ldconfig/aux-cache", profileDir + "/10-container.conf"}
	rewrittenLinks = []string{"/usr/lib/*-linux-gnu/nvidia/libcuda.so", "/usr/lib/*-linux-gnu/tegra/libcuda.so"}
)

// profileDir and the folder above it are there for the profile alone, in most images.
const profileDir = "/etc/nvidia/nvidia-application-profiles-rc.d"

// CleanStep is the program that RUN steps with a GPU are run by. It runs a command
// and then removes what the hooks wrote, while the step lasts, since afterwards it
// would be part of a layer, and ends as the command did. A step of another user
// than root's leaves the files where they are.
const CleanStep = "/.jetkit-step"

// The step that makes the stubs runs listStep, which writes to linksFile which links the
// hooks made, each with its target. A package may install such a link too: one with
// another target stays, and so does one that the command made anew.
const (
	listStep  = "/.jetkit-list"
	linksFile = "/.jetkit-links"
)

// addCleanStep puts the programs into a file system.
func addCleanStep() *llb.FileAction {
	return llb.Mkfile(CleanStep, 0o755, []byte(cleanProgram())).Mkfile(listStep, 0o755, []byte(listProgram()))
}

func cleanProgram() string {
	return fmt.Sprintf(`#!/bin/sh
before=all
[ ! -e %[2]s ] || before=$({ while read -r link made; do ls -di "$link"; done <%[2]s; } 2>/dev/null)
"$@"
status=$?
{
	rm -f %[1]s
	rmdir %[3]s %[4]s
	while read -r link made; do
		[ "$(readlink "$link")" = "$made" ] || continue
		case $before in all | *"$(ls -di "$link")"*) rm -f "$link" ;; esac
	done <%[2]s
} 2>/dev/null
exit $status
`, strings.Join(rewrittenFiles, " "), linksFile, profileDir, path.Dir(profileDir))
}

func listProgram() string {
	return fmt.Sprintf(`#!/bin/sh
for link in %s; do
	[ ! -h "$link" ] || echo "$link $(readlink "$link")"
done >%s
`, strings.Join(rewrittenLinks, " "), linksFile)
}

// cleanUp makes a RUN step clean up after itself.
func cleanUp(exec *pb.ExecOp) {
	exec.Meta.Args = slices.Concat([]string{CleanStep}, exec.GetMeta().GetArgs())
}
