//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"jetkit/integration/harness"
)

// handwritten is the Dockerfile that someone could write by hand for the same
// packages and tests: a stage per package, per test and per test of the image.
// BuildKit's own frontend builds it, so it is what jetkit cannot beat.
func (w workload) handwritten(base string) string {
	var b strings.Builder
	previous := base
	for i := 1; i <= w.packages; i++ {
		fmt.Fprintf(&b, "FROM %s AS p%d\nRUN sleep %d && echo %d > /p%d\n", previous, i, w.seconds, i, i)
		previous = fmt.Sprintf("p%d", i)
		if w.untested {
			continue
		}
		fmt.Fprintf(&b, "FROM p%d AS test%d\nCOPY packages/p%d /test\nRUN /bin/bash /test/test.sh && mkdir /out\n", i, i, i)
	}
	if w.untested {
		return b.String()
	}
	for i := 1; i < w.packages; i++ {
		fmt.Fprintf(&b, "FROM %s AS final%d\nCOPY packages/p%d /test\nRUN /bin/bash /test/test.sh && mkdir /out\n", previous, i, i)
	}
	fmt.Fprintf(&b, "FROM %s\n", previous)
	for i := 1; i <= w.packages; i++ {
		fmt.Fprintf(&b, "COPY --from=test%d /out /tests/%d\n", i, i)
		if i < w.packages {
			fmt.Fprintf(&b, "COPY --from=final%d /out /tests/final%d\n", i, i)
		}
	}
	return b.String()
}

// byHand measures the hand-written Dockerfile, cold and with nothing changed, on
// a daemon of its own.
func (b *bench) byHand(ctx context.Context) (cold, warm time.Duration, err error) {
	daemon, err := b.env.StartDaemon(ctx, "byhand", harness.DaemonOptions{})
	if err != nil {
		return 0, 0, err
	}
	if err := b.warm(ctx, daemon); err != nil {
		return 0, 0, err
	}
	if err := writeFiles(b.dir, map[string]string{"Dockerfile": workload{packages: packageCount, seconds: stepSeconds}.handwritten(b.base)}); err != nil {
		return 0, 0, err
	}
	build := func() (time.Duration, error) {
		res := b.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: b.dir, Args: []string{"-f", filepath.Join(b.dir, "Dockerfile"), "."}})
		return res.Duration, res.Err()
	}
	if cold, err = build(); err != nil {
		return 0, 0, err
	}
	warm, err = median(warmRuns, build)
	return cold, warm, err
}
