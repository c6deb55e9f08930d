//go:build integration

package integration

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// frontRegistry stands in front of the Env's registry, and is away for the requests that it is told of.
type frontRegistry struct {
	addr string
	// away says which requests find nobody.
	away atomic.Pointer[func(r *http.Request) bool]
	// cut has them end without an answer; else they are told that the service is not available.
	cut bool
}

func newFrontRegistry(t *testing.T, cut bool) *frontRegistry {
	t.Helper()
	front := &frontRegistry{cut: cut}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: shared.Registry})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		away := front.away.Load()
		switch {
		case away == nil || !(*away)(r):
			proxy.ServeHTTP(w, r)
		case front.cut:
			panic(http.ErrAbortHandler)
		default:
			http.Error(w, "maintenance", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	front.addr = strings.TrimPrefix(server.URL, "http://")
	return front
}

func (f *frontRegistry) leave(away func(r *http.Request) bool) { f.away.Store(&away) }

func (f *frontRegistry) comeBack() { f.away.Store(nil) }

// awayPhase is a phase of a build that finds the registry away.
type awayPhase struct {
	// away are the requests of the phase. The layer is that of the image @IMAGE@.
	away func(r *http.Request, layer string) bool
	tree files // in which @FRONT@ is the registry in front, and @IMAGE@ an image there that no builder has
	args []string
	// cut has the registry end the connection; else it says that it is not available.
	cut bool
	// says is what the error says besides the registry's name and what helps.
	says []string
	// push is set where BuildKit alone reports it to docker buildx build: the frontend has ended.
	push bool
}

func isManifest(r *http.Request, _ string) bool { return strings.Contains(r.URL.Path, "/manifests/") }

func isLayer(r *http.Request, layer string) bool {
	return strings.HasSuffix(r.URL.Path, "/blobs/"+layer)
}

func isPush(r *http.Request, _ string) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

func isPushOfManifest(r *http.Request, _ string) bool { return isPush(r, "") && isManifest(r, "") }

// pushNoise pushes an image of a single layer that no builder has, with a package in it, and returns its name behind the
// registry's, and the layer's digest.
func pushNoise(t *testing.T) (name, layer string) {
	t.Helper()
	p := newProject(t, files{"Dockerfile": "FROM scratch\nCOPY tree /\n", "tree/a/Dockerfile": plainPackage, "tree/noise": "@ID@ " + t.Name()})
	ref := shared.Ref(p.id + ":1")
	d := secondDaemon(t) // so that the first has nothing of it
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Daemon: d, Dir: p.dir, Args: []string{"--push", "--provenance=false", "--tag", ref, "."}}).Err())
	image, err := shared.Image(t.Context(), ref, "")
	require.NoError(t, err)
	manifest, err := image.Manifest()
	require.NoError(t, err)
	return strings.TrimPrefix(ref, shared.Registry), manifest.Layers[0].Digest.String()
}

func awayPhases(t *testing.T) map[string]awayPhase {
	t.Helper()
	python := strings.TrimPrefix(pythonImage(t), shared.Registry)
	based := files{"jetson.yaml": "packages: [a]\nbase: @IMAGE@\n", "packages/a/Dockerfile": dockerfile("name: a", "COPY Dockerfile /a\n")}
	plain := files{"jetson.yaml": "packages: [a]\nbase: " + base(t) + "\n", "packages/a/Dockerfile": dockerfile("name: a", "COPY Dockerfile /a\n")}
	sourced := files{"jetson.yaml": "packages: [a]\nbase: " + base(t) + "\nsources: [{image: '@IMAGE@'}]\n"}
	copied := plain.and(files{"packages/a/Dockerfile": dockerfile("name: a", "COPY --from=@IMAGE@ /noise /noise\n")})
	const step = "package a failed in step 1/1 (packages/a/Dockerfile:6)"
	return map[string]awayPhase{
		"metadata of the base": {away: isManifest, tree: based, says: []string{"base image ", "(jetson.yaml:4:7): ", ">>> base: "}},
		"layers of the base":   {away: isLayer, cut: true, tree: based, says: []string{step}},
		"metadata of a source": {away: isManifest, cut: true, tree: sourced, says: []string{"jetson.yaml:5:11: error: ", " cannot be fetched: ", "[unreachable-source]"}},
		"layers of a source":   {away: isLayer, tree: sourced, says: []string{"jetson.yaml:5:11: error: ", "[unreadable]"}},
		"metadata of a copy":   {away: isManifest, cut: true, tree: copied, says: []string{"package a: ", ">>> COPY --from"}},
		"layers of a copy":     {away: isLayer, tree: copied, says: []string{step}},
		"config.py": {
			away: isManifest, cut: true, tree: plain.and(files{"packages/a/config.py": "package['name'] = 'a'\n"}), args: []string{"--build-arg", "PYTHON_IMAGE=@FRONT@" + python},
			says: []string{"packages/a/Dockerfile:2:9: error: a is disabled: its config.py could not be run: image "},
		},
		"push of layers":     {away: isPush, cut: true, tree: plain, push: true},
		"push of a manifest": {away: isPushOfManifest, tree: plain, push: true},
	}
}

// TestRegistryIsAwayAtEachPhase has the registry be away at each phase of a build. The error names it and says where, nothing
// is pushed, and the next build goes on once it is back.
func TestRegistryIsAwayAtEachPhase(t *testing.T) {
	t.Parallel()
	for name, phase := range awayPhases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := newFrontRegistry(t, phase.cut)
			helps := "the registry does not answer, or not now: curl -i http://" + front.addr + "/v2/ shows what it says"
			image, layer := pushNoise(t)
			names := strings.NewReplacer("@FRONT@", front.addr, "@IMAGE@", front.addr+image)
			tree := files{}
			for file, content := range phase.tree {
				tree[file] = names.Replace(content)
			}
			p := newProject(t, tree)
			args := []string{"--tag", front.addr + "/" + p.id + ":latest", "--push"}
			for _, arg := range phase.args {
				args = append(args, names.Replace(arg))
			}
			front.leave(func(r *http.Request) bool { return phase.away(r, layer) })
			b := p.fail(t, noBase(), with(args...))
			if phase.push {
				assertContains(t, b.Stderr, "failed to push "+front.addr)
				assertContains(t, p.jetkit(t, nil, append([]string{"-f", "jetson.yaml"}, args...)...).stderr, "failed to push "+front.addr, helps)
			} else {
				assertContains(t, b.Stderr, append(phase.says, helps)...)
			}
			_, err := shared.Image(t.Context(), shared.Ref(p.id+":latest"), "")
			require.Error(t, err, "nothing is pushed")
			front.comeBack()
			p.build(t, noBase(), with(args...))
			_, err = shared.Image(t.Context(), shared.Ref(p.id+":latest"), "")
			require.NoError(t, err)
		})
	}
}
