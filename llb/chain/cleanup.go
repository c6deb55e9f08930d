package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// NVIDIA's CDI hooks write some files anew before every step, into the step's own
// file system: drop-ins for the linker, under random names, ldconfig's private
// cache, which is never the same twice, and a link that two hooks disagree about.
// Source: NVIDIA/nvidia-container-toolkit v1.20, internal/ldconfig; tried.
var rewritten = []string{
	"/etc/ld.so.conf.d/*-nvcr-*.conf",
	"/var/cache/ldconfig/aux-cache",
	"/usr/lib/*-linux-gnu/nvidia/libcuda.so",
	"/usr/lib/*-linux-gnu/tegra/libcuda.so",
}

// CleanStep is the program that RUN steps with a GPU are run by. It runs a command
// and then removes what the hooks wrote, while the step lasts, since afterwards it
// would be part of a layer, and ends as the command did. A step of another user
// than root's leaves the files where they are.
const CleanStep = "/.jetkit-step"

// addCleanStep puts the program into a file system.
func addCleanStep() *llb.FileAction {
	script := fmt.Sprintf("#!/bin/sh\n\"$@\"\nstatus=$?\nrm -f %s 2>/dev/null\nexit $status\n", strings.Join(rewritten, " "))
	return llb.Mkfile(CleanStep, 0o755, []byte(script))
}

// cleanUp makes a RUN step clean up after itself.
func cleanUp(exec *pb.ExecOp) {
	exec.Meta.Args = slices.Concat([]string{CleanStep}, exec.GetMeta().GetArgs())
}
