//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scanner speaks BuildKit's scanning protocol: it writes a document for each thing that it is to look at, with Debian's
// packages and the files that this test makes.
const scanner = `#!/bin/sh
set -eu
scan() {
	packages=$(dpkg-query --admindir="$2/var/lib/dpkg" -W -f '{"name":"${Package}"},' 2>/dev/null || true)
	files=$(cd "$2" && ls -d made-* 2>/dev/null | sed 's/.*/{"fileName":"&"},/' | tr -d '\n')
	printf '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"spdxVersion":"SPDX-2.3","name":"%s","packages":[%s{"name":"end"}],"files":[%s{"fileName":"end"}]}}' \
		"$1" "$packages" "$files" > "$BUILDKIT_SCAN_DESTINATION/$1.spdx.json"
}
scan "$(basename "$BUILDKIT_SCAN_SOURCE")" "$BUILDKIT_SCAN_SOURCE"
for extra in "${BUILDKIT_SCAN_SOURCE_EXTRAS:-/none}"/*; do
	[ ! -e "$extra" ] || scan "$(basename "$extra")" "$extra"
done
`

// scannerImage pushes the scanner as an image, built by jetkit, and returns its reference.
func scannerImage(t *testing.T) string {
	t.Helper()
	p := newProject(t, files{
		"jetson.yaml":              "packages: [scan]\nimage: {entrypoint: [/scan]}\n",
		"packages/scan/Dockerfile": dockerfile("name: scan", "COPY --chmod=755 scan /scan\n"),
		"packages/scan/scan":       scanner,
	})
	return p.build(t, push()).image
}

// sbomOf reads the documents that are attached to the image of an OCI layout in a folder, by name.
func sbomOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	read := func(into any, path ...string) {
		dt, err := os.ReadFile(filepath.Join(append([]string{dir}, path...)...))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(dt, into))
	}
	var index ocispecs.Index
	read(&index, "index.json")
	for index.Manifests[0].MediaType == ocispecs.MediaTypeImageIndex {
		read(&index, "blobs/sha256", index.Manifests[0].Digest.Encoded())
	}
	documents := map[string]string{}
	for _, m := range index.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		var manifest ocispecs.Manifest
		read(&manifest, "blobs/sha256", m.Digest.Encoded())
		for _, l := range manifest.Layers {
			if l.Annotations["in-toto.io/predicate-type"] != "https://spdx.dev/Document" {
				continue
			}
			var statement struct {
				Subject   []struct{ Digest map[string]string }
				Predicate struct {
					Name  string
					Files []struct{ FileName string }
				}
			}
			read(&statement, "blobs/sha256", l.Digest.Encoded())
			require.NotEmpty(t, statement.Subject)
			assert.Equal(t, m.Annotations["vnd.docker.reference.digest"], "sha256:"+statement.Subject[0].Digest["sha256"], "it is of the image")
			var names []string
			for _, f := range statement.Predicate.Files {
				names = append(names, f.FileName)
			}
			documents[statement.Predicate.Name] = strings.Join(names, " ")
		}
	}
	return documents
}

func TestSBOM(t *testing.T) {
	t.Parallel()
	image := scannerImage(t)
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a, b:1]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo @ID@ > /made-a\n"),
		"packages/a/test.sh":    script("true"),
		"packages/b/Dockerfile": dockerfile("name: b:1", "RUN echo @ID@ > /made-b\n"),
		"made-context":          "",
	})
	layout := func() string { return filepath.Join(t.TempDir(), "layout") }
	sbom := with("--attest", "type=sbom,generator="+image)
	for arg, want := range map[string]map[string]string{
		"":                                {"sbom": "made-a made-b end"},
		"BUILDKIT_SBOM_SCAN_STAGE=true":   {"sbom": "made-a made-b end", "sbom-a": "made-a end", "sbom-b:1": "made-a made-b end"},
		"BUILDKIT_SBOM_SCAN_STAGE=a":      {"sbom": "made-a made-b end", "sbom-a": "made-a end"},
		"BUILDKIT_SBOM_SCAN_CONTEXT=true": {"sbom": "made-a made-b end", "sbom-context": "made-context end"},
	} {
		dir := layout()
		options := []buildOption{sbom, with("--output", "type=oci,tar=false,name=example.com/a:1,dest="+dir)}
		if arg != "" {
			options = append(options, with("--build-arg", arg))
		}
		b := p.build(t, options...)
		assert.Equal(t, want, sbomOf(t, dir), arg)
		assertContains(t, b.Stderr, "generating sbom using "+strings.TrimSuffix(image, ":latest"))
	}

	dir := layout() // and by the command, without buildx
	out, err := jetkitCommand(t, shared.Daemon, p.dir, "build", "-f", "jetson.yaml", "--base", base(t), "--attest", "type=sbom,generator="+image,
		"--output", fmt.Sprintf("type=oci,tar=false,name=example.com/a:1,dest=%s", dir)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, map[string]string{"sbom": "made-a made-b end"}, sbomOf(t, dir))

	b := p.fail(t, sbom, with("--build-arg", "BUILDKIT_SBOM_SCAN_STAGE=aa"))
	assertContains(t, b.Stderr, `--build-arg BUILDKIT_SBOM_SCAN_STAGE: the chain has no package "aa"; did you mean a?`)
	b = p.fail(t, sbom, with("--build-arg", "BUILDKIT_SBOM_SCAN_CONTEXT=perhaps"))
	assertContains(t, b.Stderr, `--build-arg BUILDKIT_SBOM_SCAN_CONTEXT: "perhaps" is neither true nor false`)
	b = p.fail(t, with("--attest", "type=sbom,generator="+shared.Ref("nothing:1")))
	assertContains(t, b.Stderr, "scanner "+shared.Ref("nothing:1")+" of --sbom: ", "not found")
}
