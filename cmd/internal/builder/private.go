package builder

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/moby/buildkit/client"

	"jetkit/cmd/internal/engine"
	"jetkit/cmd/internal/userdir"
)

// PrivateName is the private builder's name, for --builder and BUILDX_BUILDER.
const PrivateName = "jetkit"

// maxSocketPath is what the kernel takes as the path of a socket.
const maxSocketPath = 107

// Paths are the files of a private builder.
type Paths struct {
	Root   string // the daemon's data: cache and images
	Config string // buildkitd.toml, written at each start
	Log    string
	Socket string
	PID    string
	Lock   string // held by whoever starts or stops the daemon
}

// PathsOf returns where a user's private builder is: below JETKIT_BUILDER_DIR
// where that is set; root's in /var/lib/jetkit and /run/jetkit; anybody else's in
// XDG_STATE_HOME and XDG_RUNTIME_DIR.
func PathsOf(env engine.Env, uid int) (Paths, error) {
	state, run := "/var/lib/jetkit/builder", "/run/jetkit"
	if uid != 0 {
		state = filepath.Join(userdir.State(env), "jetkit", "builder")
		run = state
		if session := userdir.Runtime(env); session != "" {
			run = filepath.Join(session, "jetkit")
		}
	}
	if dir := env.Get("JETKIT_BUILDER_DIR"); dir != "" {
		state, run = dir, dir
	}
	p := Paths{
		Root:   filepath.Join(state, "root"),
		Config: filepath.Join(state, "buildkitd.toml"),
		Log:    filepath.Join(state, "buildkitd.log"),
		Socket: filepath.Join(run, "buildkitd.sock"),
		PID:    filepath.Join(run, "buildkitd.pid"),
		Lock:   filepath.Join(run, "lock"),
	}
	switch {
	case !filepath.IsAbs(state) || !filepath.IsAbs(run):
		return p, fmt.Errorf("the private builder's folders must be absolute paths: %s, %s (JETKIT_BUILDER_DIR, XDG_STATE_HOME, HOME)", state, run)
	case len(p.Socket) > maxSocketPath:
		return p, fmt.Errorf("the path of the private builder's socket is longer than the %d bytes that Linux allows: %s: set JETKIT_BUILDER_DIR to a shorter folder",
			maxSocketPath, p.Socket)
	}
	return p, nil
}

// privateCandidate is jetkit's own daemon, which it starts if it does not run.
func privateCandidate() candidate {
	return candidate{source: "private buildkitd", limit: answerLimit + startLimit, open: func(ctx context.Context, opts Options) (*Builder, error) {
		d, err := private(opts)
		if err != nil {
			return nil, err
		}
		socket := d.paths.Socket
		if _, err := d.running(ctx); err != nil {
			if opts.Passive {
				return nil, d.couldStart(ctx)
			}
			if _, err := d.start(ctx); err != nil {
				return nil, err
			}
		}
		return &Builder{Name: PrivateName, Kind: Private, dial: func(ctx context.Context, _ string) (*client.Client, error) {
			return client.New(ctx, "unix://"+socket)
		}}, nil
	}}
}

// ErrStopped reports a private builder that does not run.
var ErrStopped = errors.New("it does not run")

// couldStart says why the daemon does not run: a build would start it, or what is
// missing for that.
func (d *daemon) couldStart(ctx context.Context) error {
	if _, err := d.command(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w; a build starts it", ErrStopped)
}
