package chain

import (
	"bytes"
	"context"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/layers"
	"jetkit/pkgspec/plan"
)

// maxNested is how often what a package is built on builds on what another one is built on.
// The builder's merges are merges of all layers below, those of joins too: after a few it
// costs less to join all packages' layers on the base at once.
const maxNested = 8

// layering builds each package on what it needs, and makes a layer of each.
type layering struct {
	*compiler
	tool *layers.Tool
	on   [][]int
	// rank is each step's place among the layers of the image.
	rank []int
	// base is what packages without needs are built on. The steps before first are
	// part of it, or missing from the image.
	base  Base
	first int

	// By step: what it was built on, how often that is nested, and its layer if it changes
	// anything.
	under  []llb.State
	nested []int
	layer  []*layers.Layer

	config *configFold
	joins  []layers.Joined
}

// packages builds each stage on what its package needs.
func (c *compiler) packages(ctx context.Context, on [][]int) (*Result, error) {
	tool, err := layers.New(c.Platform, c.Client.BuildOpts().LLBCaps, c.Plan.Layers.Conflicts, c.Prefix)
	if err != nil {
		return nil, err
	}
	n := len(c.stages)
	l := &layering{
		compiler: c, tool: tool, on: on, rank: layerOrder(c.Plan, on), base: c.Base,
		under: make([]llb.State, n), nested: make([]int, n), layer: make([]*layers.Layer, n),
		config: newConfigFold(c.Base.Image, on, c.stages),
	}
	for i := range c.stages {
		if err := l.add(ctx, i); err != nil {
			return nil, c.stages[i].failed(err)
		}
	}
	finished, owners := l.finished()
	return &Result{Stages: c.stages, Finished: finished, Joins: l.joins, Operations: tool.Operations(), Owners: owners}, nil
}

// add compiles a stage and makes its layer.
func (l *layering) add(ctx context.Context, i int) error {
	s := &l.stages[i]
	l.under[i], l.nested[i] = l.put(l.below(i))
	stubs := stubsOf(l.stages[i : i+1])
	on := Base{State: l.under[i], Image: l.config.seenBy(i)}
	if err := l.compile(ctx, s, on, stubs); err != nil || s.SourceMap == nil {
		return err
	}
	if s.Detached && (on.State.Output() != nil || l.empty()) {
		l.restart(i)
		return nil
	}
	s.Detached = false // what builds on nothing adds to it
	if err := l.config.set(i, on.Image); err != nil {
		return err
	}
	before := on.State
	if stubs.after.Output() != nil {
		before = stubs.after
	}
	if sameVertex(ctx, before, s.State, l.input.constraints) {
		return nil
	}
	layer := l.tool.Of(s.Step.Name, before, s.State, s.lastInstruction())
	l.layer[i] = &layer
	return nil
}

// lastInstruction returns the place of the Dockerfile's last instruction, after which the
// package is as it is.
func (s *Stage) lastInstruction() llb.ConstraintsOpt {
	var last []parser.Range
	if parsed, err := parser.Parse(bytes.NewReader(s.SourceMap.Data)); err == nil {
		last = parsed.AST.Children[len(parsed.AST.Children)-1].Location()
	}
	return s.SourceMap.Location(Ranges(last))
}

// restart makes a stage the base of those after it, as in a chain: its Dockerfile does not
// build on BASE_IMAGE, or there was none.
func (l *layering) restart(i int) {
	l.base, l.first = Base{State: l.stages[i].State, Image: l.stages[i].Image}, i+1
	l.config.restart(l.base.Image)
}

// empty reports whether there is nothing yet that a package could be built on.
func (l *layering) empty() bool {
	return l.base.State.Output() == nil && !slices.ContainsFunc(l.layer[l.first:], func(s *layers.Layer) bool { return s != nil })
}

// below returns the steps that one is built on and that are not part of the base.
func (l *layering) below(i int) []int {
	return slices.DeleteFunc(slices.Clone(l.on[i]), func(n int) bool { return n < l.first })
}

// put returns the file system of some steps, and how often it is nested. It builds on that
// of the step with the most needs, so that a long line of packages costs a join of one
// layer each, and not of all.
func (l *layering) put(steps []int) (llb.State, int) {
	start, nested, rest := l.base.State, 0, steps
	if n, ok := l.mostBelow(steps); ok && l.nested[n] < maxNested {
		start, nested, rest = l.under[n], l.nested[n], without(steps, l.below(n))
	}
	add := l.layersOf(rest)
	if len(add) == 0 {
		return start, nested
	}
	joined := l.tool.Join(start, add)
	l.joins = append(l.joins, joined)
	return joined.State, nested + 1
}

// mostBelow returns the step that most of the others are below, the last one of several.
func (l *layering) mostBelow(steps []int) (step int, ok bool) {
	most := 0
	for _, n := range steps {
		if below := len(l.below(n)); below > 0 && below >= most {
			most, step, ok = below, n, true
		}
	}
	return step, ok
}

// layersOf returns the layers of some steps, in the order of the image.
func (l *layering) layersOf(steps []int) []layers.Layer {
	var of []layers.Layer
	for _, n := range l.ranked(steps) {
		if l.layer[n] != nil {
			of = append(of, *l.layer[n])
		}
	}
	return of
}

func (l *layering) ranked(steps []int) []int {
	return slices.SortedFunc(slices.Values(steps), func(a, b int) int { return l.rank[a] - l.rank[b] })
}

// all returns the steps that are on the base.
func (l *layering) all() []int {
	var all []int
	for i := l.first; i < len(l.stages); i++ {
		all = append(all, i)
	}
	return all
}

// finished returns the image of all packages, and whose the entries of its history are.
func (l *layering) finished() (Base, []string) {
	all := l.all()
	finished := Base{State: l.base.State, Image: l.config.image()}
	add := l.layersOf(all)
	if len(add) > 0 {
		joined := l.tool.Join(finished.State, add)
		l.joins = append(l.joins, joined)
		finished.State = joined.State
	}
	history := slices.Clone(l.base.Image.History)
	owners := slices.Repeat([]string{""}, len(history))
	for _, n := range l.ranked(all) {
		own := l.history(n)
		history = append(history, own...)
		owners = append(owners, slices.Repeat([]string{l.stages[n].Step.Name}, len(own))...)
	}
	if len(add) > 0 {
		history, owners = append(history, ocispecs.History{CreatedBy: "jetkit join", Comment: "jetkit"}), append(owners, "")
	}
	finished.Image.History = history
	return finished, owners
}

// history returns a package's part of the image's history: its instructions, none of which
// is a layer, and its layer.
func (l *layering) history(n int) []ocispecs.History {
	s := l.stages[n]
	if s.SourceMap == nil {
		return nil
	}
	own := slices.Clone(s.Image.History[len(l.base.Image.History):])
	for i := range own {
		own[i].EmptyLayer = true
	}
	if l.layer[n] != nil {
		own = append(own, ocispecs.History{CreatedBy: "jetkit layer # " + s.Step.Name, Comment: "jetkit", Created: s.Epoch})
	}
	return own
}

// layerOrder returns each step's place in the image, so that what changes least comes
// first and images that have the beginning in common share it: what many packages need
// before what few need, and packages of the build context after all others that can be
// before them.
func layerOrder(p *plan.Plan, on [][]int) []int {
	neededBy := make([]int, len(on))
	for _, below := range on {
		for _, n := range below {
			neededBy[n]++
		}
	}
	local := func(i int) bool { return p.Steps[i].Origin.Kind == plan.Context }
	rank, placed := make([]int, len(on)), make([]bool, len(on))
	for place := range on {
		next := -1
		for i := range on {
			if placed[i] || slices.ContainsFunc(on[i], func(n int) bool { return !placed[n] }) {
				continue
			}
			if next < 0 || local(next) && !local(i) || local(next) == local(i) && neededBy[i] > neededBy[next] {
				next = i
			}
		}
		rank[next], placed[next] = place, true
	}
	return rank
}

func without(steps, others []int) []int {
	return slices.DeleteFunc(slices.Clone(steps), func(n int) bool { return slices.Contains(others, n) })
}
