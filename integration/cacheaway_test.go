//go:build integration

package integration

import (
	"net/http"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRegistryIsAwayForAnImportedCache has the registry with the cache be away when the cache is looked up, which is as if it
// were empty, and when layers of it are fetched, which fails the build.
func TestRegistryIsAwayForAnImportedCache(t *testing.T) {
	t.Parallel()
	front := newFrontRegistry(t, false)
	p := newProject(t, one("name: a", "RUN echo @ID@ > /a\n"))
	cache := p.id + ":cache"
	p.build(t, on(secondDaemon(t)), with("--cache-to", "type=registry,mode=max,ref="+front.addr+"/"+cache))
	from := with("--cache-from", "type=registry,ref="+front.addr+"/"+cache)
	exported, err := shared.Image(t.Context(), shared.Ref(cache), "")
	require.NoError(t, err)
	manifest, err := exported.Manifest()
	require.NoError(t, err)

	front.leave(func(r *http.Request) bool {
		return slices.ContainsFunc(manifest.Layers, func(layer v1.Descriptor) bool { return isLayer(r, layer.Digest.String()) })
	})
	b := p.fail(t, push(), from)
	assertContains(t, b.Stderr, " > exporting to image:", "unexpected status from GET request to http://"+front.addr, "503 Service Unavailable")
	_, err = shared.Image(t.Context(), b.image, "")
	require.Error(t, err, "nothing is pushed")
	front.comeBack()
	b = p.build(t, push(), from)
	assert.True(t, b.step(t, "[a 1/1] RUN").Cached)
	assert.Equal(t, p.id+"\n", b.file(t, "/a"))

	front.leave(func(r *http.Request) bool { return isManifest(r, "") })
	p.build(t, with("--no-cache"), from)
}
