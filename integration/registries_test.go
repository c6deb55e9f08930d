//go:build integration

package integration

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A registry, or what stands in its place, may answer anything: the error says which
// server it was.
func TestRegistryThatAnswersGarbage(t *testing.T) {
	t.Parallel()
	const page = "<html><body>Please log in to the hotel's network \x1b[31m</body></html>"
	for name, answer := range map[string]struct {
		kind, body string
		status     int
		honest     bool
	}{
		"a page":                  {"text/html", page, 200, true},
		"a page, announced":       {"text/html", page, 200, false},
		"a text":                  {"text/plain", page, 200, true},
		"no type":                 {"", page, 200, true},
		"JSON":                    {"application/json", `{"hello": "world"}`, 200, true},
		"a manifest that is none": {"application/vnd.oci.image.manifest.v1+json", page, 200, true},
		"an empty manifest":       {"application/vnd.oci.image.manifest.v1+json", "{}", 200, true},
		"an error":                {"text/html", page, 500, true},
		"forbidden":               {"text/html", page, 403, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", answer.kind)
				if !answer.honest { // what it announces is not what it sends
					w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
				}
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			t.Cleanup(server.Close)
			image := strings.TrimPrefix(server.URL, "http://") + "/robots/base:1"
			p := newProject(t, one("name: a", "COPY --from="+image+" / /\n"))
			// BuildKit's client goes on with "solve: " or "run Build function: ", whichever of the two ends first.
			says := []string{"ERROR: failed to build: failed to ", server.Listener.Addr().String()}
			if answer.status == http.StatusOK {
				says = append(says, "the registry "+server.Listener.Addr().String()+" sent ", " instead of an image's manifest; look at what is there: curl -i "+server.URL+"/v2/robots/base/manifests/1")
			}
			b := p.fail(t)
			assertContains(t, b.Stderr, append(says, "package a: ", ">>> COPY --from")...)
			p = newProject(t, files{"jetson.yaml": "packages: [a]\nbase: " + image + "\n", "packages/a/Dockerfile": dockerfile("name: a", "RUN true\n")})
			b = p.fail(t, arg("BASE_IMAGE="))
			assertContains(t, b.Stderr, append(says, "base image "+image, ">>> base: ")...)
		})
	}
}
