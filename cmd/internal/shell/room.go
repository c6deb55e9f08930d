package shell

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"

	"jetkit/llb/testinit"
)

// shells are the programs to type in, the best first: where a system has them, and
// busybox's in images that hold little else.
var shells = []string{"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh", "/usr/bin/sh", "/busybox/sh"}

// room is a container that was made.
type room struct {
	*place
	container gateway.Container
	shells    []string
}

// enter makes a container.
func enter(ctx context.Context, c gateway.Client, p *place) (*room, error) {
	container, err := c.NewContainer(ctx, p.container)
	if err != nil {
		return nil, fmt.Errorf("making a container: %w", err)
	}
	r := &room{place: p, container: container, shells: []string{"/bin/sh"}}
	caps := c.BuildOpts().Caps
	if caps.Supports(gwpb.CapGatewayExecFilesystem) == nil {
		r.shells = r.find(ctx)
	}
	return r, nil
}

// find returns those of the shells that are there.
func (r *room) find(ctx context.Context) []string {
	root := slices.IndexFunc(r.place.container.Mounts, func(m gateway.Mount) bool { return m.Dest == "/" })
	var found []string
	for _, name := range shells {
		_, err := r.container.StatFile(ctx, gateway.StatContainerRequest{StatRequest: gateway.StatRequest{Path: name}, MountIndex: root})
		if err == nil {
			found = append(found, name)
		}
	}
	return found
}

// process returns the program to start: the arguments or, if there are none, a shell.
//
// The kernel keeps signals without a handler from a container's first process, so Ctrl-C
// and abort() would not end a command that is one. On a terminal a shell runs it, which
// leaves it the terminal, and elsewhere the first process of tests.
func (r *room) process(args []string, terminal bool) (gateway.StartRequest, error) {
	start := r.place.process
	start.Tty = terminal
	switch {
	case len(args) == 0 && len(r.shells) == 0:
		return start, errors.New("no shell: the container has neither /bin/bash nor /bin/sh")
	case len(args) == 0:
		start.Args = r.shells[:1]
	case terminal && len(r.shells) > 0:
		start.Args = slices.Concat([]string{r.shells[len(r.shells)-1], "-c", `"$@"; exit $?`, "sh"}, args)
	case r.init && !terminal:
		start.Args = slices.Concat([]string{testinit.Program}, args)
	default:
		start.Args = args
	}
	return start, nil
}

// releaseTime is how long the builder may take to remove a container.
const releaseTime = 10 * time.Second

// leave removes the container.
func (r *room) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = r.container.Release(ctx) // the builder removes it with the build in any case
}
