//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// unchangedRuns is how often a build that has nothing to do is measured.
const unchangedRuns = 5

// rebuilds measures trees of a shape: cold, with nothing changed, and after each change.
func rebuilds(shape string) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		r := newReport(fmt.Sprintf("%s, %d RUN steps per package, %d s of sleep", shape, b.work.steps, b.work.seconds))
		for _, size := range b.sizes {
			if err := b.rebuild(ctx, r, shape, size); err != nil {
				return err
			}
		}
		return r.print()
	}
}

func (b *bench) rebuild(ctx context.Context, r *report, shape string, size int) error {
	sides, err := b.sides(ctx, fmt.Sprintf("%s%d", shape, size))
	if err != nil {
		return err
	}
	defer stop(sides)
	var kept tree
	err = b.measure(ctx, r, row{size: size, what: "cold"}, sides, b.runs, func(int) (tree, []string) {
		kept = newTree(shape, size, b.id(), b.work)
		return kept, kept.names()
	})
	if err != nil {
		return err
	}
	err = b.measure(ctx, r, row{size: size, what: "nothing changed"}, sides, unchangedRuns, func(int) (tree, []string) { return kept, nil })
	if err != nil {
		return err
	}
	for _, c := range changes {
		runs := b.runs
		if c.once {
			runs = 1
		}
		err := b.measure(ctx, r, row{size: size, what: c.what}, sides, runs, func(int) (tree, []string) { return c.to(kept.clone(), b.id()) })
		if err != nil {
			return fmt.Errorf("%d packages, %s: %w", size, c.what, err)
		}
	}
	return nil
}

// measure lets the sides build in turns, and adds a row of the medians. In the form packages nothing but what next says
// may be built.
func (b *bench) measure(ctx context.Context, r *report, line row, sides []*side, runs int, next func(run int) (tree, []string)) error {
	outcomes := make([][]outcome, len(sides))
	for run := range runs {
		t, built := next(run)
		for i, s := range sides {
			out, err := s.build(ctx, t)
			if err != nil {
				return err
			}
			if s.form == forms[1] {
				if err := out.need(built); err != nil {
					return err
				}
			}
			outcomes[i] = append(outcomes[i], out)
		}
	}
	r.add(line, outcomes)
	return nil
}

// paths measures how near a cold build in the form packages comes to what no build can be faster than: the packages of the
// longest path of needs alone, which a chain builds.
func paths(shape string) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		r := newReport(fmt.Sprintf("%s, %d RUN steps per package, %d s of sleep: a chain of the longest path alone, and all packages", shape, b.work.steps, b.work.seconds))
		for _, size := range b.sizes {
			sides, err := b.sides(ctx, fmt.Sprintf("path%s%d", shape, size))
			if err != nil {
				return err
			}
			outcomes := make([][]outcome, len(sides))
			for range b.runs {
				all := newTree(shape, size, b.id(), b.work)
				for i, t := range []tree{all.longestPath(), all} {
					out, err := sides[i].build(ctx, t)
					if err != nil {
						return err
					}
					outcomes[i] = append(outcomes[i], out)
				}
			}
			stop(sides)
			r.add(row{size: size, what: "cold"}, outcomes)
		}
		return r.print()
	}
}

// middle has the median of each number: of wall and processor time apart, for they do not belong together.
func middle(all []outcome) outcome {
	m := all[0]
	m.wall = median(all, func(o outcome) time.Duration { return o.wall })
	m.cpu = median(all, func(o outcome) time.Duration { return o.cpu })
	return m
}
