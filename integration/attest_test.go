//go:build integration

package integration

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attested returns the predicates of an image's attestations, by their types.
func attested(t *testing.T, image string) map[string]json.RawMessage {
	t.Helper()
	pushed, index := indexOf(t, image)
	predicates := map[string]json.RawMessage{}
	for _, m := range index.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		img, err := pushed.Image(m.Digest)
		require.NoError(t, err)
		manifest, err := img.Manifest()
		require.NoError(t, err)
		for _, of := range manifest.Layers {
			layer, err := img.LayerByDigest(of.Digest)
			require.NoError(t, err)
			r, err := layer.Uncompressed()
			require.NoError(t, err)
			dt, err := io.ReadAll(r)
			require.NoError(t, err)
			var statement struct {
				Type      string          `json:"predicateType"`
				Predicate json.RawMessage `json:"predicate"`
			}
			require.NoError(t, json.Unmarshal(dt, &statement))
			assert.Equal(t, statement.Type, of.Annotations["in-toto.io/predicate-type"])
			predicates[statement.Type] = statement.Predicate
		}
	}
	return predicates
}

// TestManifestAttestation reads from a registry what an image says of itself, without its layers.
func TestManifestAttestation(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a\ntest: test.sh", "COPY Dockerfile /a\n").and(files{"packages/a/test.sh": script("test -e /a")}))
	b := p.build(t, push(), with("--provenance=mode=max"))
	predicates := attested(t, b.image)
	assert.Len(t, predicates, 2, "provenance and the manifest")
	assert.JSONEq(t, b.file(t, "/usr/share/jetkit/manifest.json"), string(predicates["https://jetkit.io/manifest/v2"]))
	assert.Contains(t, string(predicates["https://jetkit.io/manifest/v2"]), `"result":"passed"`)

	p = newProject(t, files{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a]\nbase: scratch\n",
		"packages/a/Dockerfile": dockerfile("name: a", "COPY Dockerfile /a\n"),
	})
	b = p.build(t, push(), with("--provenance=false", "--platform", bothPlatforms), noBase())
	assert.Empty(t, attested(t, b.image), "who wants no provenance wants an image alone")
}

// TestOCIAnnotations reads what a manifest says in OCI's words, for one platform and for two.
func TestOCIAnnotations(t *testing.T) {
	t.Parallel()
	asking := func(target string) *project {
		return newProject(t, files{
			"jetson.yaml": target + `packages: [a]
image:
  oci_annotations: true
  labels: {org.opencontainers.image.source: https://example.com/robot, org.opencontainers.image.title: of the label, other: label}
  annotations: {org.opencontainers.image.title: robot}
`,
			"packages/a/Dockerfile": dockerfile("name: a", "LABEL org.opencontainers.image.vendor=of-a-package\nCOPY Dockerfile /a\n"),
		})
	}
	want := map[string]string{
		"org.opencontainers.image.source": "https://example.com/robot", "org.opencontainers.image.title": "robot", "org.opencontainers.image.revision": "abc",
		"org.opencontainers.image.created": "2023-11-14T22:13:20Z",
	}
	dated := with("--label", "org.opencontainers.image.revision=abc", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")

	of := func(b *built) (all []map[string]string) {
		pushed, index := indexOf(t, b.image)
		for _, m := range index.Manifests {
			if m.Platform.OS == "unknown" {
				continue
			}
			image, err := pushed.Image(m.Digest)
			require.NoError(t, err)
			manifest, err := image.Manifest()
			require.NoError(t, err)
			all = append(all, manifest.Annotations)
		}
		return all
	}
	b := asking("target: {l4t: 36.4.3}\nbase: scratch\n").build(t, push(), dated, with("--platform", bothPlatforms), noBase())
	assert.Equal(t, []map[string]string{want, want}, of(b), "scratch is no base image to name")

	image, err := shared.Image(t.Context(), base(t), "")
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	want["org.opencontainers.image.base.name"], want["org.opencontainers.image.base.digest"] = base(t), digest.String()
	assert.Equal(t, []map[string]string{want}, of(asking("").build(t, push(), dated)))

	plain := newProject(t, one("name: a", "COPY Dockerfile /a\n"))
	assert.Equal(t, []map[string]string{nil}, of(plain.build(t, push(), dated)), "Docker's media types have none, so that a file asks for them")
}
