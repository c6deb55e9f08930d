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
// kernel words and which ends a line, but for what git and jetkit put behind it. The command of a
// step may say so too, but is no such error.
var noSpace = regexp.MustCompile(`(?m): (?i:` + regexp.QuoteMeta(syscall.ENOSPC.Error()) + `)(?:; [^\n]*)?(?: \(another image [^\n]*\))?(?: \[[a-z-]+\])?$`)

// halfRepository matches what git says of a repository of which the builder's disk took a part
// only: BuildKit keeps it, and every later build fails with it.
var halfRepository = regexp.MustCompile(`unable to read (?:sha1 file of|tree) |loose object [0-9a-f]+ .*is corrupt|object file \S+ is empty`)

// WithRemedy adds to an error what to do about a builder that has no disk or memory left, or about
// a registry that is away.
func WithRemedy(err error) error {
	if err == nil {
		return nil
	}
	exit, ran := errors.AsType[*gwpb.ExitError](err)
	if !ran && noSpace.MatchString(err.Error()) {
		return fmt.Errorf("%w\nthe builder's disk is full: docker buildx du lists what its cache holds, docker buildx prune frees what no build uses, for which it needs some room itself: if it fails too, remove something else from that disk first", err)
	}
	if m := unanswered.FindStringSubmatch(err.Error()); !ran && m != nil {
		return fmt.Errorf("%w\nthe registry does not answer, or not now: curl -i %s/v2/ shows what it says; what was built is in the builder's cache, and the next build goes on from there", err, m[1])
	}
	if !ran && halfRepository.MatchString(err.Error()) {
		return fmt.Errorf("%w\nthe builder has a part of a repository only, as after its disk was full: docker buildx prune --all --filter description~=shared.git.repo removes what it has of repositories, and the next build fetches them again", err)
	}
	// BuildKit looks itself for the kernel's reason, and finds it on few machines only.
	if ran && int(exit.ExitCode) == killed {
		return fmt.Errorf("%w\nexit code %d is that of a step that was killed, as a rule by the kernel because memory ran out: "+
			"give the builder swap, or the step more (--resource memory=…), or let it do less at once (MAX_JOBS, build.parallel, tests.parallel)", err, killed)
	}
	return err
}
