package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// maxDepth bounds indexes in indexes.
const maxDepth = 3

// fetch reads a document, no larger than maxDocument.
type fetch func(ctx context.Context, desc ocispecs.Descriptor) ([]byte, error)

// readImage reads the configuration of the image below a descriptor, which may be
// an index. An index without the platform gives the image of its first platform, with
// nothing but that.
func readImage(ctx context.Context, image *Image, root ocispecs.Descriptor, platform ocispecs.Platform, get fetch) error {
	desc := root
	for range maxDepth {
		dt, err := document(ctx, desc, get)
		if err != nil {
			return err
		}
		var m struct {
			Manifests []ocispecs.Descriptor `json:"manifests"`
			Config    *ocispecs.Descriptor  `json:"config"`
			Layers    []ocispecs.Descriptor `json:"layers"`
		}
		if err := json.Unmarshal(dt, &m); err != nil {
			return fmt.Errorf("the manifest is not readable: %w", err)
		}
		switch {
		case m.Config != nil:
			image.Size = 0
			for _, layer := range m.Layers {
				image.Size += max(layer.Size, 0)
			}
			return readConfig(ctx, image, *m.Config, get)
		case len(m.Manifests) == 0:
			return errors.New("the manifest names no configuration: it is of no container image, or of an old form")
		}
		next, ok := choose(m.Manifests, platform)
		if !ok {
			image.configure(*next.Platform, nil, nil, nil)
			return nil
		}
		desc = next
	}
	return fmt.Errorf("indexes are nested more than %d deep", maxDepth)
}

// readConfig reads an image's configuration.
func readConfig(ctx context.Context, image *Image, desc ocispecs.Descriptor, get fetch) error {
	dt, err := document(ctx, desc, get)
	if err != nil {
		return err
	}
	var c ocispecs.Image
	if err := json.Unmarshal(dt, &c); err != nil {
		return fmt.Errorf("the image's configuration is not readable: %w", err)
	}
	image.configure(platforms.Normalize(c.Platform), c.Created, c.Config.Labels, c.Config.Env)
	return nil
}

// choose returns the manifest for a platform, or false and the first one that has a
// platform at all.
func choose(manifests []ocispecs.Descriptor, platform ocispecs.Platform) (ocispecs.Descriptor, bool) {
	match := platforms.Only(platform)
	found, other := -1, ocispecs.Descriptor{Platform: &ocispecs.Platform{}}
	for i, m := range slices.Backward(manifests) {
		switch {
		case m.Platform == nil: // an image that was put into an index by hand
			if found < 0 {
				found = i
			}
		case match.Match(*m.Platform):
			if found < 0 || manifests[found].Platform == nil || !match.Less(*manifests[found].Platform, *m.Platform) {
				found = i
			}
		case m.Platform.OS != "unknown": // those are attestations
			other = m
		}
	}
	if found < 0 {
		return other, false
	}
	return manifests[found], true
}

// document reads a document and checks that it is the one that was named.
func document(ctx context.Context, desc ocispecs.Descriptor, get fetch) ([]byte, error) {
	if desc.Size > maxDocument {
		return nil, fmt.Errorf("%s is larger than %d MiB", desc.Digest, maxDocument>>20)
	}
	if err := desc.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("%q: %w", desc.Digest, err)
	}
	dt, err := get(ctx, desc)
	if err != nil {
		return nil, err
	}
	if got := desc.Digest.Algorithm().FromBytes(dt); got != desc.Digest {
		return nil, fmt.Errorf("%s is something else than it was named: its digest is %s", desc.Digest, got)
	}
	return dt, nil
}
