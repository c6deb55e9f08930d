//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/moby/buildkit/client"
)

// exported is what a built image costs to give away, and what it takes on the builder.
type exported struct {
	cold outcome
	// oci, push and cache are what an export adds to a build that has nothing to do; again is a second export of the cache.
	oci, push, cache, again time.Duration
	layers                  int
	disk, memory            int64
	records                 int
}

// exports measures what follows a cold build of packages that each need the one before.
func exports(ctx context.Context, b *bench) error {
	rows := map[int][]exported{}
	for _, size := range b.sizes {
		sides, err := b.sides(ctx, fmt.Sprintf("exports%d", size))
		if err != nil {
			return err
		}
		t := newTree("deep", size, b.id(), b.work)
		for _, s := range sides {
			e, err := s.export(ctx, t)
			if err != nil {
				return err
			}
			rows[size] = append(rows[size], e)
		}
		stop(sides)
	}
	w := heading("exports of packages that each need the one before")
	fmt.Fprintln(w, "PACKAGES\tFORM\tCOLD\tCPU\tLAYERS\tOCI FILE\tPUSH\tCACHE, MODE=MAX\tAGAIN\tDISK\tRECORDS\tMEMORY")
	for _, size := range b.sizes {
		for i, e := range rows[size] {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", size, forms[i], seconds(e.cold.wall), seconds(e.cold.cpu), e.layers, seconds(e.oci), seconds(e.push),
				seconds(e.cache), seconds(e.again), megabytes(e.disk), e.records, megabytes(e.memory))
		}
	}
	return w.Flush()
}

func (s *side) export(ctx context.Context, t tree) (exported, error) {
	var e exported
	var err error
	if e.cold, err = s.build(ctx, t); err != nil {
		return e, err
	}
	image := s.env.Ref(fmt.Sprintf("layers:%s-%d", s.form, len(t.packages)))
	cache := fmt.Sprintf("type=registry,mode=max,ref=%s", s.env.Ref(fmt.Sprintf("layers-cache:%s-%d", s.form, len(t.packages))))
	for _, export := range []struct {
		took *time.Duration
		args []string
	}{
		{&e.push, []string{"--push", "--tag", image}},
		{&e.oci, []string{"--output", "type=oci,dest=" + filepath.Join(s.env.Root, s.form+".tar")}},
		{&e.cache, []string{"--cache-to", cache}},
		{&e.again, []string{"--cache-to", cache}},
	} {
		out, err := s.build(ctx, t, export.args...)
		if err != nil {
			return e, err
		}
		*export.took = out.wall
	}
	pushed, err := s.env.Image(ctx, image, "")
	if err != nil {
		return e, err
	}
	layers, err := pushed.Layers()
	if err != nil {
		return e, err
	}
	e.layers = len(layers)
	if e.memory, err = s.usage.peak(); err != nil {
		return e, err
	}
	e.disk, e.records, err = s.disk(ctx)
	return e, err
}

// disk is what `buildctl du` adds up.
func (s *side) disk(ctx context.Context) (bytes int64, records int, err error) {
	c, err := client.New(ctx, s.daemon.Addr)
	if err != nil {
		return 0, 0, err
	}
	all, err := c.DiskUsage(ctx)
	if err := errors.Join(err, c.Close()); err != nil {
		return 0, 0, err
	}
	for _, r := range all {
		bytes += r.Size
	}
	return bytes, len(all), nil
}
