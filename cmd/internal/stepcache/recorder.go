package stepcache

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Recorder looks on at a build and notes what becomes of its steps.
type Recorder struct {
	files Files

	mu          sync.Mutex
	definitions []*pb.Definition
	ran         map[digest.Digest]run
}

// run is when an operation ran, by the builder's clock.
type run struct {
	name     string
	from, to time.Time
}

// NewRecorder returns a recorder for one build of these files.
func NewRecorder(files Files) *Recorder {
	return &Recorder{files: files, ran: map[digest.Digest]run{}}
}

// Compiled takes a definition of the build.
func (r *Recorder) Compiled(def *pb.Definition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.definitions = append(r.definitions, def)
}

// OnStatus takes a message of the build's progress.
func (r *Recorder) OnStatus(status *client.SolveStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range status.Vertexes {
		if v.Cached || v.Error != "" || v.Started == nil || v.Completed == nil {
			continue
		}
		r.ran[v.Digest] = run{name: v.Name, from: *v.Started, to: *v.Completed}
	}
}

// Save adds to the log of the builder's worker what steps the build ran. If it ran no
// program, there is nothing to ask the builder for.
func (r *Recorder) Save(ctx context.Context, c *client.Client, cache string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.ContainsFunc(r.definitions, r.ranProgram) {
		return nil
	}
	log, usage, err := openLog(ctx, c, cache)
	if err != nil {
		return err
	}
	return r.note(log, byDescription(usage))
}

// openLog reads what is noted of a builder, and what is in its cache.
func openLog(ctx context.Context, c *client.Client, cache string) (*Log, []*client.UsageInfo, error) {
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(workers) == 0 {
		return nil, nil, errors.New("the builder has no worker")
	}
	usage, err := c.DiskUsage(ctx)
	return OpenLog(cache, workers[0].ID), usage, err
}

// ranProgram reports whether one of a definition's operations ran that runs a program.
func (r *Recorder) ranProgram(def *pb.Definition) bool {
	_, operations, err := operationsOf(def, func(string, string) digest.Digest { return "" })
	if err != nil {
		return false
	}
	for dgst, op := range operations {
		if _, ok := r.ran[dgst]; ok && op.GetExec() != nil {
			return true
		}
	}
	return false
}

// note adds to a log the steps whose results are found in the builder's cache.
func (r *Recorder) note(log *Log, records map[string][]*client.UsageInfo) error {
	type output struct {
		key    digest.Digest
		result Result
	}
	var outputs []output
	for _, def := range r.definitions {
		_, operations, err := operationsOf(def, r.files)
		if err != nil {
			return err
		}
		for dgst, op := range operations {
			ran, ok := r.ran[dgst]
			if !ok {
				continue
			}
			for _, description := range op.descriptions(ran.name) {
				outputs = append(outputs, output{op.key, Result{Description: description, From: ran.from, To: ran.to, Count: 1}})
			}
			delete(r.ran, dgst) // definitions overlap
		}
	}
	slices.SortFunc(outputs, func(a, b output) int {
		return cmp.Or(strings.Compare(a.result.Description, b.result.Description), a.result.From.Compare(b.result.From))
	})
	notes := map[digest.Digest]Note{}
	for start := 0; start < len(outputs); {
		// Steps that ran at once and have one description stand for each other.
		all, end := outputs[start].result, start+1
		for ; end < len(outputs) && outputs[end].result.Description == all.Description && !outputs[end].result.From.After(all.To); end++ {
			all.Count++
			if to := outputs[end].result.To; to.After(all.To) {
				all.To = to
			}
		}
		for _, o := range outputs[start:end] {
			notes[o.key] = append(notes[o.key], all)
		}
		start = end
	}
	for key, note := range notes {
		if key != "" && note.kept(records) {
			log.Notes[key] = note
		}
	}
	return log.save()
}

// byDescription sorts the records of a builder's cache by what it calls them.
func byDescription(usage []*client.UsageInfo) map[string][]*client.UsageInfo {
	m := map[string][]*client.UsageInfo{}
	for _, u := range usage {
		m[u.Description] = append(m[u.Description], u)
	}
	return m
}

// descriptions returns what BuildKit calls the outputs of an operation that are used. Sources:
// solver/llbsolver/ops of moby/buildkit v0.34, exec.go, and file.go with file/refmanager.go.
func (op *operation) descriptions(name string) []string {
	exec := op.GetExec()
	if exec == nil {
		return []string{name}
	}
	var all []string
	for _, m := range exec.GetMounts() {
		if slices.Contains(op.used, m.GetOutput()) {
			all = append(all, "mount "+m.GetDest()+" from exec "+strings.Join(exec.GetMeta().GetArgs(), " "))
		}
	}
	return all
}
