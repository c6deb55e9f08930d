//go:build linux

// Command turns measures what a builder's machine needs while many tests are ready at once, by how many of them may run:
// the tests of one package, each of which holds some memory and computes. The same tests run on a fresh daemon each time.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"jetkit/integration/harness"
)

// tests is how many tests are ready at once.
const tests = 100

// script is one of them: 30 MB of text, and some work.
const script = `#!/bin/bash
set -e
text=$(head -c 30000000 /dev/zero | tr '\0' x)
for ((i = 0; i < 100000; i++)); do :; done
test ${#text} = 30000000
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "turns: failed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	env, err := harness.Start(ctx, harness.Options{Logf: func(f string, a ...any) { fmt.Fprintf(os.Stderr, "turns: "+f+"\n", a...) }})
	if err != nil {
		return err
	}
	defer func() {
		if e := env.Close(); err == nil {
			err = e
		}
	}()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%d tests that are ready at once\n\nAT ONCE\tWALL TIME\tMEMORY AT MOST\tRUNNABLE AT MOST\n", tests)
	for _, atOnce := range []int{1, 2, 4, 16, tests} {
		r, err := measure(ctx, env, atOnce)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%.1fs\t%d MB\t%d\n", atOnce, r.wall.Seconds(), r.memory>>20, r.runnable)
	}
	return w.Flush()
}

// measure builds the package on a daemon of its own.
func measure(ctx context.Context, env *harness.Env, atOnce int) (result, error) {
	name := fmt.Sprintf("turns-%d", atOnce)
	daemon, err := env.StartDaemon(ctx, name, harness.DaemonOptions{})
	if err != nil {
		return result{}, err
	}
	defer daemon.Stop()
	dir := filepath.Join(env.Root, name)
	if err := writePackage(dir); err != nil {
		return result{}, err
	}
	base, err := env.Base(ctx)
	if err != nil {
		return result{}, err
	}
	build := func(args ...string) error {
		return env.Jetkit(ctx, harness.JetkitRun{
			Dir: dir, Env: []string{"BUILDKIT_HOST=" + daemon.Addr, "BUILDKIT_PROGRESS=plain"},
			Args: append([]string{"build", "--base", base, "--output", "type=cacheonly", "--build-arg", fmt.Sprintf("TEST_PARALLEL=%d", atOnce)}, args...),
		}).Err()
	}
	if err := build("--build-arg", "TESTS=none"); err != nil { // the base is there before the clock starts
		return result{}, err
	}
	return watch(func() error { return build() })
}

func writePackage(dir string) error {
	folder := filepath.Join(dir, "packages", "busy")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var names strings.Builder
	for i := range tests {
		fmt.Fprintf(&names, "#  - test.sh %d\n", i)
	}
	for file, text := range map[string]string{
		filepath.Join(dir, "jetson.yaml"):   "target: {l4t: 36.4.3}\npackages: busy\ntests: intermediate\n",
		filepath.Join(folder, "Dockerfile"): "#---\n# name: busy\n# test:\n" + names.String() + "#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n",
		filepath.Join(folder, "test.sh"):    script,
	} {
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil { // one of them is a script
			return err
		}
	}
	return nil
}
