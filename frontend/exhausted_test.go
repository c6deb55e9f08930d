package frontend

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithRemedy(t *testing.T) {
	const full, dead = "the builder's disk is full", "as a rule by the kernel because memory ran out"
	exit := func(code uint32) error {
		return fmt.Errorf(`process "echo : no space left on device" did not complete successfully: %w`, &gwpb.ExitError{ExitCode: code})
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a copy":                   {errors.New("failed to copy files: copy file range failed: no space left on device"), full},
		"with a hint below":        {errors.New("package a failed: write /x: no space left on device\na hint"), full},
		"of git":                   {errors.New("jetson.yaml:4:11: error: x cannot be fetched: fatal: write error: No space left on device; fatal: unpack-objects failed [unreachable-source]"), full},
		"of Python's image":        {errors.New("write /x: no space left on device (another image with Python 3.8) [disabled-package]"), full},
		"half a repository":        {errors.New("x cannot be fetched: error: unable to read sha1 file of noise (3ce9833f351b85b9f855a0012324f7af1747fbcf) [unreachable-source]"), "docker buildx prune --all --filter description~=shared.git.repo"},
		"a registry that is cut":   {errors.New(`failed to do request: Head "http://127.0.0.1:5000/v2/a/manifests/1": EOF`), "curl -i http://127.0.0.1:5000/v2/ shows"},
		"a registry that is gone":  {errors.New(`failed to do request: Head "https://r.example/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused [x]`), "curl -i https://r.example/v2/ shows"},
		"a registry that is ill":   {errors.New(`unexpected status from GET request to https://r.example/v2/a/blobs/sha256:1: 503 Service Unavailable`), "curl -i https://r.example/v2/ shows"},
		"a registry that refuses":  {errors.New(`unexpected status from GET request to https://r.example/v2/a/blobs/sha256:1: 403 Forbidden`), ""},
		"a registry by no name":    {errors.New(`failed to do request: Head "https://$(id)/v2/a/manifests/1": EOF`), ""},
		"a file of such a name":    {errors.New(`"/no space left on device": not found`), ""},
		"a command that says so":   {exit(1), ""},
		"a step that is killed":    {exit(137), dead},
		"a command in an error":    {errors.New("exit code: 137"), ""},
		"what is no error of such": {errors.New("not found"), ""},
	} {
		got := WithRemedy(test.err)
		assert.ErrorIs(t, got, test.err, name)
		if test.want == "" {
			assert.Equal(t, test.err, got, name)
		} else {
			assert.Contains(t, got.Error(), test.want, name)
		}
	}
	assert.NoError(t, WithRemedy(nil))
}

// fullBuilder has no room for anything after a number of solves.
type fullBuilder struct {
	client.Client
	room int
}

func (f *fullBuilder) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	if f.room--; f.room < 0 {
		return nil, errors.New("write /snapshots/1: no space left on device")
	}
	return f.Client.Solve(ctx, req)
}

// TestLooksAtAFullBuilder holds that what builds nothing says what to do, too, whenever the disk is full.
func TestLooksAtAFullBuilder(t *testing.T) {
	for name, look := range map[string]func(Options, context.Context, client.Client) error{
		"plan":  func(o Options, ctx context.Context, c client.Client) error { _, err := o.Plan(ctx, c); return err },
		"check": func(o Options, ctx context.Context, c client.Client) error { _, err := o.Check(ctx, c); return err },
		"lock":  func(o Options, ctx context.Context, c client.Client) error { _, err := o.Lock(ctx, c); return err },
		"list": func(o Options, ctx context.Context, c client.Client) error {
			_, _, _, err := o.List(ctx, c)
			return err
		},
		"compile": func(o Options, ctx context.Context, c client.Client) error { _, err := o.Compile(ctx, c); return err },
		"build":   func(o Options, ctx context.Context, c client.Client) error { _, err := o.build(ctx, c); return err },
	} {
		for room := range 4 {
			g := gateway(map[string]string{"jetson.yaml": "packages: a\n", "packages/a/Dockerfile": header("name: a")}, nil)
			err := look(Options{}, t.Context(), &fullBuilder{g, room})
			require.ErrorContains(t, err, "no space left on device\nthe builder's disk is full: docker buildx du lists", "%s after %d", name, room)
		}
	}
}
