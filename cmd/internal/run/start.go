package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"jetkit/cmd/internal/outfile"
)

// Streams are what the container's own are connected with.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// ExitFailed is docker's code for a container that could not be started.
const ExitFailed = 125

// Around is something that is done before the container is started. Undo is called when the container has ended,
// whatever way that was; nil if there is nothing to undo.
type Around struct {
	Do   func(ctx context.Context) error
	Undo func() error
}

// Start starts the container and returns its exit code, or the engine's where it did not come to that. Where nothing
// has to be undone afterwards the engine takes the place of this program, and Start returns in case of an error only.
func (p *Plan) Start(ctx context.Context, streams Streams, around ...Around) (code int, err error) {
	program, err := exec.LookPath(p.Program[0])
	if err != nil {
		return ExitFailed, fmt.Errorf("%s is not on the PATH: install it, or name another engine by --engine", p.Program[0])
	}
	if err := p.make(); err != nil {
		return ExitFailed, err
	}
	if xhost := p.xhost(ctx); xhost != nil {
		around = append(around, *xhost)
	}
	var undo []func() error
	defer func() {
		for _, undo := range slices.Backward(undo) {
			err = errors.Join(err, undo())
		}
	}()
	for _, one := range around {
		if err := one.Do(ctx); err != nil {
			return ExitFailed, err
		}
		if one.Undo != nil {
			undo = append(undo, one.Undo)
		}
	}
	if len(undo) > 0 {
		return p.child(ctx, program, streams)
	}
	err = syscall.Exec(program, p.Argv(), os.Environ())
	return ExitFailed, fmt.Errorf("%s: %w", program, err)
}

// make writes the files that the container gets. A file that is there already is replaced as a whole, so that
// containers that have the former one keep it.
func (p *Plan) make() error {
	for _, file := range p.Files {
		if file.Mode.IsDir() {
			if err := os.MkdirAll(file.Path, file.Mode.Perm()); err != nil {
				return fmt.Errorf("making the folder for %s: %w", file.Why, err)
			}
			continue
		}
		if err := replace(file); err != nil {
			return fmt.Errorf("writing %s: %w", file.Why, err)
		}
	}
	return nil
}

// replace writes one file. Its folder is the user's alone: the file itself can be read by any user of the container.
func replace(file File) error {
	if old, err := os.ReadFile(file.Path); err == nil && bytes.Equal(old, file.Content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file.Path), 0o700); err != nil {
		return err
	}
	return outfile.Keep(file.Path, file.Mode, file.Content)
}

// xhost lets root at the X server as long as the container runs; nil where that is not needed. A detached container is
// not waited for, and keeps it.
func (p *Plan) xhost(ctx context.Context) *Around {
	if !p.Xhost || strings.Contains(answer(ctx, "xhost"), "SI:localuser:root") {
		return nil
	}
	around := &Around{Do: func(ctx context.Context) error {
		if out, err := exec.CommandContext(ctx, xhostAdd[0], xhostAdd[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s; leave windows out by --without x11", strings.Join(xhostAdd, " "), err, bytes.TrimSpace(out))
		}
		return nil
	}}
	if !p.line.on("detach") {
		around.Undo = func() error { return exec.Command(xhostRemove[0], xhostRemove[1:]...).Run() }
	}
	return around
}

// forwarded are the signals that a container may wait for.
var forwarded = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}

// grace is how long a container has after a signal that ends programs, before it is stopped.
const grace = 10 * time.Second

// child runs the engine as a child, passes signals on, and returns its exit code. A detached container is waited for.
func (p *Plan) child(ctx context.Context, program string, streams Streams) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)
	if ctx.Err() != nil { // a signal came before
		return ExitFailed, context.Cause(ctx)
	}
	code, ended, err := p.attend(program, p.Argv()[1:], streams, signals)
	if err == nil && code == 0 && p.line.on("detach") && !ended {
		fmt.Fprintf(streams.Err, "waiting for %s to end, to undo what it needs\n", p.Name)
		silent := streams
		silent.Out = io.Discard
		code, ended, err = p.attend(program, p.engine("wait", p.Name), silent, signals)
	}
	if ended { // the engine's client may be gone and the container not
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*grace)
		defer cancel()
		_ = exec.CommandContext(ctx, program, p.engine("stop", p.Name)...).Run() // one that has ended is not there any more
	}
	return code, err
}

// engine returns the arguments of another command of the engine, without the program itself.
func (p *Plan) engine(args ...string) []string {
	return append(append([]string{}, p.Program[1:]...), args...)
}

// attend runs one command of the engine's. It reports whether a signal told it to end.
func (p *Plan) attend(program string, args []string, streams Streams, signals <-chan os.Signal) (code int, ended bool, err error) {
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = streams.In, streams.Out, streams.Err
	if err := cmd.Start(); err != nil {
		return ExitFailed, false, fmt.Errorf("%s: %w", program, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var patience <-chan time.Time
	for {
		select {
		case s := <-signals:
			if p.Terminal && (s == syscall.SIGINT || s == syscall.SIGQUIT) {
				continue // the terminal sends its own to the engine too
			}
			_ = cmd.Process.Signal(s) // it may have ended just now
			if s == syscall.SIGTERM || s == syscall.SIGHUP {
				ended, patience = true, time.After(grace)
			}
		case <-patience:
			_ = cmd.Process.Kill()
			patience = nil
		case err := <-done:
			code, err := exitCode(err)
			return code, ended, err
		}
	}
}

// exitCode translates how a program ended: by a signal is 128 and its number, as in shells.
func exitCode(err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	exit, exited := errors.AsType[*exec.ExitError](err)
	if !exited {
		return ExitFailed, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
