package images

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// registry answers as the handlers say, and counts what it is asked.
func registry(t *testing.T, handlers map[string]http.HandlerFunc) (host string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if handler, ok := handlers[r.URL.Path]; ok {
			handler(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

func open(t *testing.T, prefix string, credentials func(string) (string, string, error)) *Repositories {
	t.Helper()
	r, err := NewRegistries(RegistryOptions{Credentials: credentials, Agent: "jetkit-test"}).Repositories(prefix)
	require.NoError(t, err)
	return r
}

func names(list []*Image) []string {
	var out []string
	for _, i := range list {
		out = append(out, i.Name)
	}
	return out
}

// TestTags reads lists of tags, as registries of all kinds give them.
func TestTags(t *testing.T) {
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   []string
		err    string
	}{
		{"a page", text(`{"name":"me/x","tags":["b","a","a"]}`), []string{"a", "b"}, ""},
		{"no tags", text(`{"name":"me/x","tags":null}`), nil, ""},
		{"tags that are none", text(`{"tags":["ok","../../etc","\u001b[31m","a b",""]}`), []string{"ok"}, ""},
		{"a proxy's page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>sign in")
		}, nil, "no list of tags but text/html"},
		{"429", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}, nil, "429 Too Many Requests; ask again in 60 s"},
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, nil, "answers 500 Internal Server Error"},
		{"401 without a way", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, nil, "needs docker login"},
		{"403", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, nil, "needs docker login"},
		{"an endless list", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", `<`+r.URL.Path+`?last=x>; rel="next"`)
			fmt.Fprint(w, `{"tags":["x"]}`)
		}, nil, "more than 50 pages"},
		{"a list that goes on elsewhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://169.254.169.254/v2/x/tags/list>; rel="next"`)
			fmt.Fprint(w, `{"tags":["x"]}`)
		}, nil, "at another host: 169.254.169.254"},
		{"a huge answer", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"tags":["`+strings.Repeat("x", maxDocument+1)+`"]}`)
		}, nil, "larger than 4 MiB"},
		{"a link that is none", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `next`)
			fmt.Fprint(w, `{"tags":["x"]}`)
		}, []string{"x"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := registry(t, map[string]http.HandlerFunc{"/v2/me/x/tags/list": test.answer})
			list, err := open(t, host+"/me", nil).List(t.Context(), []string{"x", "NO/such"})
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				assert.Contains(t, err.Error(), host)
				return
			}
			require.NoError(t, err)
			var want []string
			for _, tag := range test.want {
				want = append(want, host+"/me/x:"+tag)
			}
			assert.Equal(t, want, names(list))
		})
	}
}

// TestPages reads a list of several pages.
func TestPages(t *testing.T) {
	host, asked := registry(t, map[string]http.HandlerFunc{"/v2/me/x/tags/list": func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "1000", r.URL.Query().Get("n"))
		last := r.URL.Query().Get("last")
		if last != "3" {
			next := map[string]string{"": "1", "1": "2", "2": "3"}[last]
			origin := map[string]string{"1": "http://" + r.Host}[last] // some registries write whole addresses
			w.Header().Set("Link", fmt.Sprintf(`<%s/v2/me/x/tags/list?last=%s&n=1000>; rel="next"`, origin, next))
		}
		fmt.Fprintf(w, `{"tags":["after%s"]}`, last)
	}})
	list, err := open(t, host+"/me", nil).List(t.Context(), []string{"x"})
	require.NoError(t, err)
	assert.Len(t, list, 4)
	assert.EqualValues(t, 4, asked.Load())
}

// TestToken holds that a registry that wants a token gets one by Docker's credentials, for
// the repository only, and that the password goes nowhere else.
func TestToken(t *testing.T) {
	var host string
	host, _ = registry(t, map[string]http.HandlerFunc{
		"/token": func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if user != "robot" || password != "s3cret" || r.URL.Query().Get("scope") != "repository:me/x:pull" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"token":"t0ken"}`)
		},
		"/v2/me/x/tags/list": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t0ken" {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, host))
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"tags":["r36.4.0"]}`)
		},
	})
	file := configfile.New("")
	auth := `{"auths":{"` + host + `":{"auth":"cm9ib3Q6czNjcmV0"}}}`
	require.NoError(t, file.LoadFromReader(strings.NewReader(auth)))
	list, err := open(t, host+"/me", Credentials(file)).List(t.Context(), []string{"x"})
	require.NoError(t, err)
	assert.Equal(t, []string{host + "/me/x:r36.4.0"}, names(list))

	_, err = open(t, host+"/me", nil).List(t.Context(), []string{"x"})
	require.ErrorContains(t, err, "needs docker login", "without credentials")
}

// TestUnreachable holds that a registry that is down is said so, in one line and soon.
func TestUnreachable(t *testing.T) {
	begun := time.Now()
	_, err := open(t, "127.0.0.1:1/me", nil).List(t.Context(), []string{"x"})
	require.ErrorContains(t, err, "127.0.0.1:1: it cannot be reached")
	assert.NotContains(t, err.Error(), "\n")
	assert.Less(t, time.Since(begun), 5*time.Second)

	slow := make(chan struct{})
	host, _ := registry(t, map[string]http.HandlerFunc{"/v2/me/x/tags/list": func(http.ResponseWriter, *http.Request) { <-slow }})
	defer close(slow) // before the server waits for its handlers
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = open(t, host+"/me", nil).List(ctx, []string{"x"})
	require.ErrorContains(t, err, "no answer in time")
}

// content is a registry's content: documents by digest, and by tag.
type content struct {
	docs map[digest.Digest][]byte
	tags map[string]ocispecs.Descriptor
}

func (c *content) add(t *testing.T, kind string, v any) ocispecs.Descriptor {
	t.Helper()
	dt, ok := v.([]byte)
	if !ok {
		var err error
		dt, err = json.Marshal(v)
		require.NoError(t, err)
	}
	d := digest.FromBytes(dt)
	c.docs[d] = dt
	return ocispecs.Descriptor{MediaType: kind, Digest: d, Size: int64(len(dt))}
}

func (c *content) image(t *testing.T, arch string, labels map[string]string) ocispecs.Descriptor {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return c.add(t, ocispecs.MediaTypeImageManifest, ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest,
		Config: c.add(t, ocispecs.MediaTypeImageConfig, ocispecs.Image{
			Created: &at, Platform: ocispecs.Platform{OS: "linux", Architecture: arch}, Config: ocispecs.ImageConfig{Labels: labels, Env: []string{"A=b"}},
		}),
		Layers: []ocispecs.Descriptor{{MediaType: ocispecs.MediaTypeImageLayerGzip, Digest: digest.FromString("x"), Size: 100}},
	})
}

func (c *content) serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	desc, ok := c.tags[name]
	if !ok {
		desc = ocispecs.Descriptor{Digest: digest.Digest(name), MediaType: "application/octet-stream"}
		for _, d := range c.tags {
			if d.Digest == desc.Digest {
				desc.MediaType = d.MediaType
			}
		}
	}
	dt, ok := c.docs[desc.Digest]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", desc.MediaType)
	w.Header().Set("Docker-Content-Digest", desc.Digest.String())
	w.Header().Set("Content-Length", fmt.Sprint(len(dt)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(dt)
	}
}

// TestRead reads configurations: of an image, of an index for the machine's platform, and of
// what is neither.
func TestRead(t *testing.T) {
	c := &content{docs: map[digest.Digest][]byte{}, tags: map[string]ocispecs.Descriptor{}}
	arm, amd := c.image(t, "arm64", map[string]string{"for": "arm"}), c.image(t, "amd64", map[string]string{"for": "amd"})
	arm.Platform, amd.Platform = &ocispecs.Platform{OS: "linux", Architecture: "arm64"}, &ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	attestation := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageManifest, Digest: digest.FromString("y"), Platform: &ocispecs.Platform{OS: "unknown", Architecture: "unknown"}}
	index := func(list ...ocispecs.Descriptor) ocispecs.Descriptor {
		return c.add(t, ocispecs.MediaTypeImageIndex, ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex, Manifests: list})
	}
	c.tags = map[string]ocispecs.Descriptor{
		"image": arm, "index": index(attestation, amd, arm), "amd": index(attestation, amd), "empty": index(),
		"text": c.add(t, ocispecs.MediaTypeImageManifest, []byte("<html>")), "artifact": c.add(t, ocispecs.MediaTypeImageManifest, []byte(`{"schemaVersion":2}`)),
	}
	swapped := c.image(t, "arm64", map[string]string{"for": "swap"})
	c.docs[swapped.Digest] = c.docs[arm.Digest]
	c.tags["swapped"] = ocispecs.Descriptor{MediaType: swapped.MediaType, Digest: swapped.Digest}
	deep := index(arm)
	for range 5 {
		deep = index(ocispecs.Descriptor{MediaType: deep.MediaType, Digest: deep.Digest, Size: deep.Size, Platform: arm.Platform})
	}
	c.tags["deep"] = deep
	handlers := map[string]http.HandlerFunc{}
	for tag := range c.tags {
		handlers["/v2/me/x/manifests/"+tag] = c.serve
	}
	for d := range c.docs {
		handlers["/v2/me/x/manifests/"+d.String()], handlers["/v2/me/x/blobs/"+d.String()] = c.serve, c.serve
	}
	host, _ := registry(t, handlers)
	store := open(t, host+"/me", nil)
	for tag, want := range map[string]string{
		"image": "arm64 arm", "index": "arm64 arm", "amd": "amd64 ",
		"empty": "error: names no configuration", "text": "error: the manifest is not readable", "artifact": "error: names no configuration",
		"swapped": "error: is something else than it was named", "deep": "error: more than 3 deep", "none": "error: not found",
	} {
		image, err := newImage(host + "/me/x:" + tag)
		require.NoError(t, err)
		err = store.Read(t.Context(), image, ocispecs.Platform{OS: "linux", Architecture: "arm64"})
		if text, bad := strings.CutPrefix(want, "error: "); bad {
			require.ErrorContains(t, err, text, tag)
			assert.False(t, image.Read, tag)
			continue
		}
		require.NoError(t, err, tag)
		assert.Equal(t, want, image.Platform.Architecture+" "+image.Labels["for"], tag)
		assert.True(t, image.Read, tag)
		if tag != "amd" {
			assert.Equal(t, "2026-01-02", image.Created.Format(time.DateOnly), tag)
			assert.EqualValues(t, 100, image.Size, tag)
			assert.Equal(t, []string{"A=b"}, image.Env, tag)
		}
	}
}

// TestAskedTooOften holds that a registry that says so is not asked again: containerd's
// resolver alone would ask six times.
func TestAskedTooOften(t *testing.T) {
	host, asked := registry(t, map[string]http.HandlerFunc{"/v2/me/x/manifests/r36.4.0": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
	}})
	image, err := newImage(host + "/me/x:r36.4.0")
	require.NoError(t, err)
	err = open(t, host+"/me", nil).Read(t.Context(), image, ocispecs.Platform{OS: "linux", Architecture: "arm64"})
	require.ErrorContains(t, err, "429 Too Many Requests")
	assert.EqualValues(t, 1, asked.Load())
}

// TestPrefixes holds what --user may be.
func TestPrefixes(t *testing.T) {
	for prefix, want := range map[string]string{
		"dustynv": "docker.io/dustynv", "localhost:5000": "localhost:5000", "registry.example.com/robots/": "registry.example.com/robots",
		"nvcr.io/nvidia": "nvcr.io/nvidia", "localhost": "localhost", "docker.io/dustynv": "docker.io/dustynv",
		"": "", "a b": "", "-": "", "https://x": "", "x:tag": "",
	} {
		r, err := NewRegistries(RegistryOptions{}).Repositories(prefix)
		if want == "" {
			assert.Error(t, err, prefix)
			continue
		}
		if assert.NoError(t, err, prefix) {
			assert.Equal(t, want, r.String())
		}
	}
}

// TestStoresThatAreNotThere holds the difference between a store that is not there, and one
// that does not answer.
func TestStoresThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	env := func(string) (string, bool) { return "", false }
	_, err := OpenEngine(env, filepath.Join(dir, "docker.sock"))
	require.ErrorIs(t, err, ErrAbsent)
	_, _, err = OpenContainerd(filepath.Join(dir, "containerd.sock"), Namespaces())
	require.ErrorIs(t, err, ErrAbsent)

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err = OpenContainerd(file, Namespaces())
	require.ErrorContains(t, err, "is no socket")
	require.NotErrorIs(t, err, ErrAbsent)
	e, err := OpenEngine(env, file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	_, err = e.List(t.Context(), nil)
	require.Error(t, err)

	bad := func(name string) (string, bool) { return "nonsense", name == "DOCKER_HOST" }
	_, err = OpenEngine(bad, file)
	require.Error(t, err)
}
