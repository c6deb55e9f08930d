package report

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"jetkit/frontend"
)

// Options are what a recorder is made from.
type Options struct {
	// LogDir is the folder for logs by step; empty keeps none.
	LogDir string
	// Several says that there may be several builds: each then has a folder of logs.
	Several bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Recorder records a run of jetkit build: one build, or several one after the other or at
// once. Its methods, and those of its builds, may be called from several goroutines.
type Recorder struct {
	now     func() time.Time
	builder string
	several bool
	started time.Time
	logs    *logDir

	mu     sync.Mutex
	builds []*BuildRecorder
}

// New starts a record. The error is that of making the folder of logs.
func New(o Options) (*Recorder, error) {
	r := &Recorder{now: o.Now, several: o.Several}
	if r.now == nil {
		r.now = time.Now
	}
	r.started = r.now()
	var err error
	if o.LogDir != "" {
		r.logs, err = openLogDir(o.LogDir)
	}
	return r, err
}

// SetBuilder says where the steps run, for the report.
func (r *Recorder) SetBuilder(builder string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.builder = builder
}

// Build begins the record of one request to the builder. Names of builds are for people;
// of several, each is a folder of the logs. One without a name is called like the packages
// that are asked for.
func (r *Recorder) Build(name string) *BuildRecorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &BuildRecorder{recorder: r, name: name, started: r.now(), tracks: map[digest.Digest]*track{}, shared: map[digest.Digest]digest.Digest{}, operations: map[digest.Digest]operation{}}
	r.builds = append(r.builds, b)
	return b
}

// Err is the first error of writing a log; the build goes on without that log.
func (r *Recorder) Err() error {
	if r.logs == nil {
		return nil
	}
	return r.logs.firstErr()
}

// BuildRecorder records one request to the builder.
type BuildRecorder struct {
	recorder *Recorder
	name     string
	started  time.Time

	mu         sync.Mutex
	compiled   []frontend.Compiled
	operations map[digest.Digest]operation
	tracks     map[digest.Digest]*track
	// shared has the digests that this build has for steps that run for another build too,
	// by those that the other has.
	shared   map[digest.Digest]digest.Digest
	warnings []string
	// lag is the least time that a message was on its way, by the two clocks.
	lag     time.Duration
	heard   bool
	outcome *Outcome
	ended   time.Time
}

// operation is what a vertex is for, and for which platform.
type operation struct {
	frontend.Operation
	compiled *frontend.Compiled
}

// Compiled takes in what the frontend asks the builder for: pass it to
// [frontend.BuildWith] as Options.Compiled.
func (b *BuildRecorder) Compiled(c frontend.Compiled) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.compiled = append(b.compiled, c)
	for dgst, op := range c.Operations {
		if _, known := b.operations[dgst]; !known {
			b.operations[dgst] = operation{op, &c}
		}
	}
}

// Again forgets what the frontend asked the builder for: it was refused before any of it
// ran, and is asked for once more.
func (b *BuildRecorder) Again() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.compiled, b.operations = nil, map[digest.Digest]operation{}
}

// Write takes in a part of BuildKit's progress. It is quick, and keeps nothing of the
// message, so a tee may call it before it hands the message on.
func (b *BuildRecorder) Write(s *client.SolveStatus) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.recorder.now()
	for _, v := range s.Vertexes {
		b.compareClocks(now, v)
		t := b.trackOf(v)
		t.update(v)
		b.logVertex(t)
	}
	for _, p := range s.Statuses {
		if op, known := b.operations[b.own(p.Vertex)]; known && op.Kind != frontend.BaseOperation && fetched.MatchString(p.ID) {
			b.track(p.Vertex).cached = true
		}
	}
	for _, l := range s.Logs {
		t := b.track(l.Vertex)
		t.output.write(l.Data)
		b.logOutput(t, l.Data)
	}
	for _, w := range s.Warnings {
		if text := string(w.Short); !slices.Contains(b.warnings, text) {
			b.warnings = append(b.warnings, text)
		}
	}
}

// compareClocks learns how far the builder's clock is from this machine's.
func (b *BuildRecorder) compareClocks(now time.Time, v *client.Vertex) {
	last := cmp.Or(v.Completed, v.Started)
	if last == nil {
		return
	}
	if lag := now.Sub(*last); !b.heard || lag < b.lag {
		b.heard, b.lag = true, lag
	}
}

// skew returns what to add to the builder's times so that they are by this machine's clock.
// Below a second it may as well be the network.
func (b *BuildRecorder) skew() time.Duration {
	if b.lag.Abs() < time.Second {
		return 0
	}
	return b.lag
}

// Tee records a build's progress and hands it on. It returns when in is closed, and
// then closes out; a nil out is handed nothing.
func (b *BuildRecorder) Tee(in <-chan *client.SolveStatus, out chan<- *client.SolveStatus) {
	for s := range in {
		b.Write(s)
		if out != nil {
			out <- s
		}
	}
	if out != nil {
		close(out)
	}
}

// trackOf returns the track of a vertex. What several builds ask a builder for at once runs
// once, and is told to all of them under the digest that the first of them has for it, which
// is another where it builds on files of a client. So a vertex that this build did not ask
// for is the operation of the same name that it waits for.
func (b *BuildRecorder) trackOf(v *client.Vertex) *track {
	_, asked := b.operations[v.Digest]
	told := b.track(v.Digest)
	if asked || told.digest != v.Digest || !told.waits() || v.Started == nil && !v.Cached {
		return told
	}
	var waiting []digest.Digest
	for dgst := range b.operations {
		if t, announced := b.tracks[dgst]; announced && t.name == v.Name && t.waits() {
			waiting = append(waiting, dgst)
		}
	}
	if len(waiting) == 1 {
		delete(b.tracks, v.Digest)
		b.shared[v.Digest] = waiting[0]
	}
	return b.track(v.Digest)
}

// own returns the digest that this build has for what the builder tells under another.
func (b *BuildRecorder) own(dgst digest.Digest) digest.Digest {
	if own, shared := b.shared[dgst]; shared {
		return own
	}
	return dgst
}

func (b *BuildRecorder) track(dgst digest.Digest) *track {
	dgst = b.own(dgst)
	t, ok := b.tracks[dgst]
	if !ok {
		t = &track{digest: dgst}
		b.tracks[dgst] = t
	}
	return t
}

// Outcome is how a build ended.
type Outcome struct {
	// Err is why it failed; nil if it did not. Interrupted says that it was the user
	// who ended it.
	Err         error
	Interrupted bool
	// Tags are the names that the image was given.
	Tags []string
	// Digest is that of the image, or of the index of several.
	Digest string
	// Manifests are the images by platform, as [ReadManifests] reads them; nil if
	// nobody can tell.
	Manifests []Manifest
}

// Done ends the build's record, once the progress has ended. What it is told after that
// changes nothing.
func (b *BuildRecorder) Done(o Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outcome != nil {
		return
	}
	b.outcome, b.ended = &o, b.recorder.now()
	for _, t := range b.tracks {
		b.closeLog(t)
	}
}

// Report returns the record so far. A build that was not ended counts as interrupted.
func (r *Recorder) Report() *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	rep := &Report{Version: Version, Started: r.started.UTC(), Builder: r.builder, Builds: []Build{}, Result: Success}
	if r.logs != nil {
		rep.LogDir = r.logs.dir
	}
	end := r.started
	for _, b := range r.builds {
		build, ended := b.report(r.started, now)
		rep.Builds = append(rep.Builds, build)
		rep.Result = worse(rep.Result, build.Result)
		if ended.After(end) {
			end = ended
		}
	}
	rep.Seconds = seconds(end.Sub(r.started))
	return rep
}

// worse returns the result of a run with builds of both results.
func worse(a, b Result) Result {
	order := []Result{Success, Failure, Interrupted}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// seconds rounds to milliseconds: BuildKit's clock is no better.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond)) / float64(time.Second)
}

// compareSteps orders steps: as they began, and then as the plan lists them.
func compareSteps(a, b *prepared) int {
	if (len(a.spans) == 0) != (len(b.spans) == 0) {
		return cmp.Compare(len(b.spans), len(a.spans))
	}
	byStart := 0
	if len(a.spans) > 0 {
		byStart = a.spans[0].from.Compare(b.spans[0].from)
	}
	return cmp.Or(byStart, cmp.Compare(a.step.Platform, b.step.Platform), cmp.Compare(a.place, b.place),
		cmp.Compare(phaseOrder(a.step.Phase), phaseOrder(b.step.Phase)), cmp.Compare(a.step.Name, b.step.Name), cmp.Compare(a.step.Digest, b.step.Digest))
}

func phaseOrder(p Phase) int {
	return slices.Index([]Phase{PhaseFiles, PhaseConfig, PhaseBase, PhaseBuild, PhaseLayers, PhaseTest, PhaseSeal, PhaseExport}, p)
}
