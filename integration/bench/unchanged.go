//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"jetkit/integration/harness"
)

// unchangedRuns is how often each side is measured where nothing changed, in turns, so that what else the machine does
// meets all alike. The median counts.
const unchangedRuns = 9

// unchanged is one line of the comparison of rebuilds with nothing to do.
type unchanged struct {
	workload
	builtIn, image, jetkit, command time.Duration
}

// compareUnchanged measures rebuilds of chains with nothing to do: the hand-written Dockerfile by the daemon's own
// Dockerfile frontend, the same by the same frontend run as an image, as a `# syntax=` line does, and jetkit: its
// frontend image by docker buildx build, and jetkit build, which runs the frontend itself.
func (b *bench) compareUnchanged(ctx context.Context) error {
	daemon, err := b.env.StartDaemon(ctx, "unchanged", harness.DaemonOptions{})
	if err != nil {
		return err
	}
	dockerfile, err := b.env.DockerfileFrontendImage(ctx)
	if err != nil {
		return err
	}
	for _, w := range []workload{{packages: 20}, {packages: 100}, {packages: 20, untested: true}, {packages: 100, untested: true}} {
		line, err := b.unchanged(ctx, daemon, dockerfile, w)
		if err != nil {
			return err
		}
		b.unchangedRows = append(b.unchangedRows, line)
	}
	return nil
}

func (b *bench) unchanged(ctx context.Context, daemon *harness.Daemon, dockerfile string, tree workload) (unchanged, error) {
	dir := filepath.Join(b.env.Root, fmt.Sprintf("unchanged-%d-%t", tree.packages, tree.untested))
	if err := writeTree(dir, b.frontend, tree); err != nil {
		return unchanged{}, err
	}
	byHand := tree.handwritten(b.base)
	if err := writeFiles(dir, map[string]string{
		"Dockerfile":       byHand,
		"Dockerfile.image": "# syntax=" + dockerfile + "\n" + byHand,
	}); err != nil {
		return unchanged{}, err
	}
	byBuildx := func(file string) func() harness.Result {
		return func() harness.Result {
			return b.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: dir, Args: []string{
				"-f", filepath.Join(dir, file), "--build-arg", "BASE_IMAGE=" + b.base, ".",
			}})
		}
	}
	byJetkit := func() harness.Result {
		return b.env.Jetkit(ctx, harness.JetkitRun{
			Dir: dir, Env: []string{"BUILDKIT_HOST=" + daemon.Addr, "BUILDKIT_PROGRESS=plain"},
			Args: []string{"build", "--base", b.base, "--output", "type=cacheonly"},
		})
	}
	sides := []func() harness.Result{byBuildx("Dockerfile"), byBuildx("Dockerfile.image"), byBuildx("jetson.yaml"), byJetkit}
	times := make([][]time.Duration, len(sides))
	for run := range unchangedRuns + 1 {
		for i, build := range sides {
			res := build()
			if err := res.Err(); err != nil {
				return unchanged{}, err
			}
			if run > 0 { // the first one builds
				times[i] = append(times[i], res.Duration)
			}
		}
	}
	return unchanged{tree, middle(times[0]), middle(times[1]), middle(times[2]), middle(times[3])}, nil
}

func (b *bench) reportUnchanged() error {
	fmt.Printf("\nnothing changed, all steps cached: the median of %d builds of each, in turns\n\n", unchangedRuns)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PACKAGES\tTESTS\tBY HAND, BUILT-IN FRONTEND\tBY HAND, FRONTEND IMAGE\tJETKIT, BUILDX\tJETKIT BUILD\tBUILDX/BUILT-IN\tBUILDX/IMAGE\tJETKIT BUILD/BUILDX")
	for _, r := range b.unchangedRows {
		tests := 2*r.packages - 1
		if r.untested {
			tests = 0
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.packages, tests, seconds(r.builtIn), seconds(r.image), seconds(r.jetkit),
			seconds(r.command), ratio(r.jetkit, r.builtIn, 2), ratio(r.jetkit, r.image, 2), ratio(r.command, r.jetkit, 2))
	}
	return w.Flush()
}
