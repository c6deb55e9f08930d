//go:build linux

// Command bench measures jetkit against the way it replaces: one legacy
// `docker build` after another with `docker run` tests between and at the end,
// as `jetson-containers build --simulate` prints them; and, where nothing changed,
// against BuildKit's own Dockerfile frontend, built in and as an image. All sides
// build the same packages in one run on one machine, so only the ratios mean anything.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// Each package takes this long to build and each of its tests as long to run.
const (
	packageCount = 6
	stepSeconds  = 2
)

// warmRuns is how often a build that takes a fraction of a second is measured;
// the median counts.
const warmRuns = 5

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: failed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	env, err := harness.Start(ctx, harness.Options{Logf: func(f string, a ...any) { fmt.Fprintf(os.Stderr, "bench: "+f+"\n", a...) }})
	if err != nil {
		return err
	}
	defer func() {
		if e := env.Close(); err == nil {
			err = e
		}
	}()
	b := &bench{env: env}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	if err := b.report(); err != nil {
		return err
	}
	if err := b.compareUnchanged(ctx); err != nil {
		return err
	}
	if err := b.reportUnchanged(); err != nil {
		return err
	}
	return b.program(ctx)
}

type bench struct {
	env            *harness.Env
	dir            string
	base, frontend string
	rows           []row
	unchangedRows  []unchanged
	// saved is how much faster than cold a fresh builder is with the cache.
	saved float64
}

// row is one measurement: the wall time of each side, zero if it has no such
// case, and how many steps jetkit ran.
type row struct {
	what                       string
	sequential, byHand, jetkit time.Duration
	executed                   int
}

func (b *bench) prepare(ctx context.Context) (err error) {
	if b.base, err = b.env.Base(ctx); err != nil {
		return err
	}
	if b.frontend, err = b.env.FrontendImage(ctx); err != nil {
		return err
	}
	b.dir = filepath.Join(b.env.Root, "bench")
	return writeTree(b.dir, b.frontend, workload{packages: packageCount, seconds: stepSeconds})
}

func (b *bench) measure(ctx context.Context) error {
	seq, err := newSequential(ctx, b.env, b.dir, b.base)
	if err != nil {
		return err
	}
	// The base is there on both sides before the clock starts.
	if err := b.warm(ctx, nil); err != nil {
		return err
	}
	handCold, handWarm, err := b.byHand(ctx)
	if err != nil {
		return err
	}
	byHand := map[string]time.Duration{"cold": handCold, "nothing changed": handWarm}
	for _, what := range []string{"cold", "nothing changed"} {
		slow, err := seq.build(ctx)
		if err != nil {
			return err
		}
		runs := 1
		if what != "cold" {
			runs = warmRuns
		}
		executed := 0
		fast, err := median(runs, func() (took time.Duration, err error) {
			took, executed, err = b.jetkit(ctx, nil)
			return took, err
		})
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what, slow, byHand[what], fast, executed})
	}
	return b.acrossBuilders(ctx)
}

// acrossBuilders measures what a registry cache costs the builder that writes it
// and saves one that was never used.
func (b *bench) acrossBuilders(ctx context.Context) error {
	cache := "type=registry,ref=" + b.env.Ref("bench:cache")
	took, executed, err := b.jetkit(ctx, nil, "--cache-to", cache+",mode=max")
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "nothing changed, cache exported", jetkit: took, executed: executed})
	fresh, err := b.env.StartDaemon(ctx, "fresh", harness.DaemonOptions{})
	if err != nil {
		return err
	}
	took, executed, err = b.jetkit(ctx, fresh, "--cache-from", cache)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "fresh builder, registry cache", jetkit: took, executed: executed})
	b.saved = b.rows[0].jetkit.Seconds() / took.Seconds()
	return nil
}

// warm has a daemon, nil for the first one, pull the base and the frontend.
func (b *bench) warm(ctx context.Context, daemon *harness.Daemon) error {
	dir := filepath.Join(b.env.Root, "warm")
	spec := "# syntax=" + b.frontend + "\ntarget: {l4t: 36.4.3}\npackages: [./nothing]\n"
	if err := writeFiles(dir, map[string]string{
		"jetson.yaml":        spec,
		"nothing/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n",
	}); err != nil {
		return err
	}
	return b.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: dir, Args: []string{"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + b.base, "."}}).Err()
}

// jetkit builds the tree on a daemon, nil for the first one.
func (b *bench) jetkit(ctx context.Context, daemon *harness.Daemon, args ...string) (time.Duration, int, error) {
	args = append([]string{"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + b.base}, append(args, ".")...)
	res := b.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: b.dir, Args: args})
	return res.Duration, len(progress.Executed(progress.Parse(res.Stderr))), res.Err()
}

func (b *bench) report() error {
	fmt.Printf("%d packages, %d s to build and %d s to test each, tests on every stage and again on the image\n\n", packageCount, stepSeconds, stepSeconds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tSEQUENTIAL\tBY HAND\tJETKIT\tSEQUENTIAL/JETKIT\tJETKIT/BY HAND\tJETKIT STEPS RUN")
	for _, r := range b.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.what, seconds(r.sequential), seconds(r.byHand), seconds(r.jetkit),
			ratio(r.sequential, r.jetkit, 1), ratio(r.jetkit, r.byHand, 2), r.executed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("\na fresh builder with the registry cache is %.1fx faster than a cold build\n", b.saved)
	return nil
}

// median measures something several times.
func median(runs int, measure func() (time.Duration, error)) (time.Duration, error) {
	times := make([]time.Duration, runs)
	for i := range times {
		var err error
		if times[i], err = measure(); err != nil {
			return 0, err
		}
	}
	return middle(times), nil
}

// middle is the median.
func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2fs", d.Seconds())
}

func ratio(a, b time.Duration, digits int) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*fx", digits, a.Seconds()/b.Seconds())
}
