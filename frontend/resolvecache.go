package frontend

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/flightcontrol"
	digest "github.com/opencontainers/go-digest"
)

// resolveCache is a gateway client that asks a registry for an image once in a build. A
// chain of packages resolves one reference for each stage of each Dockerfile, and a tag
// may be moved meanwhile: what one build knows by a tag is one image, on all platforms.
type resolveCache struct {
	client.Client
	// tags has the first answer for each reference, images all of them by platform.
	tags, images flightcontrol.CachedGroup[*resolvedImage]
}

// resolvedImage is a registry's answer, be it an error.
type resolvedImage struct {
	// key is what was asked.
	key    string
	ref    string
	digest digest.Digest
	config []byte
	err    error
}

func newResolveCache(c client.Client) *resolveCache { return &resolveCache{Client: c} }

// ResolveImageConfig returns an image's reference, digest and configuration.
func (c *resolveCache) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	question := opt
	question.LogName = "" // it changes the progress, not the answer
	dt, err := json.Marshal(question)
	if err != nil {
		return "", "", nil, fmt.Errorf("encoding what to resolve: %w", err)
	}
	key := ref + " " + string(dt)
	first, err := c.tags.Do(ctx, ref, func(ctx context.Context) (*resolvedImage, error) {
		return c.ask(ctx, key, ref, ref, opt)
	})
	if err != nil {
		return "", "", nil, err
	}
	answer := first
	if first.key != key {
		pinned := ref
		if first.err == nil && opt.OCILayoutOpt == nil {
			pinned = withDigest(ref, first.digest)
		}
		answer, err = c.images.Do(ctx, key, func(ctx context.Context) (*resolvedImage, error) {
			return c.ask(ctx, key, ref, pinned, opt)
		})
		if err != nil {
			return "", "", nil, err
		}
	}
	return answer.ref, answer.digest, answer.config, answer.err
}

// ask resolves a reference by the digest that it is known to have. A cancelled build has no
// answer: whoever asks next, asks again.
func (c *resolveCache) ask(ctx context.Context, key, ref, pinned string, opt sourceresolver.Opt) (*resolvedImage, error) {
	resolved, dgst, config, err := c.Client.ResolveImageConfig(ctx, pinned, opt)
	if err != nil && pinned != ref && ctx.Err() == nil {
		// A store may know an image by the digest of one platform's manifest.
		pinned = ref
		resolved, dgst, config, err = c.Client.ResolveImageConfig(ctx, ref, opt)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if resolved == pinned {
		resolved = ref
	}
	return &resolvedImage{key: key, ref: resolved, digest: dgst, config: config, err: err}, nil
}

// withDigest adds a digest to a reference that has none.
func withDigest(ref string, dgst digest.Digest) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil || dgst == "" {
		return ref
	}
	if _, ok := named.(reference.Digested); ok {
		return ref
	}
	pinned, err := reference.WithDigest(named, dgst)
	if err != nil {
		return ref
	}
	return pinned.String()
}
