package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	digest "github.com/opencontainers/go-digest"

	"jetkit/frontend"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// prepared is a step on its way into a report.
type prepared struct {
	step  Step
	track *track
	spans []interval
	// place is the package's in the chain, from 0; -1 without one.
	place int
}

// report makes a build's part of a report, and returns when the build ended.
func (b *BuildRecorder) report(start, now time.Time) (Build, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := now
	out := Build{Name: b.name, Start: seconds(b.started.Sub(start)), Result: Interrupted, Warnings: b.warnings, Images: []Image{}, Critical: []int{}}
	var manifests []Manifest
	if o := b.outcome; o != nil {
		end = b.ended
		out.Tags, out.Digest, manifests = o.Tags, o.Digest, o.Manifests
		switch {
		case o.Interrupted:
		case o.Err != nil:
			out.Result, out.Error = Failure, o.Err.Error()
		default:
			out.Result = Success
		}
	}
	out.Seconds = seconds(end.Sub(b.started))
	steps := b.steps(start, end)
	out.Steps = make([]Step, len(steps))
	for i, p := range steps {
		out.Steps[i] = p.step
	}
	out.Critical = critical(steps)
	for _, c := range b.sortedCompiled() {
		out.Images = append(out.Images, b.image(c, steps, end, manifestFor(manifests, c.Platform)))
	}
	if out.Name == "" {
		out.Name = "build"
		if len(out.Images) > 0 {
			out.Name = cmp.Or(strings.Join(out.Images[0].Plan.Requested, ", "), out.Name)
		}
	}
	return out, end
}

func (b *BuildRecorder) sortedCompiled() []frontend.Compiled {
	return slices.SortedStableFunc(slices.Values(b.compiled), func(a, b frontend.Compiled) int { return cmp.Compare(a.Platform, b.Platform) })
}

// steps lists the build's steps in the order of the report.
func (b *BuildRecorder) steps(start, end time.Time) []*prepared {
	var steps []*prepared
	for dgst, t := range b.tracks {
		if t.name == "" {
			continue
		}
		p := b.prepare(t, start, end)
		p.step.Digest = string(dgst)
		steps = append(steps, p)
	}
	slices.SortFunc(steps, compareSteps)
	ids := map[digest.Digest]int{}
	for i, p := range steps {
		p.step.ID = i + 1
		ids[p.track.digest] = i + 1
	}
	for _, p := range steps {
		for _, in := range p.track.inputs {
			if id, ok := ids[in]; ok {
				p.step.Inputs = append(p.step.Inputs, id)
			}
		}
		slices.Sort(p.step.Inputs)
		p.step.Inputs = slices.Compact(p.step.Inputs)
	}
	return steps
}

func (b *BuildRecorder) prepare(t *track, start, end time.Time) *prepared {
	p := &prepared{track: t, spans: union(t.shifted(b.skew()), end), place: -1}
	s := &p.step
	s.Name, s.Phase, s.Result = t.name, phaseOf(t.name), t.result(b.outcome != nil)
	if s.Result == Failure {
		s.Error = t.err
	}
	if op, ok := b.operations[t.digest]; ok {
		s.Phase, s.Packages = phases[op.Kind], op.Packages
		if op.compiled.Several {
			s.Platform = op.compiled.Platform
		}
		p.place = slices.IndexFunc(op.compiled.Plan.Steps, func(st plan.Step) bool { return slices.Contains(op.Packages, st.Name) })
	}
	s.Output = t.output.record(s.Phase != PhaseTest && s.Result == Ran)
	if len(p.spans) > 0 {
		s.Start = seconds(p.spans[0].from.Sub(start))
		s.Seconds = seconds(length(p.spans))
	}
	if len(p.spans) > 1 {
		for _, span := range p.spans {
			s.Spans = append(s.Spans, Span{seconds(span.from.Sub(start)), seconds(span.to.Sub(span.from))})
		}
	}
	if t.log != nil {
		s.Log = t.log.name
	}
	return p
}

// image summarizes the image of one platform.
func (b *BuildRecorder) image(c frontend.Compiled, steps []*prepared, end time.Time, m *Manifest) Image {
	img := Image{Platform: c.Platform, Plan: c.Plan, Packages: []Package{}, Tests: []Test{}}
	img.PlanDigest, _ = c.Plan.Digest() // its one error, of encoding, ended the build before
	sizes := map[string]int64{}
	if m != nil {
		img.Layers = layers(m, c.History)
		for _, l := range img.Layers {
			img.Size += l.Size
			sizes[l.Package] += l.Size
		}
	}
	own := map[string][]*prepared{}
	for _, p := range steps {
		if op, ok := c.Operations[p.track.digest]; ok && op.Kind == frontend.InstructionOperation {
			for _, name := range op.Packages {
				own[name] = append(own[name], p)
			}
		}
	}
	for _, s := range c.Plan.Steps {
		pkg := packageOf(s.Name, own[s.Name], end)
		if size, ok := sizes[s.Name]; ok || m != nil && known(img.Layers) {
			pkg.Size = &size
		}
		img.Packages = append(img.Packages, pkg)
	}
	img.Tests = b.tests(c, steps)
	return img
}

// known reports whether it is known whose each layer is.
func known(layers []Layer) bool {
	return !slices.ContainsFunc(layers, func(l Layer) bool { return l.Owner == "" })
}

func packageOf(name string, steps []*prepared, end time.Time) Package {
	pkg := Package{Name: name, Result: NotRun, Steps: len(steps)}
	count := map[Result]int{}
	var spans []interval
	for _, p := range steps {
		count[p.step.Result]++
		spans = append(spans, p.spans...)
	}
	pkg.CachedSteps = count[Cached]
	pkg.Seconds = seconds(length(union(spans, end)))
	switch {
	case count[Failure] > 0:
		pkg.Result = Failure
	case count[Interrupted] > 0:
		pkg.Result = Interrupted
	case count[Running] > 0:
		pkg.Result = Running
	case count[NotRun] > 0:
		pkg.Result = NotRun
	case count[Ran] > 0:
		pkg.Result = Ran
	case count[Cached] > 0:
		pkg.Result = Cached
	case len(steps) == 0:
		pkg.Result = Ran // a package that only groups others
	}
	return pkg
}

// tests lists the runs of tests in the order of the plan: those on each package's own stage,
// and those on the image.
func (b *BuildRecorder) tests(c frontend.Compiled, steps []*prepared) []Test {
	type key struct{ pkg, test, where string }
	found := map[key]*prepared{}
	for _, p := range steps {
		if op, ok := c.Operations[p.track.digest]; ok && op.Kind == frontend.TestOperation {
			for _, where := range op.Where {
				found[key{op.Packages[0], op.Test, string(where)}] = p
			}
		}
	}
	tests := []Test{}
	seen := map[int]int{} // the test's place, by its step
	for _, s := range c.Plan.Steps {
		for _, t := range s.Tests {
			if t.Skipped != "" {
				tests = append(tests, Test{Package: s.Name, Name: t.Name, Result: Skipped, Reason: t.Skipped})
				continue
			}
			for _, where := range wheres(&t) {
				p := found[key{s.Name, t.Name, where}]
				if p == nil {
					tests = append(tests, b.unseen(c, Test{Package: s.Name, Name: t.Name, Where: []string{where}}))
					continue
				}
				if at, ok := seen[p.step.ID]; ok {
					tests[at].Where = append(tests[at].Where, where)
					continue
				}
				seen[p.step.ID] = len(tests)
				tests = append(tests, testOf(s.Name, t.Name, where, &p.step))
			}
		}
	}
	return tests
}

// unseen completes a test that the builder said nothing of. An image exists only if its tests
// passed: a builder that has the image cached need not look at them.
func (b *BuildRecorder) unseen(c frontend.Compiled, t Test) Test {
	t.Result = NotRun
	if b.outcome == nil || b.outcome.Err != nil || b.outcome.Interrupted {
		return t
	}
	for _, op := range c.Operations {
		if op.Kind == frontend.TestOperation && op.Packages[0] == t.Package && op.Test == t.Name && slices.Contains(op.Where, teststep.Where(t.Where[0])) {
			t.Result, t.Cached = Passed, true
		}
	}
	return t
}

func wheres(t *plan.Test) []string {
	var places []string
	if t.Intermediate {
		places = append(places, "package")
	}
	if t.Final {
		places = append(places, "image")
	}
	return places
}

func testOf(pkg, name, where string, s *Step) Test {
	t := Test{Package: pkg, Name: name, Where: []string{where}, Result: s.Result, Step: s.ID, Seconds: s.Seconds}
	switch s.Result {
	case Ran:
		t.Result = Passed
	case Cached:
		t.Result, t.Cached = Passed, true
	case Failure:
		t.Reason = exitCode(s.Error)
	}
	return t
}

// exitCode returns the end of BuildKit's error about a program, "exit code: 3", or all of
// another error.
func exitCode(err string) string {
	if i := strings.LastIndex(err, "exit code: "); i >= 0 {
		return err[i:]
	}
	return err
}
