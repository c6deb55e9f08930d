//go:build linux

package harness

import (
	"context"
	"io"
)

// BuildxRun is one call of "docker buildx".
type BuildxRun struct {
	// Daemon builds. Nil means the Env's first.
	Daemon *Daemon
	// Dir is the working directory.
	Dir string
	// Args follow the subcommand (Buildx) or are the subcommand and what follows (BuildxCommand).
	Args []string
	// Env is added to the environment, "NAME=value".
	Env   []string
	Stdin io.Reader
	// Live, when set, gets stdout and stderr while the command runs.
	Live io.Writer
	// Out, when set, gets stdout alone while the command runs: a protocol's messages, with no warning between them.
	Out io.Writer
	// Abandon has the end of the context kill the command at once, as if its machine had gone. Otherwise it is asked to end.
	Abandon bool
}

// Buildx runs "docker buildx build ARGS" on the daemon. Progress is plain unless Args or Env say otherwise.
func (e *Env) Buildx(ctx context.Context, run BuildxRun) Result {
	run.Args = append([]string{"build"}, run.Args...)
	return e.BuildxCommand(ctx, run)
}

// BuildxCommand runs any subcommand: "docker buildx ARGS", without the docker CLI, which would start the plugin twice.
func (e *Env) BuildxCommand(ctx context.Context, run BuildxRun) Result {
	daemon := run.Daemon
	if daemon == nil {
		daemon = e.Daemon
	}
	return e.run(ctx, command{
		argv:  append([]string{e.tool("buildx")}, run.Args...),
		dir:   run.Dir,
		env:   append([]string{"BUILDX_BUILDER=" + daemon.Builder}, run.Env...),
		stdin: run.Stdin,
		live:  run.Live,
		out:   run.Out,
		kill:  run.Abandon,
	})
}
