//go:build linux

// Command bases makes the base images' root file systems that the integration tests use, so that this can go on while
// other programs are compiled. Without it the first test that needs one makes it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"jetkit/integration/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := harness.MakeBases(ctx, harness.Options{Logf: func(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) }})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bases: failed:", err)
		os.Exit(1)
	}
}
