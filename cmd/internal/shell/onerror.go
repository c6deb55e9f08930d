package shell

import (
	"context"
	"errors"
	"fmt"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"

	"jetkit/pkgspec/diag"
)

// customName is where BuildKit keeps an operation's name in the progress.
const customName = "llb.customname"

// OnError returns a build that opens a shell in the container of a step that fails, before
// it fails itself. Other failures have none: there it prints why.
func (s *Shell) OnError(build gateway.BuildFunc) gateway.BuildFunc {
	return func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := build(ctx, c)
		if err == nil || ctx.Err() != nil {
			return res, err
		}
		p, noShell := failedPlace(err)
		if noShell == nil {
			noShell = s.open(ctx, c, p, nil)
		}
		if _, exited := errors.AsType[*ExitError](noShell); noShell != nil && !exited && ctx.Err() == nil {
			fmt.Fprintln(s.Err, diag.Clean(noShell.Error()))
		}
		return res, err
	}
}

// failedPlace returns where the step ran that an error comes from, with its files as it
// left them.
func failedPlace(err error) (*place, error) {
	failed, ok := errors.AsType[*errdefs.SolveError](err)
	if !ok {
		return nil, errors.New("no shell for this error: no step of the builder failed")
	}
	exec := failed.GetOp().GetExec()
	if exec == nil {
		return nil, errors.New("no shell for this error: the step that failed runs no program")
	}
	p, err2 := placeOf(exec, failed.GetOp().GetPlatform(), func(i int) (gateway.Mount, error) {
		if i >= len(failed.GetMountIDs()) {
			return gateway.Mount{}, errors.New("no shell for this error: the step failed before its container was made")
		}
		return gateway.Mount{ResultID: failed.GetMountIDs()[i]}, nil
	})
	if err2 != nil {
		return nil, err2
	}
	p.title = failed.GetDescription()[customName]
	if p.title == "" {
		p.title = quote(p.command)
	}
	p.title = diag.Clean(p.title) + " " + howFailed(err) + "."
	return p, nil
}

// howFailed says how a program failed.
func howFailed(err error) string {
	exit, ok := errors.AsType[*gwpb.ExitError](err)
	if !ok || exit.ExitCode == gwpb.UnknownExitStatus {
		return "failed"
	}
	return fmt.Sprintf("failed with exit code %d", exit.ExitCode)
}
