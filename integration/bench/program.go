//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// startRuns is how often a command that takes milliseconds is run. The fastest run says what the program needs, the
// median what people wait on this machine.
const startRuns = 41

// program measures the command line tool itself: its size as releases have it, and the time of commands that need
// nothing but files.
func (b *bench) program(ctx context.Context) error {
	file := filepath.Join(b.env.Root, "release", "jetkit")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, "./cmd/jetkit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling jetkit: %w\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Printf("\njetkit itself: %.1f MB as one static file\n\n", float64(info.Size())/1e6)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "COMMAND\tFASTEST\tMEDIAN OF %d\n", startRuns)
	empty := filepath.Join(b.env.Root, "empty")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{{"version"}, {"plan", "numpy", "--platform", "linux/amd64"}, {"packages", "list", "--platform", "linux/amd64"}} {
		times := make([]time.Duration, startRuns)
		for i := range times {
			cmd := exec.CommandContext(ctx, file, args...)
			cmd.Dir = empty
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
			}
			times[i] = time.Since(start)
		}
		slices.Sort(times)
		fmt.Fprintf(w, "jetkit %s\t%.1f ms\t%.1f ms\n", args[0], milliseconds(times[0]), milliseconds(times[startRuns/2]))
	}
	return w.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
