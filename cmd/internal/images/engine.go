package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/cmd/internal/engine"
)

// Engine is the image store of a Docker engine. The client speaks whatever version of the
// API the engine has, from 1.40 on (Docker 19.03).
type Engine struct {
	engine *engine.Engine
}

// OpenEngine connects to the engine that docker itself would talk to: that of DOCKER_HOST,
// of the current context, or the one behind this socket. Whether it answers, only List
// tells.
func OpenEngine(env engine.Env, socket string) (*Engine, error) {
	name, err := engine.CurrentContext(env)
	if err != nil {
		return nil, err
	}
	if name == engine.DefaultContext && env.Get(dockerHost) == "" {
		if _, err := os.Stat(socket); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s", ErrAbsent, socket)
		}
		outer := env
		env = func(name string) (string, bool) {
			if name == dockerHost {
				return "unix://" + socket, true
			}
			return outer(name)
		}
	}
	e, err := engine.Connect(env, name)
	if err != nil {
		return nil, err
	}
	return &Engine{engine: e}, nil
}

// dockerHost is the variable that names an engine.
const dockerHost = "DOCKER_HOST"

// Close ends the connection.
func (e *Engine) Close() error { return e.engine.Close() }

// String names the engine.
func (e *Engine) String() string { return "Docker's engine" }

// List returns all tagged images, with their labels.
func (e *Engine) List(ctx context.Context, _ []string) ([]*Image, error) {
	ctx, cancel := context.WithTimeout(ctx, localWait)
	defer cancel()
	result, err := e.engine.ImageList(ctx, client.ImageListOptions{})
	if err != nil {
		return nil, e.failed(err)
	}
	var found []*Image
	for _, summary := range result.Items {
		for _, ref := range summary.RepoTags {
			image, err := newImage(ref)
			if err != nil { // "<none>:<none>", or a name that docker would not take
				continue
			}
			image.Digest, image.Size = summary.ID, summary.Size
			if image.Listed = summary.Labels; image.Listed == nil {
				image.Listed = map[string]string{}
			}
			if summary.Created > 0 {
				image.Created = time.Unix(summary.Created, 0).UTC()
			}
			found = append(found, image)
		}
	}
	return sorted(found), nil
}

// Read asks the engine for an image's configuration. The engine knows one platform of
// each image.
func (e *Engine) Read(ctx context.Context, image *Image, _ ocispecs.Platform) error {
	ctx, cancel := context.WithTimeout(ctx, localWait)
	defer cancel()
	result, err := e.engine.ImageInspect(ctx, image.Name)
	if err != nil {
		return e.failed(err)
	}
	platform := ocispecs.Platform{OS: result.Os, Architecture: result.Architecture, Variant: result.Variant}
	var created *time.Time
	if at, err := time.Parse(time.RFC3339Nano, result.Created); err == nil {
		created = &at
	}
	var labels map[string]string
	var env []string
	if result.Config != nil {
		labels, env = result.Config.Labels, result.Config.Env
	}
	image.configure(platform, created, labels, env)
	return nil
}

// failed says what is wrong with an engine that does not answer.
func (e *Engine) failed(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES) || errdefs.IsPermissionDenied(err):
		return fmt.Errorf("%s: permission denied; use sudo, or join the group docker", e.engine.Host)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: nothing answers at %s", ErrAbsent, e.engine.Host)
	}
	return fmt.Errorf("%s: %w", e.engine.Host, err)
}

// sorted puts images in the order of their names, so that what follows repeats.
func sorted(list []*Image) []*Image {
	slices.SortStableFunc(list, func(a, b *Image) int { return cmp.Compare(a.Name, b.Name) })
	return list[:min(len(list), maxImages)]
}
