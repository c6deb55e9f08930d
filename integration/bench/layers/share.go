//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The first image has ten packages of some megabytes each. The second one has two others in the places of the third and
// the seventh.
const (
	shareSize      = 10
	shareMegabytes = 4
)

// pushed is what a push of an image sent.
type pushed struct {
	wall         time.Duration
	bytes, blobs int64
	layers       []v1.Hash
}

// share measures what the push of a second image sends, into the repository of the first and into another one.
func share(ctx context.Context, b *bench) error {
	sides, err := b.sides(ctx, "share")
	if err != nil {
		return err
	}
	defer stop(sides)
	first := newTree("wide", shareSize, b.id(), work{steps: 1, megabytes: shareMegabytes})
	second := first.clone()
	for _, i := range []int{2, 6} {
		second.packages[i] = pkg{name: "q" + second.packages[i].name, seed: b.id(), content: b.id()}
	}
	w := heading(fmt.Sprintf("a second image with %d of %d packages of %d MB of the first", shareSize-2, shareSize, shareMegabytes))
	fmt.Fprintln(w, "FORM\tPUSH\tWALL\tSENT\tBLOBS\tLAYERS\tOF THEM IN THE FIRST")
	for _, s := range sides {
		var before []v1.Hash
		for _, push := range []struct {
			what, repository string
			tree             tree
		}{
			{"first", "one", first}, {"second, same repository", "one", second}, {"second, another repository", "another", second},
		} {
			p, err := s.push(ctx, push.tree, fmt.Sprintf("%s-%s:%d", s.form, push.repository, b.ids))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", s.form, push.what, seconds(p.wall), megabytes(p.bytes), p.blobs, len(p.layers), common(before, p.layers))
			if before == nil {
				before = p.layers
			}
		}
	}
	return w.Flush()
}

// push builds a tree and pushes it through the counter.
func (s *side) push(ctx context.Context, t tree, name string) (pushed, error) {
	if _, err := s.build(ctx, t); err != nil {
		return pushed{}, err
	}
	bytes, blobs := s.counter.bytes.Load(), s.counter.blobs.Load()
	out, err := s.build(ctx, t, "--push", "--provenance=false", "--tag", s.counting(name))
	if err != nil {
		return pushed{}, err
	}
	p := pushed{wall: out.wall, bytes: s.counter.bytes.Load() - bytes, blobs: s.counter.blobs.Load() - blobs}
	image, err := s.env.Image(ctx, s.env.Ref(name), "")
	if err != nil {
		return pushed{}, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return pushed{}, err
	}
	for _, l := range manifest.Layers {
		p.layers = append(p.layers, l.Digest)
	}
	return p, nil
}

// common is how many of the layers are among those of the image before.
func common(before, layers []v1.Hash) int {
	there := map[v1.Hash]bool{}
	for _, l := range before {
		there[l] = true
	}
	n := 0
	for _, l := range layers {
		if there[l] {
			n++
		}
	}
	return n
}
