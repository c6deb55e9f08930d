package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"golang.org/x/term"
)

// terminal returns the descriptor of the user's terminal. There is none if input or output
// is something else.
func (s *Shell) terminal() (fd int, ok bool) {
	if _, ok := terminalOf(s.Out); !ok {
		return 0, false
	}
	return terminalOf(s.In)
}

func terminalOf(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// attach runs a program and connects it with the user until it ends.
func (s *Shell) attach(ctx context.Context, container gateway.Container, start gateway.StartRequest) error {
	in := interruptible(s.In)
	defer in.Close()
	start.Stdin, start.Stdout, start.Stderr = in, keepOpen{s.Out}, keepOpen{s.Err}
	terminal, _ := s.terminal()
	if start.Tty {
		before, err := term.MakeRaw(terminal)
		if err != nil {
			return err
		}
		defer func() { _ = term.Restore(terminal, before) }() // there is nobody left to tell
	}
	process, err := container.Start(ctx, start)
	if err != nil {
		return err
	}
	if start.Tty {
		defer follow(ctx, terminal, process)()
	}
	return exitOf(ctx, process.Wait())
}

// exitOf returns how a program ended.
func exitOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*gwpb.ExitError](err); ok && exit.ExitCode < gwpb.UnknownExitStatus {
		return &ExitError{Code: int(exit.ExitCode)}
	}
	if err != nil {
		return fmt.Errorf("the connection to the container ended: %w", err)
	}
	return nil
}

// follow gives the program's terminal the size of the user's, from now until stop is called.
func follow(ctx context.Context, from int, to gateway.ContainerProcess) (stop func()) {
	changes, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for {
			if width, height, err := term.GetSize(from); err == nil {
				_ = to.Resize(ctx, gateway.WinSize{Rows: uint32(height), Cols: uint32(width)}) // it has a size, if another one
			}
			select {
			case <-changes:
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(changes)
		close(done)
	}
}

// keepOpen is a stream that outlives the program.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
