package report

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/frontend"
)

// Manifest is what a builder exported for one platform.
type Manifest struct {
	Platform string
	Layers   []ocispecs.Descriptor
	History  []ocispecs.History
}

// The keys of an exporter's response that the sizes are found by.
// Source: moby/buildkit, exporter/containerimage/exptypes.
const descriptorKey = "containerimage.descriptor"

// maxBlob bounds what is read of a manifest or configuration.
const maxBlob = 8 << 20

// ReadManifests reads from the builder which layers it exported, by the response of its
// exporter. An export that is no image, such as a folder, has none, and nor do builders
// that keep no manifests, such as Docker's own without containerd's image store: that is
// an error, and the report's sizes are unknown.
func ReadManifests(ctx context.Context, c *client.Client, response map[string]string) ([]Manifest, error) {
	encoded := response[descriptorKey]
	if encoded == "" {
		return nil, nil
	}
	var desc ocispecs.Descriptor
	dt, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(dt, &desc)
	}
	if err != nil {
		return nil, fmt.Errorf("the exporter's response: %w", err)
	}
	return readManifests(ctx, proxy.NewContentStore(c.ContentClient()), desc)
}

// readManifests reads a manifest, or those of an index, of a store.
func readManifests(ctx context.Context, store content.Provider, desc ocispecs.Descriptor) ([]Manifest, error) {
	if desc.MediaType != ocispecs.MediaTypeImageIndex && desc.MediaType != "application/vnd.docker.distribution.manifest.list.v2+json" {
		m, err := readManifest(ctx, store, desc)
		return []Manifest{m}, err
	}
	var index ocispecs.Index
	if err := readBlob(ctx, store, desc, &index); err != nil {
		return nil, err
	}
	var manifests []Manifest
	for _, d := range index.Manifests {
		if d.Platform != nil && d.Platform.OS == "unknown" { // an attestation
			continue
		}
		m, err := readManifest(ctx, store, d)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, m)
	}
	return manifests, nil
}

func readManifest(ctx context.Context, store content.Provider, desc ocispecs.Descriptor) (Manifest, error) {
	var manifest ocispecs.Manifest
	var image ocispecs.Image
	if err := readBlob(ctx, store, desc, &manifest); err != nil {
		return Manifest{}, err
	}
	if err := readBlob(ctx, store, manifest.Config, &image); err != nil {
		return Manifest{}, err
	}
	return Manifest{Platform: platforms.FormatAll(platforms.Normalize(image.Platform)), Layers: manifest.Layers, History: image.History}, nil
}

func readBlob(ctx context.Context, store content.Provider, desc ocispecs.Descriptor, into any) error {
	if desc.Size > maxBlob {
		return fmt.Errorf("%s has %d bytes, which is too much", desc.Digest, desc.Size)
	}
	dt, err := content.ReadBlob(ctx, store, desc)
	if err != nil {
		return fmt.Errorf("reading %s of the builder: %w", desc.Digest, err)
	}
	if err := json.Unmarshal(dt, into); err != nil {
		return errors.Join(fmt.Errorf("reading %s of the builder", desc.Digest), err)
	}
	return nil
}

// manifestFor returns the manifest of a platform. A build for one platform has one
// manifest, whatever the platform is called in it.
func manifestFor(manifests []Manifest, platform string) *Manifest {
	if len(manifests) == 1 {
		return &manifests[0]
	}
	i := slices.IndexFunc(manifests, func(m Manifest) bool { return m.Platform == platform })
	if i < 0 {
		return nil
	}
	return &manifests[i]
}

// layers names the owners of an image's layers: the history has an entry for each, in
// order, beside those that make none. Where history and layers do not fit, as of a base
// image that was squashed, nobody owns them.
func layers(m *Manifest, owners []frontend.Owner) []Layer {
	var made []int // places in the history
	for i, h := range m.History {
		if !h.EmptyLayer {
			made = append(made, i)
		}
	}
	out := make([]Layer, len(m.Layers))
	for i, l := range m.Layers {
		out[i] = Layer{Digest: string(l.Digest), Size: l.Size}
		if len(made) != len(m.Layers) || made[i] >= len(owners) {
			continue
		}
		out[i].CreatedBy = m.History[made[i]].CreatedBy
		switch o := owners[made[i]]; o.Kind {
		case frontend.InstructionOperation, frontend.LayerOperation:
			out[i].Owner, out[i].Package = "package", o.Package
		default:
			out[i].Owner = string(o.Kind)
		}
	}
	return out
}
