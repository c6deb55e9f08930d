package images

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// engineAt answers as a Docker engine of one version of the API does, on a socket.
func engineAt(t *testing.T, version string) (socket string, paths *[]string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	paths = &[]string{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", version)
		switch *paths = append(*paths, r.URL.Path); r.URL.Path {
		case "/_ping":
		case "/v" + version + "/images/json":
			fmt.Fprint(w, `[{"Id":"sha256:1","RepoTags":["me/pytorch:r36.4.0","me/pytorch:old"],"Created":1767225600,"Size":5,"Labels":{"a":"b"}},
				{"Id":"sha256:2","RepoTags":["<none>:<none>"]},{"Id":"sha256:3","RepoTags":null},{"Id":"sha256:4","RepoTags":["bad name:x","ok:1"],"Created":-1}]`)
		case "/v" + version + "/images/me/pytorch:r36.4.0/json":
			fmt.Fprint(w, `{"Id":"sha256:1","Os":"linux","Architecture":"arm64","Variant":"v8","Created":"2026-01-01T00:00:00.5Z","Config":{"Labels":{"a":"b"},"Env":["C=d"]}}`)
		case "/v" + version + "/images/ok:1/json":
			fmt.Fprint(w, `{"Id":"sha256:4","Created":"0001-01-01T00:00:00Z"}`)
		default:
			http.NotFound(w, r)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket, paths
}

// TestEngineVersions holds that engines of all ages are asked in their own version of the API:
// Docker 20.10 has 1.41, 28 has 1.51, and 29 refuses what is older than 1.44.
func TestEngineVersions(t *testing.T) {
	for _, version := range []string{"1.40", "1.41", "1.44", "1.51", "1.52"} {
		socket, paths := engineAt(t, version)
		e, err := OpenEngine(func(string) (string, bool) { return "", false }, socket)
		require.NoError(t, err)
		t.Cleanup(func() { _ = e.Close() })
		list, err := e.List(t.Context(), nil)
		require.NoError(t, err, version)
		assert.Equal(t, []string{"me/pytorch:old", "me/pytorch:r36.4.0", "ok:1"}, names(list))
		assert.Contains(t, *paths, "/v"+version+"/images/json")
		one := list[1]
		assert.Equal(t, "2026-01-01", one.Created.Format("2006-01-02"))
		assert.Equal(t, map[string]string{"a": "b"}, one.Listed)
		assert.NotNil(t, list[2].Listed, "this one has no labels, which is known")
		assert.True(t, list[2].Created.IsZero())
		require.NoError(t, e.Read(t.Context(), one, ocispecs.Platform{}))
		assert.Equal(t, ocispecs.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}, one.Platform)
		assert.Equal(t, []string{"C=d"}, one.Env)
		require.NoError(t, e.Read(t.Context(), list[2], ocispecs.Platform{}), "an image that says nothing")
		require.Error(t, e.Read(t.Context(), list[0], ocispecs.Platform{}), "one that is gone")
	}
	socket, _ := engineAt(t, "1.24")
	e, err := OpenEngine(func(string) (string, bool) { return "", false }, socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	_, err = e.List(t.Context(), nil)
	require.Error(t, err)
}
