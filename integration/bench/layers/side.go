//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// forms are what is compared, in the order of the tables' columns.
var forms = []string{"chain", "packages"}

// side is one form with a builder of its own.
type side struct {
	*bench
	form   string
	daemon *harness.Daemon
	usage  *usage
}

// outcome is what a build took and did.
type outcome struct {
	wall time.Duration
	// cpu is the processor time of the builder and of all that it ran, which other work on the machine does not change much.
	cpu time.Duration
	// packages are those of which a step ran, and steps all steps of Dockerfiles that ran.
	packages []string
	steps    int
	// between counts what ran to make layers of packages, and to join them.
	between int
}

// sides starts a builder for each form, with the base and the frontend in it.
func (b *bench) sides(ctx context.Context, name string) ([]*side, error) {
	var started []*side
	for _, form := range forms {
		daemon, err := b.env.StartDaemon(ctx, name+"-"+form, harness.DaemonOptions{ExtraConfig: b.registries()})
		if err != nil {
			return nil, err
		}
		s := &side{bench: b, form: form, daemon: daemon}
		if s.usage, err = usageOf(daemon); err != nil {
			return nil, err
		}
		if _, err := s.build(ctx, newTree("wide", 1, "warm", work{steps: 1})); err != nil {
			return nil, err
		}
		started = append(started, s)
	}
	return started, nil
}

func stop(sides []*side) {
	for _, s := range sides {
		s.daemon.Stop()
	}
}

// build builds a tree, with further arguments of docker buildx build.
func (s *side) build(ctx context.Context, t tree, further ...string) (outcome, error) {
	dir := filepath.Join(s.env.Root, "bench-layers")
	if err := t.write(dir, s.frontend); err != nil {
		return outcome{}, err
	}
	before, err := s.usage.cpu()
	if err != nil {
		return outcome{}, err
	}
	args := append([]string{"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + s.base, "--build-arg", "LAYERS=" + s.form}, append(further, ".")...)
	res := s.env.Buildx(ctx, harness.BuildxRun{Daemon: s.daemon, Dir: dir, Args: args})
	if err := res.Err(); err != nil {
		return outcome{}, err
	}
	after, err := s.usage.cpu()
	if err != nil {
		return outcome{}, err
	}
	out := outcome{wall: res.Duration, cpu: after - before}
	out.count(progress.Parse(res.Stderr))
	logf("%s: %d packages %v: %s, CPU %s, %d steps and %d of layers", s.form, len(t.packages), further, seconds(out.wall), seconds(out.cpu), out.steps, out.between)
	return out, nil
}

func (o *outcome) count(steps []*progress.Step) {
	ran := progress.Executed(steps)
	o.steps = len(ran)
	for _, s := range ran {
		name, _, _ := strings.Cut(strings.TrimPrefix(s.Name, "["), " ")
		if !slices.Contains(o.packages, name) {
			o.packages = append(o.packages, name)
		}
	}
	for _, s := range steps {
		if s.Ran && !s.Cached && between(s.Name) {
			o.between++
		}
	}
}

// between says whether a step, by its name, makes a layer or joins layers.
func between(name string) bool {
	in, _, _ := strings.Cut(name, "]")
	return in == "[layers" || strings.HasSuffix(in, " layer")
}

// need fails where other packages than these were built: the form builds too much, or the measurement is wrong.
func (o outcome) need(names []string) error {
	want, got := slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(o.packages))
	if !slices.Equal(want, got) {
		return fmt.Errorf("the packages %v should have been built, and %v were", want, got)
	}
	return nil
}
