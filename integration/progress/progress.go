// Package progress reads what buildx prints with --progress=plain: which steps a
// build had, and what became of each.
package progress

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Step is one operation of a build.
type Step struct {
	// Name is what buildx shows, such as "[numpy 1/1] RUN apt-get update".
	Name string
	// Cached is set when the result was there already, here or, once fetched, in a registry.
	Cached bool
	// Ran is set when the operation was carried out to its end.
	Ran bool
	// Failed is set when it ended with an error.
	Failed bool
	// Time is how long it took; zero if it did not run.
	Time time.Duration
	// Output is what it wrote, without the times in front.
	Output []string
}

var (
	line = regexp.MustCompile(`^#(\d+) (.*)$`)
	done = regexp.MustCompile(`^DONE (\d+\.\d+)s$`)
	said = regexp.MustCompile(`^\d+\.\d+ (.*)$`)
	// fetched matches the transfer of a result that another builder made: a step that runs has none, and what it says
	// has a time in front. BuildKit shows such a step as DONE, not as CACHED, once something needs its files.
	fetched = regexp.MustCompile(`^(?:extracting )?sha256:[0-9a-f]{64}`)
)

// Parse reads the progress of one build; steps come in the order they began.
func Parse(text string) []*Step {
	var steps []*Step
	byNumber := map[string]*Step{}
	for l := range strings.Lines(text) {
		m := line.FindStringSubmatch(strings.TrimRight(l, "\r\n"))
		if m == nil {
			continue
		}
		step, ok := byNumber[m[1]]
		if !ok {
			step = &Step{Name: m[2]}
			byNumber[m[1]] = step
			steps = append(steps, step)
			continue
		}
		step.add(m[2])
	}
	return steps
}

func (s *Step) add(text string) {
	switch {
	case text == "CACHED", fetched.MatchString(text):
		s.Cached = true
	case strings.HasPrefix(text, "ERROR: "):
		s.Failed = true
	case done.MatchString(text):
		seconds, err := strconv.ParseFloat(done.FindStringSubmatch(text)[1], 64)
		if err == nil {
			s.Ran, s.Time = true, time.Duration(seconds*float64(time.Second))
		}
	case said.MatchString(text):
		s.Output = append(s.Output, said.FindStringSubmatch(text)[1])
	}
}

// Find returns the first step whose name begins with the prefix, or nil.
func Find(steps []*Step, prefix string) *Step {
	for _, s := range steps {
		if strings.HasPrefix(s.Name, prefix) {
			return s
		}
	}
	return nil
}

// command matches the names of steps that run something of a package: a
// Dockerfile's instruction, "[numpy 1/2] RUN …", or a test, "[test numpy] …".
// What BuildKit does for itself is called "[internal] …" or "[context …] …".
var command = regexp.MustCompile(`^\[(?:.* )?(?:\d+/\d+|test [^\]]+)\] `)

// Executed returns the steps that ran something of a package or a test in this
// build, not those that came from a cache. A FROM is none: it is the name that another build
// has for an image, if both fetch it at once.
func Executed(steps []*Step) []*Step {
	var ran []*Step
	for _, s := range steps {
		if s.Ran && !s.Cached && command.MatchString(s.Name) && !strings.Contains(s.Name, "] FROM ") {
			ran = append(ran, s)
		}
	}
	return ran
}
