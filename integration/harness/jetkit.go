//go:build linux

package harness

import (
	"context"
	"io"
	"path/filepath"
)

// JetkitRun is one call of the jetkit command.
type JetkitRun struct {
	Dir  string
	Args []string
	// Env is added to the environment, "NAME=value". It leads to no builder and no engine by itself.
	Env   []string
	Stdin io.Reader
	Live  io.Writer // when set, gets stdout and stderr while the command runs
	// Abandon has the end of the context kill the command at once. Otherwise it is asked to end.
	Abandon bool
}

// Jetkit runs "jetkit ARGS". The first call compiles it.
func (e *Env) Jetkit(ctx context.Context, run JetkitRun) Result {
	program, err := e.jetkit.do(func() (string, error) {
		defer e.timed("jetkit compiled")()
		program := filepath.Join(e.Root, "bin", "jetkit")
		build := e.run(ctx, command{argv: []string{"go", "build", "-o", program, "./cmd/jetkit"}, dir: e.repo})
		return program, build.Err()
	})
	if err != nil {
		return Result{Args: run.Args, ExitCode: -1, runErr: err}
	}
	return e.run(ctx, command{
		argv:  append([]string{program}, run.Args...),
		dir:   run.Dir,
		env:   append([]string{"HOME=" + filepath.Join(e.Root, "home"), "DOCKER_HOST=unix://" + filepath.Join(e.Root, "no-docker.sock")}, run.Env...),
		stdin: run.Stdin,
		live:  run.Live,
		kill:  run.Abandon,
	})
}

// Tools is the folder of buildkitd, buildctl and buildx, for a PATH.
func (e *Env) Tools() string { return filepath.Join(e.cacheDir(), "bin") }
