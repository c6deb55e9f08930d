//go:build integration

package integration

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// pushedAs reads the index of a pushed image, and the manifests of the image and its attestations.
func pushedAs(t *testing.T, image string) (index *v1.IndexManifest, of, attestations *v1.Manifest) {
	t.Helper()
	pushed, index := indexOf(t, image)
	for _, m := range index.Manifests {
		img, err := pushed.Image(m.Digest)
		require.NoError(t, err)
		manifest, err := img.Manifest()
		require.NoError(t, err)
		if m.Annotations["vnd.docker.reference.type"] == "attestation-manifest" {
			attestations = manifest
		} else {
			of = manifest
		}
	}
	return index, of, attestations
}

// What docs/buildx.md says of the forms in which an image is pushed.
func TestFormsOfThePushedImage(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", "COPY Dockerfile /a\n"))
	ref := func(tag string) string { return shared.Ref(p.id + ":" + tag) }
	push := func(tag, options string, env ...string) {
		result := shared.Buildx(t.Context(), harness.BuildxRun{Dir: p.dir, Env: env, Args: []string{
			"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + base(t), "--tag", ref(tag), "--output", "type=image,push=true" + options, ".",
		}})
		require.NoError(t, result.Err())
	}
	push("oci", "")
	index, image, attestations := pushedAs(t, ref("oci"))
	assert.Equal(t, types.OCIImageIndex, index.MediaType)
	assert.Equal(t, types.OCIManifestSchema1, image.MediaType)
	assert.EqualValues(t, "application/vnd.oci.empty.v1+json", attestations.Config.MediaType, "attestations are an artifact")

	push("docker", ",oci-mediatypes=false", "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
	pushed, err := shared.Image(t.Context(), ref("docker"), "")
	require.NoError(t, err)
	manifest, err := pushed.Manifest()
	require.NoError(t, err)
	assert.Equal(t, types.DockerManifestSchema2, manifest.MediaType)
	assert.Equal(t, types.DockerLayer, manifest.Layers[len(manifest.Layers)-1].MediaType)

	push("image", "", "BUILDX_NO_DEFAULT_OCI_ARTIFACT=1")
	_, _, attestations = pushedAs(t, ref("image"))
	assert.Equal(t, types.OCIConfigJSON, attestations.Config.MediaType)
}

// One target of a release matrix that fails keeps no other from being pushed, with --jobs=defer-error.
func TestBakeDefersErrors(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a", "ARG FAIL\nRUN test -z \"$FAIL\" && sleep 3 && echo @ID@ > /a\n"),
		"docker-bake.json": `{"group": {"default": {"targets": ["good", "bad"]}},
"target": {
  "bad": {"dockerfile": "jetson.yaml", "args": {"BASE_IMAGE": "` + base(t) + `", "FAIL": "1"}},
  "good": {"dockerfile": "jetson.yaml", "args": {"BASE_IMAGE": "` + base(t) + `"}, "tags": ["` + shared.Ref("defers:1") + `"], "output": ["type=registry"]}
}}`,
	})
	b := baking{dir: p.dir, args: []string{"--jobs=defer-error"}}.fail(t)
	assertContains(t, b.Stderr, "ERROR: target bad: failed to solve: package a failed in step 1/1 (packages/a/Dockerfile:", "good: succeeded")
	_, image, _ := pushedAs(t, shared.Ref("defers:1"))
	assert.NotNil(t, image)
}
