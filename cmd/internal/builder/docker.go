package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/moby/buildkit/client"
	dockerclient "github.com/moby/moby/client"

	"jetkit/cmd/internal/engine"
)

// dockerCandidate is the BuildKit inside a Docker engine; an empty name is the
// current context's.
func dockerCandidate(contextName string) candidate {
	source := "Docker"
	if contextName != "" {
		source = "Docker context " + contextName
	}
	return candidate{source: source, limit: answerLimit, open: func(ctx context.Context, opts Options) (*Builder, error) {
		e, err := engine.Connect(opts.Env, contextName)
		if err != nil {
			return nil, err
		}
		if _, err := e.Ping(ctx, dockerclient.PingOptions{NegotiateAPIVersion: true}); err != nil {
			return nil, errors.Join(unreachable(e, err), e.Close())
		}
		return &Builder{Name: e.Context, Kind: Docker, Engine: e, dial: func(ctx context.Context, _ string) (*client.Client, error) {
			return dialEngine(ctx, e)
		}}, nil
	}}
}

// dialEngine connects to an engine's BuildKit: its API is a stream of the
// engine's, and so is the session of a build.
func dialEngine(ctx context.Context, e *engine.Engine) (*client.Client, error) {
	return client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return e.DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.DialHijack(ctx, "/session", proto, meta)
		}))
}

// unreachable says why an engine does not answer.
func unreachable(e *engine.Engine, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission for %s: add your user to its group (sudo usermod -aG docker $USER) and log in again", e.Host)
	case errors.Is(err, fs.ErrNotExist) && e.Host == dockerclient.DefaultDockerHost:
		return noSuch("no Docker", "there is no engine at %s", e.Host)
	case errors.Is(err, fs.ErrNotExist):
		return noSuch("no Docker at "+e.Host, "there is no engine at %s", e.Host)
	}
	return err
}
