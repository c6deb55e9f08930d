package images

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// maxCache bounds a HubCache's file, in bytes: that of jetson-containers has 1 MB.
const maxCache = 64 << 20

// HubCache is a Store: a file that lists the tags of a user of Docker Hub, as
// jetson-containers keeps it in data/containers.json. It takes the place of the
// registry, which is not asked at all.
type HubCache struct {
	file, user string
}

// NewHubCache returns the store of a file for a user.
func NewHubCache(file, user string) *HubCache { return &HubCache{file: file, user: user} }

// String names the store.
func (h *HubCache) String() string { return h.user + " in " + h.file }

// hubRepository is an entry of the file.
type hubRepository struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Tags      []struct {
		Name   string    `json:"name"`
		Pushed time.Time `json:"tag_last_pushed"`
		Size   int64     `json:"full_size"`
		Digest string    `json:"digest"`
		Images []struct {
			Architecture string `json:"architecture"`
			OS           string `json:"os"`
			Variant      string `json:"variant"`
			Digest       string `json:"digest"`
		} `json:"images"`
	} `json:"tags"`
}

// List returns the tags of the repositories with these names.
func (h *HubCache) List(_ context.Context, repositories []string) ([]*Image, error) {
	f, err := os.Open(h.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []hubRepository
	if err := json.NewDecoder(io.LimitReader(f, maxCache)).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s is no list of Docker Hub's repositories: %w", h.file, err)
	}
	var found []*Image
	for _, repository := range list {
		if repository.Namespace != h.user || !slices.Contains(repositories, repository.Name) {
			continue
		}
		for _, tag := range repository.Tags {
			image, err := newImage(h.user + "/" + repository.Name + ":" + tag.Name)
			if err != nil || image.Tag != tag.Name {
				continue
			}
			image.Size, image.Digest = tag.Size, tag.Digest
			if tag.Pushed.Unix() > 0 {
				image.Created = tag.Pushed.UTC()
			}
			for i, one := range tag.Images {
				platform := ocispecs.Platform{OS: one.OS, Architecture: one.Architecture, Variant: one.Variant}
				if i == 0 {
					image.Platform = platform
				}
				image.platforms = append(image.platforms, platform)
			}
			found = append(found, image)
		}
	}
	return sorted(found), nil
}

// Read takes over what the file says of the image: its platform. Labels it has none.
func (h *HubCache) Read(_ context.Context, image *Image, platform ocispecs.Platform) error {
	image.Read = true
	for _, p := range image.platforms {
		if p.OS == platform.OS && p.Architecture == platform.Architecture {
			image.Platform = p
		}
	}
	return nil
}
