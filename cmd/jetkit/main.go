// Command jetkit builds containers for NVIDIA Jetson from packages, with jetkit's
// frontend in its own process, tests them, and runs them.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"jetkit/cmd/internal/machine"
)

// gcPercent makes the garbage collector of a program that runs for a tenth of a
// second wait: planning from upstream's whole tree needs 60 MiB all in all.
const gcPercent = 400

func main() {
	debug.SetGCPercent(gcPercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	cache, err := os.UserCacheDir()
	if err == nil { // without one, things take longer
		cache = filepath.Join(cache, "jetkit")
	}
	code := run(ctx, os.Args[1:], &system{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		env: os.LookupEnv, machine: machine.At("/"), cache: cache, session: thisSession,
	})
	stop()
	os.Exit(code)
}
