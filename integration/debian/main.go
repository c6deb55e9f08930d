//go:build linux

// Command debian builds one chain of Debian's packages in both forms, and in that of packages once more in another
// order, and compares what came of it: files, configuration, and what Debian's own tools say inside.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"jetkit/integration/debian/forms"
	"jetkit/integration/debian/imagetree"
	"jetkit/integration/harness"
)

func main() {
	r := &run{}
	flag.StringVar(&r.file, "f", "jetson.yaml", "which jetson.yaml of integration/debian: jetson.yaml, or light.yaml for a short chain")
	flag.Uint64Var(&r.seed, "seed", uint64(time.Now().UnixNano()), "of the other order")
	flag.StringVar(&r.second, "second", "packages", "form to compare with the chain; chain compares the chain with itself")
	flag.BoolVar(&r.verbose, "v", false, "show the builds' output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := r.all(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "layers: failed:", err)
		os.Exit(1)
	}
	fmt.Println("layers: ok")
}

const folder = "integration/debian"

type run struct {
	file, second string
	seed         uint64
	verbose      bool

	project *forms.Project
	table   imagetree.Table
	counts  map[int]int // of the table's rows, over all comparisons
	same    bool
}

func (r *run) all(ctx context.Context) (err error) {
	if r.table, err = forms.Explained(); err != nil {
		return err
	}
	env, err := harness.Start(ctx, harness.Options{Logf: say})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Close()) }()
	r.project = &forms.Project{Env: env, Dir: folder, File: r.file}
	if r.verbose {
		r.project.Live = io.Writer(os.Stderr)
	}
	r.same, r.counts = true, map[int]int{}

	chain, err := r.build(ctx, "chain", "chain")
	if err != nil {
		return err
	}
	packages, err := r.build(ctx, "packages", r.second)
	if err != nil {
		return err
	}
	r.compare(chain, packages, true)

	order, err := r.otherOrder()
	if err != nil {
		return err
	}
	say("in another order (-seed %d): %s", r.seed, strings.Join(order, " "))
	shuffled, err := r.build(ctx, "shuffled", r.second, order...)
	if err != nil {
		return err
	}
	r.compare(packages, shuffled, true)
	r.reportTable()
	if !r.same {
		return errors.New("the images are not the same")
	}
	return nil
}

func (r *run) build(ctx context.Context, name, form string, packages ...string) (*forms.Image, error) {
	image, err := r.project.Build(ctx, name, form, packages...)
	if err != nil {
		return nil, err
	}
	say("%-9s built in %.1fs: %d layers, %d paths, %d Debian packages", name, image.Build.Seconds(), image.Layers,
		len(image.Tree), strings.Count(image.Probe["dpkg-list"], "\n"))
	return image, nil
}

func (r *run) compare(first, second *forms.Image, otherOrder bool) {
	c := forms.Compare(first, second, r.table, otherOrder)
	explained := 0
	for line, n := range c.Explained {
		r.counts[line] += n
		explained += n
	}
	if c.Same() {
		say("%s and %s: %d paths, the same but for %d explained differences; the same inside", first.Name, second.Name, c.Paths, explained)
		return
	}
	r.same = false
	fmt.Printf("%s and %s differ: %s\n", first.Name, second.Name, c)
}

// otherOrder shuffles the packages that the file lists. What a package needs still comes before it.
func (r *run) otherOrder() ([]string, error) {
	order, err := r.project.Packages()
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(r.seed, 0))
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order, nil
}

func (r *run) reportTable() {
	fmt.Println()
	for _, row := range r.table {
		note := ""
		if r.counts[row.Line] == 0 {
			note = "  (nothing differs here: take the row out?)"
		}
		fmt.Printf("  %5d  %s: %s%s\n", r.counts[row.Line], row.Pattern, row.Reason, note)
	}
	fmt.Println()
}

func say(format string, args ...any) { fmt.Printf("layers: "+format+"\n", args...) }
