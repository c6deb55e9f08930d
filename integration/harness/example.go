//go:build linux

package harness

import (
	"context"
	"path/filepath"
)

// Example runs a script of the folder examples, such as "ci/waves.sh".
func (e *Env) Example(ctx context.Context, script string, run BuildxRun) Result {
	run.Args = append([]string{filepath.Join(e.repo, "examples", filepath.FromSlash(script))}, run.Args...)
	return e.Bash(ctx, run)
}

// Bash runs "bash ARGS", whose docker buildx builds on the daemon.
func (e *Env) Bash(ctx context.Context, run BuildxRun) Result {
	daemon := run.Daemon
	if daemon == nil {
		daemon = e.Daemon
	}
	return e.run(ctx, command{
		argv: append([]string{"bash"}, run.Args...),
		dir:  run.Dir, env: append([]string{"BUILDX_BUILDER=" + daemon.Builder}, run.Env...), live: run.Live,
	})
}
