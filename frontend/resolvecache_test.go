package frontend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// movingRegistry has another image for a tag each time that it is asked for it.
type movingRegistry struct {
	client.Client
	mu    sync.Mutex
	asked []string
	fail  string // the platform that images lack
}

func (r *movingRegistry) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	arch := opt.ImageOpt.Platform.Architecture
	r.asked = append(r.asked, arch+" "+ref)
	if arch == r.fail {
		return "", "", nil, errors.New("no match for platform " + arch)
	}
	return ref, digest.FromString(fmt.Sprint(len(r.asked))), []byte(arch), nil
}

func optFor(arch, log string) sourceresolver.Opt {
	return sourceresolver.Opt{LogName: log, ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &ocispecs.Platform{OS: "linux", Architecture: arch}}}
}

// A tag that 20 packages name is resolved once, and has one digest in one build.
func TestATagIsResolvedOnce(t *testing.T) {
	registry := &movingRegistry{}
	c := newResolveCache(registry)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ref, dgst, config, err := c.ResolveImageConfig(t.Context(), "docker.io/library/golang:1.26", optFor("arm64", fmt.Sprint("package ", i)))
			require.NoError(t, err, "got %s %s %s", ref, dgst, config)
			assert.Equal(t, "docker.io/library/golang:1.26", ref, "got %s %s %s", ref, dgst, config)
			assert.Equal(t, digest.FromString("1"), dgst, "got %s %s %s", ref, dgst, config)
			assert.Equal(t, "arm64", string(config), "got %s %s %s", ref, dgst, config)
		})
	}
	wg.Wait()
	ref, _, config, err := c.ResolveImageConfig(t.Context(), "docker.io/library/golang:1.26", optFor("amd64", ""))
	require.NoError(t, err)
	require.Equal(t, "docker.io/library/golang:1.26", ref)
	require.Equal(t, "amd64", string(config))
	require.Equal(t, []string{
		"arm64 docker.io/library/golang:1.26",
		"amd64 docker.io/library/golang:1.26@" + digest.FromString("1").String(), // the index that arm64 came from
	}, registry.asked)
}

func TestFailuresAreOfAPlatform(t *testing.T) {
	registry := &movingRegistry{fail: "amd64"}
	c := newResolveCache(registry)
	for range 2 {
		_, _, _, err := c.ResolveImageConfig(t.Context(), "docker.io/library/l4t:36", optFor("amd64", ""))
		require.EqualError(t, err, "no match for platform amd64")
		_, _, config, err := c.ResolveImageConfig(t.Context(), "docker.io/library/l4t:36", optFor("arm64", ""))
		require.NoError(t, err)
		require.Equal(t, "arm64", string(config))
	}
	require.Len(t, registry.asked, 2)
}

func TestACancelledAnswerIsNotKept(t *testing.T) {
	c := newResolveCache(&movingRegistry{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, _, err := c.ResolveImageConfig(cancelled, "docker.io/library/a:1", optFor("arm64", ""))
	require.ErrorIs(t, err, context.Canceled)
	_, _, config, err := c.ResolveImageConfig(t.Context(), "docker.io/library/a:1", optFor("arm64", ""))
	require.NoError(t, err)
	require.Equal(t, "arm64", string(config))
}
