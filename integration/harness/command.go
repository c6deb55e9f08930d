//go:build linux

package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Result is what came of one command.
type Result struct {
	Args     []string // the command line, for messages
	Stdout   string
	Stderr   string // where buildx writes its progress
	ExitCode int    // -1 when the command could not be run or was ended by a signal
	Duration time.Duration

	runErr error
}

// Err is nil when the command ran and exited 0. Otherwise it says how it failed, with the end of its output.
func (r Result) Err() error {
	if r.runErr == nil {
		return nil
	}
	const lines = 40
	output := strings.TrimSpace(r.Stdout + "\n" + r.Stderr)
	return fmt.Errorf("%s: %w\n%s", strings.Join(r.Args, " "), r.runErr, lastLines(output, lines))
}

// command is one run of a program with the Env's environment.
type command struct {
	argv  []string
	dir   string
	env   []string // added to Env.environment
	stdin io.Reader
	live  io.Writer // also gets the output while the program runs
	out   io.Writer // also gets stdout alone while the program runs
	kill  bool      // cancelling kills at once
}

func (e *Env) run(ctx context.Context, c command) Result {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(e.environment(), c.env...)
	cmd.Stdin = c.stdin
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.live != nil {
		live := &serialWriter{to: c.live}
		cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, live), io.MultiWriter(&stderr, live)
	}
	if c.out != nil {
		cmd.Stdout = io.MultiWriter(cmd.Stdout, c.out)
	}
	// The docker CLI runs buildx as a child: cancelling must reach both.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	signal := syscall.SIGTERM
	if c.kill {
		signal = syscall.SIGKILL
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, signal) }
	cmd.WaitDelay = stopGrace

	start := time.Now()
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	result := Result{
		Args:     c.argv,
		Stdout:   stdout.String(),
		Stderr:   stderr.String(),
		ExitCode: -1,
		Duration: time.Since(start),
		runErr:   err,
	}
	if cmd.ProcessState != nil {
		result.ExitCode = cmd.ProcessState.ExitCode()
	}
	return result
}

// output runs a command for its standard output.
func (e *Env) output(ctx context.Context, argv ...string) (string, error) {
	result := e.run(ctx, command{argv: argv})
	return result.Stdout, result.Err()
}

// serialWriter lets the two goroutines that copy stdout and stderr share a writer.
type serialWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *serialWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
