// Package llbtest helps tests of LLB generation: a gateway client that needs no
// daemon, package folders in memory, and golden files.
package llbtest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Client is a gateway client of a builder with every capability. It solves
// nothing: compiling a plan must not need to.
type Client struct {
	client.Client
	Opts map[string]string
	// Config is the configuration of every image.
	Config dockerspec.DockerOCIImage
}

// BuildOpts returns the options with full capabilities.
func (c *Client) BuildOpts() client.BuildOpts {
	return client.BuildOpts{
		Opts:      c.Opts,
		SessionID: "session",
		LLBCaps:   pb.Caps.CapSet(pb.Caps.All()),
		Caps:      gwpb.Caps.CapSet(gwpb.Caps.All()),
	}
}

// Inputs returns no inputs.
func (c *Client) Inputs(context.Context) (map[string]llb.State, error) { return nil, nil }

// Solve fails.
func (c *Client) Solve(context.Context, client.SolveRequest) (*client.Result, error) {
	return nil, errors.New("compiling must not solve anything")
}

// ResolveImageConfig returns Config for every reference, by the digest that it has if it has one.
func (c *Client) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	config, err = json.Marshal(c.Config)
	if _, at, ok := strings.Cut(ref, "@"); ok {
		return ref, digest.Digest(at), config, err
	}
	return ref, digest.FromString(ref), config, err
}

// Debian returns the configuration of a plain base image.
func Debian() *dockerspec.DockerOCIImage {
	img := &dockerspec.DockerOCIImage{}
	img.Platform = Platform
	img.Config.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	img.Config.Cmd = []string{"bash"}
	img.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("debian")}}
	return img
}

// Platform is what the tests build for.
var Platform = ocispecs.Platform{OS: "linux", Architecture: "arm64"}

// Sources are package folders in memory, by the paths of their origins.
type Sources fstest.MapFS

// State returns a local source that holds all folders.
func (s Sources) State(o plan.Origin) (llb.State, string, error) {
	return llb.Local("context", llb.SessionID("session"), llb.SharedKeyHint("packages")), o.Path, nil
}

// ReadFile reads a file of a package's folder.
func (s Sources) ReadFile(_ context.Context, o plan.Origin, name string) ([]byte, error) {
	return fs.ReadFile(fstest.MapFS(s), path.Join(o.Path, name))
}

// Golden compares text with testdata/name, or rewrites that file with -update.
func Golden(t *testing.T, name, text string) {
	t.Helper()
	GoldenFile(t, filepath.Join("testdata", name), text)
}

// GoldenFile is Golden for a file at any place.
func GoldenFile(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644)) // a golden file is no secret
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update to write it")
	assert.Equal(t, string(want), text, "%s differs: run the test with -update if the change is meant", file)
}

// Updating reports whether golden files are rewritten.
func Updating() bool { return *update }
