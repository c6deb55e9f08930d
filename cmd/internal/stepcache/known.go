package stepcache

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
)

// State is what is known of a step's result on a builder.
type State string

// The states of a step.
const (
	// Cached is a step whose result the builder has.
	Cached State = "cached"
	// Missing is a step whose result the builder does not have under any name: it runs,
	// unless the result of a step after it makes it unnecessary.
	Missing State = "missing"
	// Unknown is a step that may be either.
	Unknown State = "unknown"
)

// Step is a step of a build.
type Step struct {
	// Name is that of the progress.
	Name  string `json:"name"`
	State State  `json:"state"`
}

// Question is what to tell of a build.
type Question struct {
	Definition *pb.Definition
	Files      Files
	// Imports reports that the build reads an external cache, which may have any step.
	Imports bool
}

// Steps returns the steps of a build that run a program or copy files, in order, with what
// is known of them. Cache is the folder that the builds' notes are in.
func Steps(ctx context.Context, c *client.Client, cache string, q Question) ([]Step, error) {
	log, usage, err := openLog(ctx, c, cache)
	if err != nil {
		return nil, err
	}
	return steps(usage, log, q)
}

func steps(usage []*client.UsageInfo, log *Log, q Question) ([]Step, error) {
	order, operations, err := operationsOf(q.Definition, q.Files)
	if err != nil {
		return nil, err
	}
	records := byDescription(usage)
	imported := slices.ContainsFunc(usage, foreign)
	var list []Step
	for _, dgst := range order {
		op := operations[dgst]
		if op.name == "" || op.GetSource() != nil || strings.HasPrefix(op.name, "[internal]") || op.GetExec() == nil && op.GetFile() == nil {
			continue
		}
		state := op.state(log, records)
		switch {
		case q.Definition.Metadata[string(dgst)].GetIgnoreCache():
			state = Missing
		case state == Missing && (q.Imports || imported):
			state = Unknown
		}
		list = append(list, Step{Name: op.name, State: state})
	}
	return list, nil
}

// foreign reports a result that the builder did not make and that is no image by digest:
// one of an external cache. It may be that of any step.
func foreign(u *client.UsageInfo) bool {
	if u.Mutable {
		return false
	}
	for _, own := range []string{"mount ", "cached mount ", "[", "local source for ", "fileop target"} {
		if strings.HasPrefix(u.Description, own) {
			return false
		}
	}
	image, pulled := strings.CutPrefix(u.Description, "pulled from ")
	return !pulled || !strings.Contains(image, "@sha256:")
}

func (op *operation) state(log *Log, records map[string][]*client.UsageInfo) State {
	note, noted := log.Notes[op.key]
	if noted && op.key != "" && note.kept(records) {
		return Cached
	}
	if op.GetExec() == nil { // its name may have been another
		return Unknown
	}
	for _, description := range op.descriptions(op.name) {
		if len(records[description]) == 0 {
			return Missing
		}
	}
	return Unknown
}
