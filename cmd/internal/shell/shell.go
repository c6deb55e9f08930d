// Package shell opens a terminal in a container of a build: that of a step that failed,
// with the files as the step left them, or that of a package's stage, as its tests have it.
//
// The builder makes the container (NewContainer of BuildKit's gateway), so it is where the
// build runs, and it is gone with the build. Mounts, environment, user, folder, network and
// privileges are the step's. BuildKit gives such a container no CDI devices, no resource
// limits and no size of /dev/shm; [Shell] says so where the step had devices.
package shell

import (
	"context"
	"fmt"
	"io"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// Shell opens terminals for one user.
type Shell struct {
	In       io.Reader
	Out, Err io.Writer
	// Suspend leaves the terminal to the shell, until resume is called: it ends the display
	// of the progress. It may be nil.
	Suspend func() (resume func())
}

// ExitError is a program that ended with another exit code than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Interactive reports whether there is a terminal to type in and to read from.
func (s *Shell) Interactive() bool {
	_, ok := s.terminal()
	return ok
}

// open runs a program in a container, a shell if args are none. It returns an
// [*ExitError] if the program ends with another exit code than 0.
func (s *Shell) open(ctx context.Context, c gateway.Client, p *place, args []string) error {
	room, err := enter(ctx, c, p)
	if err != nil {
		return err
	}
	defer room.leave(ctx)
	if s.Suspend != nil {
		defer s.Suspend()()
	}
	process, err := room.process(args, s.Interactive())
	if err != nil {
		return err
	}
	if len(args) == 0 && s.Interactive() {
		fmt.Fprint(s.Err, p.introduction(process.Args[0]))
	}
	return s.attach(ctx, room.container, process)
}
