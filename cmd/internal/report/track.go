package report

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"jetkit/frontend"
	"jetkit/llb/chain"
)

// track is what the progress says of one vertex.
type track struct {
	digest digest.Digest
	name   string
	inputs []digest.Digest
	// spans are the times in which it ran; the last one is open while it runs.
	spans  []interval
	cached bool
	ended  bool
	err    string
	output output
	log    *logFile
}

type interval struct{ from, to time.Time }

// fetched matches the transfer of a result that another builder made. BuildKit shows such
// a step as done, not as cached, once something needs its files.
var fetched = regexp.MustCompile(`^(?:extracting )?sha256:[0-9a-f]{64}`)

// update takes in one message about the vertex. It may be told several times that it began
// and ended: each time it is asked for, for one.
func (t *track) update(v *client.Vertex) {
	t.name = v.Name
	if len(v.Inputs) > 0 && v.Digest == t.digest {
		t.inputs = v.Inputs
	}
	t.cached = t.cached || v.Cached
	if v.Started == nil {
		return
	}
	i := slices.IndexFunc(t.spans, func(s interval) bool { return s.from.Equal(*v.Started) })
	if i < 0 {
		t.spans = append(t.spans, interval{from: *v.Started})
		i = len(t.spans) - 1
	}
	t.ended = v.Completed != nil
	if t.ended {
		t.spans[i].to = *v.Completed
		t.err = chain.PlainText(v.Error)
	}
}

// waits says that nothing was told of it but its name, or that it was given up: also where
// the same runs for another build.
func (t *track) waits() bool { return len(t.spans) == 0 && !t.cached || t.canceled() }

func (t *track) canceled() bool { return strings.HasSuffix(t.err, "context canceled") }

// shifted returns the times in which it ran by another clock.
func (t *track) shifted(by time.Duration) []interval {
	spans := slices.Clone(t.spans)
	for i := range spans {
		spans[i].from = spans[i].from.Add(by)
		if !spans[i].to.IsZero() {
			spans[i].to = spans[i].to.Add(by)
		}
	}
	return spans
}

// union joins intervals that overlap; one that is open ends now. Where there are real ones,
// moments at which BuildKit only looked for a result are left out.
func union(spans []interval, now time.Time) []interval {
	spans = slices.Clone(spans)
	for i := range spans {
		if spans[i].to.IsZero() {
			spans[i].to = now
		}
	}
	slices.SortFunc(spans, func(a, b interval) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var joined []interval
	for _, s := range spans {
		if n := len(joined); n > 0 && !s.from.After(joined[n-1].to) {
			if s.to.After(joined[n-1].to) {
				joined[n-1].to = s.to
			}
			continue
		}
		joined = append(joined, s)
	}
	long := slices.DeleteFunc(slices.Clone(joined), func(s interval) bool { return !s.to.After(s.from) })
	if len(long) > 0 {
		return long
	}
	return joined[:min(len(joined), 1)]
}

func length(spans []interval) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		sum += s.to.Sub(s.from)
	}
	return sum
}

// result says what became of the step, once the build has ended or not.
func (t *track) result(over bool) Result {
	switch {
	case len(t.spans) == 0 && t.cached:
		return Cached
	case len(t.spans) == 0:
		return NotRun
	case !t.ended && over:
		return Interrupted
	case !t.ended:
		return Running
	case t.canceled():
		return Interrupted
	case t.err != "":
		return Failure
	case t.cached:
		return Cached
	}
	return Ran
}

// phaseOf sorts what the frontend did not describe by the names that BuildKit and the
// frontend themselves give it. A package's steps are never among it.
func phaseOf(name string) Phase {
	// The platform comes first in a build for several: "[linux/arm64 internal] …".
	kind, _, _ := strings.Cut(strings.TrimPrefix(name, "["), "]")
	kind = kind[strings.LastIndexByte(kind, ' ')+1:]
	switch {
	case strings.Contains(name, "] generating sbom using "),
		strings.HasPrefix(name, "exporting "), strings.HasPrefix(name, "pushing "),
		strings.HasPrefix(name, "sending "), strings.HasPrefix(name, "writing "), strings.HasPrefix(name, "preparing build cache"):
		return PhaseExport
	case !strings.HasPrefix(name, "["):
		return PhaseFiles
	case kind == "config":
		return PhaseConfig
	case kind == "layers":
		return PhaseLayers
	case kind == "base", strings.HasPrefix(name, "[auth]"), strings.Contains(name, "] load metadata for "):
		return PhaseBase
	}
	return PhaseFiles
}

// phases are those of the operations that the frontend describes.
var phases = map[frontend.OperationKind]Phase{
	frontend.BaseOperation:        PhaseBase,
	frontend.InstructionOperation: PhaseBuild,
	frontend.LayerOperation:       PhaseLayers,
	frontend.JoinOperation:        PhaseLayers,
	frontend.TestOperation:        PhaseTest,
	frontend.CheckOperation:       PhaseSeal,
	frontend.CopyOperation:        PhaseLayers,
	frontend.SealOperation:        PhaseSeal,
}
