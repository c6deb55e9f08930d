package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/containerd/console"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
)

// terminal returns the user's terminal, or nil if input or output is something else.
func (s *Shell) terminal() console.Console {
	if _, ok := consoleOf(s.Out); !ok {
		return nil
	}
	c, _ := consoleOf(s.In)
	return c
}

func consoleOf(stream any) (console.Console, bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return nil, false
	}
	c, err := console.ConsoleFromFile(f)
	return c, err == nil
}

// attach runs a program and connects it with the user until it ends.
func (s *Shell) attach(ctx context.Context, container gateway.Container, start gateway.StartRequest) error {
	in := interruptible(s.In)
	defer in.Close()
	start.Stdin, start.Stdout, start.Stderr = in, keepOpen{s.Out}, keepOpen{s.Err}
	var terminal console.Console
	if start.Tty {
		terminal = s.terminal()
		if err := terminal.SetRaw(); err != nil {
			return err
		}
		defer func() { _ = terminal.Reset() }()
	}
	process, err := container.Start(ctx, start)
	if err != nil {
		return err
	}
	if terminal != nil {
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
func follow(ctx context.Context, from console.Console, to gateway.ContainerProcess) (stop func()) {
	changes, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for {
			if size, err := from.Size(); err == nil {
				_ = to.Resize(ctx, gateway.WinSize{Rows: uint32(size.Height), Cols: uint32(size.Width)}) // it has a size, if another one
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
