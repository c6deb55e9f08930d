package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"syscall"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
)

// killed is the exit code of a step that was ended by SIGKILL.
const killed = 128 + int(syscall.SIGKILL)

// noSpace matches what a builder says that could not write a file: it comes as a text, which the
// kernel words and which ends a line. The command of a step may say so too, but is no such error.
var noSpace = regexp.MustCompile(`(?m): ` + regexp.QuoteMeta(syscall.ENOSPC.Error()) + `$`)

// withRemedy adds to an error of a builder that has no disk or memory left what to do about it.
func withRemedy(err error) error {
	if err == nil {
		return nil
	}
	exit, ran := errors.AsType[*gwpb.ExitError](err)
	if !ran && noSpace.MatchString(err.Error()) {
		return fmt.Errorf("%w\nthe builder's disk is full: docker buildx du lists what its cache holds, docker buildx prune frees what no build uses, for which it needs some room itself: if it fails too, remove something else from that disk first", err)
	}
	// BuildKit looks itself for the kernel's reason, and finds it on few machines only.
	if ran && int(exit.ExitCode) == killed {
		return fmt.Errorf("%w\nexit code %d is that of a step that was killed, as a rule by the kernel because memory ran out: "+
			"give the builder swap, or the step more (--resource memory=…), or let it do less at once (MAX_JOBS, build.parallel, tests.parallel)", err, killed)
	}
	return err
}
