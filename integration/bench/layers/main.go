//go:build linux

// Command layers measures the two forms of layers, chain and packages, side by side: generated packages, through the
// frontend image, on a real buildkitd for each form. Both forms meet what else the machine does, so the ratios count.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"jetkit/integration/harness"
)

// options are the flags.
type options struct {
	parts string
	sizes sizes
	runs  int
	work  work
}

// sizes are numbers of packages.
type sizes []int

func (s *sizes) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*s)), " ", ","), "[]")
}

func (s *sizes) Set(text string) error {
	*s = nil
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 2 {
			return fmt.Errorf("%q is not a number of packages from 2", field)
		}
		*s = append(*s, n)
	}
	return nil
}

// part is something that can be measured alone.
type part struct {
	name, about string
	measure     func(context.Context, *bench) error
}

var parts = []part{
	{"deep", "each package needs the one before: cold, nothing changed, packages added, removed, changed", rebuilds("deep")},
	{"wide", "no package needs another: the same", rebuilds("wide")},
	{"dag", "packages need each other as real ones do: the same", rebuilds("dag")},
	{"wide-path", "cold, against the longest path alone, which is one package: -sleep 20 says most", paths("wide")},
	{"dag-path", "the same of packages that need each other as real ones do", paths("dag")},
	{"exports", "deep: export, push, cache with mode=max, disk, memory", exports},
	{"share", "a second image with 8 of 10 packages of the first: bytes pushed", share},
}

func main() {
	o := options{sizes: sizes{6, 24}}
	names, usage := []string{}, []string{"comma-separated `list` of what to measure:"}
	for _, p := range parts {
		names = append(names, p.name)
		usage = append(usage, "  "+p.name+": "+p.about)
	}
	flag.StringVar(&o.parts, "parts", strings.Join(names, ","), strings.Join(usage, "\n"))
	flag.Var(&o.sizes, "sizes", "numbers of packages")
	flag.IntVar(&o.runs, "runs", 3, "how often each build is measured; the median counts")
	flag.IntVar(&o.work.steps, "steps", 1, "RUN instructions of each package")
	flag.IntVar(&o.work.seconds, "sleep", 0, "seconds that the first of them sleeps")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "layers: failed:", err)
		os.Exit(1)
	}
}

// bench is what all parts share.
type bench struct {
	options
	env            *harness.Env
	base, frontend string
	// counter stands in front of the registry.
	counter *counter
	proxy   *httptest.Server
	ids     int
}

func run(ctx context.Context, o options) (err error) {
	chosen, err := choose(o.parts)
	if err != nil {
		return err
	}
	env, err := harness.Start(ctx, harness.Options{Logf: logf})
	if err != nil {
		return err
	}
	defer func() {
		if e := env.Close(); err == nil {
			err = e
		}
	}()
	b := &bench{options: o, env: env}
	b.startProxy()
	defer b.proxy.Close()
	if b.base, err = env.Base(ctx); err != nil {
		return err
	}
	if b.frontend, err = env.FrontendImage(ctx); err != nil {
		return err
	}
	for _, p := range chosen {
		if err := p.measure(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, "layers: "+format+"\n", args...) }

func choose(names string) ([]part, error) {
	var chosen []part
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q: see -help", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// id is in what a build makes, so that no cache has it.
func (b *bench) id() string {
	b.ids++
	return fmt.Sprintf("build%d", b.ids)
}
