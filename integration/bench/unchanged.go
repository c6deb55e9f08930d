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
	builtIn, image, jetkit time.Duration
}

// compareUnchanged measures rebuilds of chains with nothing to do: the hand-written Dockerfile by the daemon's own
// Dockerfile frontend, the same by the same frontend run as an image, as a `# syntax=` line does, and jetkit.
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
	sides := []struct {
		file  string
		times []time.Duration
	}{{file: "Dockerfile"}, {file: "Dockerfile.image"}, {file: "jetson.yaml"}}
	for run := range unchangedRuns + 1 {
		for i := range sides {
			res := b.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: dir, Args: []string{
				"-f", filepath.Join(dir, sides[i].file), "--build-arg", "BASE_IMAGE=" + b.base, ".",
			}})
			if err := res.Err(); err != nil {
				return unchanged{}, err
			}
			if run > 0 { // the first one builds
				sides[i].times = append(sides[i].times, res.Duration)
			}
		}
	}
	return unchanged{tree, middle(sides[0].times), middle(sides[1].times), middle(sides[2].times)}, nil
}

func (b *bench) reportUnchanged() error {
	fmt.Printf("\nnothing changed, all steps cached: the median of %d builds of each, in turns\n\n", unchangedRuns)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PACKAGES\tTESTS\tBY HAND, BUILT-IN FRONTEND\tBY HAND, FRONTEND IMAGE\tJETKIT\tJETKIT/BUILT-IN\tJETKIT/IMAGE")
	for _, r := range b.unchangedRows {
		tests := 2*r.packages - 1
		if r.untested {
			tests = 0
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\n", r.packages, tests, seconds(r.builtIn), seconds(r.image), seconds(r.jetkit),
			ratio(r.jetkit, r.builtIn, 2), ratio(r.jetkit, r.image, 2))
	}
	return w.Flush()
}
