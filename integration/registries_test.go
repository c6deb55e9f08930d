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
	}{
		"a page":                  {"text/html", page, 200},
		"a text":                  {"text/plain", page, 200},
		"no type":                 {"", page, 200},
		"JSON":                    {"application/json", `{"hello": "world"}`, 200},
		"a manifest that is none": {"application/vnd.oci.image.manifest.v1+json", page, 200},
		"an empty manifest":       {"application/vnd.oci.image.manifest.v1+json", "{}", 200},
		"an error":                {"text/html", page, 500},
		"forbidden":               {"text/html", page, 403},
		"unauthorized":            {"text/html", page, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", answer.kind)
				w.Header().Set("Docker-Content-Digest", "sha256:0000000000000000000000000000000000000000000000000000000000000000")
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			t.Cleanup(server.Close)
			image := strings.TrimPrefix(server.URL, "http://") + "/robots/base:1"
			p := newProject(t, one("name: a", "COPY --from="+image+" / /\n"))
			b := p.fail(t)
			t.Logf("COPY\n%s", b.Stderr)
			p = newProject(t, files{"jetson.yaml": "packages: [a]\nbase: " + image + "\n", "packages/a/Dockerfile": dockerfile("name: a", "RUN true\n")})
			b = p.fail(t, arg("BASE_IMAGE="))
			t.Logf("BASE\n%s", b.Stderr)
		})
	}
}
