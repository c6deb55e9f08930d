//go:build integration

package integration

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// bakedFrontend bakes the frontend image as docker-bake.hcl says, with a scanner of the test's, and returns its reference by
// digest.
func bakedFrontend(t *testing.T) string {
	t.Helper()
	_, err := shared.FrontendImage(t.Context()) // which compiles it
	require.NoError(t, err)
	out := filepath.Join(shared.Root, "frontend")
	b := baking{dir: "..", env: []string{"REGISTRY=" + shared.Ref("supplied"), "TAG=1", "FRONTEND_OUT=" + out, "SBOM_GENERATOR=" + scannerImage(t)}}
	metadata := filepath.Join(t.TempDir(), "metadata.json")
	b.with("frontend-local", "--push", "--metadata-file", metadata, "--allow", "fs.read="+out, "--set", "*.platform=linux/"+runtime.GOARCH).bake(t)
	text, err := os.ReadFile(metadata)
	require.NoError(t, err)
	var target map[string]struct {
		Digest string `json:"containerimage.digest"`
	}
	require.NoError(t, json.Unmarshal(text, &target))
	require.NotEmpty(t, target["frontend-local"].Digest)
	return shared.Ref("supplied:1@" + target["frontend-local"].Digest)
}

// inspected is what docker buildx imagetools inspect tells of an image.
func inspected(t *testing.T, image string, args ...string) string {
	t.Helper()
	r := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: append([]string{"imagetools", "inspect", image}, args...)})
	require.NoError(t, r.Err())
	return r.Stdout
}

// TestFrontendSupplyChain holds that the frontend image says what it is made of and how, and that a user can pin it and
// have policies refuse any other.
func TestFrontendSupplyChain(t *testing.T) {
	t.Parallel()
	image := bakedFrontend(t)
	repository, digest, _ := strings.Cut(image, "@")

	var index ocispecs.Index
	require.NoError(t, json.Unmarshal([]byte(inspected(t, image, "--raw")), &index))
	require.Len(t, index.Manifests, 2, "an image and what is said of it")
	var said ocispecs.Manifest
	require.NoError(t, json.Unmarshal([]byte(inspected(t, shared.Ref("supplied@"+index.Manifests[1].Digest.String()), "--raw")), &said))
	var kinds []string
	for _, l := range said.Layers {
		kinds = append(kinds, l.Annotations["in-toto.io/predicate-type"])
	}
	assert.ElementsMatch(t, []string{"https://slsa.dev/provenance/v1", "https://spdx.dev/Document"}, kinds)
	assertContains(t, inspected(t, image, "--format", "{{json .Provenance}}"), "llbDefinition", "org.opencontainers.image.title", "jetkit")
	assertContains(t, inspected(t, image, "--format", "{{json .SBOM}}"), "SPDX-2.3")

	program, err := shared.ImageFile(t.Context(), image, "/bin/jetkit-frontend")
	require.NoError(t, err)
	info, err := buildinfo.Read(bytes.NewReader(program))
	require.NoError(t, err)
	modules := map[string]string{}
	for _, m := range info.Deps {
		modules[m.Path] = m.Version
	}
	assert.Equal(t, "jetkit", info.Main.Path)
	assert.Regexp(t, `^v0\.\d+\.\d+$`, modules["github.com/moby/buildkit"], "scanners read it from the program")

	p := newProject(t, one("name: a", "RUN echo @ID@ > /a\n"))
	settings := strings.SplitAfterN(p.read(t, "jetson.yaml"), "\n", 2)[1]
	syntax := func(image string) { p.write(t, files{"jetson.yaml": "# syntax=" + image + "\n" + settings}) }
	syntax(image)
	assert.Equal(t, p.id+"\n", p.build(t, push()).file(t, "/a"))

	p.write(t, files{"only.json": `{"version": 1, "rules": [
  {"action": "DENY", "selector": {"identifier": "docker-image://` + shared.Ref("supplied") + `*", "matchType": "WILDCARD"}},
  {"action": "ALLOW", "selector": {"identifier": "docker-image://` + shared.Ref("supplied") + `*@` + digest + `", "matchType": "WILDCARD"}}
]}`})
	policy := func(o *buildOptions) {
		o.env = []string{"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=" + filepath.Join(p.dir, "only.json")}
	}
	p.build(t, policy)
	syntax(repository)
	assertContains(t, p.fail(t, policy).Stderr, "source \"docker-image://"+repository+"\" denied by policy")

	p.write(t, files{"jetson.yaml.rego": `package docker

default allow := true

allow := false if {
	input.image.repo == "` + shared.Ref("supplied") + `"
	input.image.checksum != "` + digest + `"
}

decision := {"allow": allow}
`})
	p.build(t) // the tag is this very image
	p.write(t, files{"jetson.yaml.rego": strings.Replace(p.read(t, "jetson.yaml.rego"), digest, "sha256:"+strings.Repeat("0", 64), 1)})
	assertContains(t, p.fail(t).Stderr, "not allowed by policy")
}
