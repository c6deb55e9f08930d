// Package images finds container images and reads what they say of themselves: those
// of Docker's engine, of containerd's image store, and of registries. It reads
// metadata only, never layers, and bounds what it reads: all of it is written by
// others.
package images

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/distribution/reference"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is one name of an image, and what is known of the image.
type Image struct {
	// Name is how docker run takes it, such as "dustynv/pytorch:2.7-r36.4.0".
	Name string
	// Repository is the last part of the name without the tag, "pytorch", and Tag the tag.
	Repository, Tag string
	// Digest is what the store knows the image by: two names with one digest are one image.
	Digest string
	// Created is when the image says that it was made; zero where it does not.
	Created time.Time
	// Size is the size in bytes: on disk for local images, to download for others.
	// Zero means unknown.
	Size int64
	// Read tells whether the image's configuration was read, so that what follows is known.
	Read bool
	// Platform is what the image is for. Of a platform that an index does not have, it
	// is the first that the index has.
	Platform ocispecs.Platform
	Labels   map[string]string
	Env      []string // "NAME=value"
	// Listed are labels that the store told along with the name, before Read; nil if it
	// tells none.
	Listed map[string]string
	// Hint is how to run an image that docker run does not find; empty for others.
	Hint string

	// platforms are those of the index, where the list of images tells them.
	platforms []ocispecs.Platform
}

// Store is a place that has images.
type Store interface {
	// String names the store as people know it.
	String() string
	// List returns images, not yet read, in an order that repeats. A local store lists
	// all; a registry those of the repositories with these last names.
	List(ctx context.Context, repositories []string) ([]*Image, error)
	// Read reads the configuration of an image of the store for a platform.
	Read(ctx context.Context, image *Image, platform ocispecs.Platform) error
}

// ErrAbsent says that a store is not there, which is no fault: no daemon runs, or
// its socket does not exist.
var ErrAbsent = errors.New("not there")

// broken is a store that could not be opened.
type broken struct {
	name string
	err  error
}

// Broken returns a store that says what is wrong with it when it is asked.
func Broken(name string, err error) Store { return &broken{name: name, err: err} }

func (b *broken) String() string                                        { return b.name }
func (b *broken) List(context.Context, []string) ([]*Image, error)      { return nil, b.err }
func (b *broken) Read(context.Context, *Image, ocispecs.Platform) error { return b.err }

const (
	// maxImages bounds how many images of a local store, or tags of a repository, are
	// looked at.
	maxImages = 20_000
	// maxDocument bounds a manifest, an index or an image's configuration, in bytes.
	maxDocument = 4 << 20
	// localWait bounds what is asked of a daemon of this machine, and remoteWait one
	// request to a registry.
	localWait  = 15 * time.Second
	remoteWait = 15 * time.Second
)

// newImage makes an Image of a reference, which is normal or familiar.
func newImage(ref string) (*Image, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	tagged, ok := named.(reference.NamedTagged)
	if !ok {
		return nil, fmt.Errorf("%s has no tag", ref)
	}
	path := reference.Path(named)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			path = path[i+1:]
			break
		}
	}
	return &Image{Name: reference.FamiliarString(tagged), Repository: path, Tag: tagged.Tag()}, nil
}

// configure takes over an image's configuration.
func (i *Image) configure(platform ocispecs.Platform, created *time.Time, labels map[string]string, env []string) {
	i.Read, i.Platform, i.Labels, i.Env = true, platform, labels, env
	if created != nil && created.Unix() > 0 { // the beginning of time is no time
		i.Created = created.UTC()
	}
}
