package report

import (
	"slices"
	"time"
)

// critical finds the steps that decided how long a build took: from the step that ended
// last back, each time, to the one of its inputs that ended last. A step of no inputs
// follows whatever ended last before it began: files are read before the plan, the plan
// is made before the packages are built, and exports come last. A build that failed ended
// with the first step that did.
func critical(steps []*prepared) []int {
	byID := map[int]*prepared{}
	var ran []*prepared
	for _, p := range steps {
		if len(p.spans) > 0 && length(p.spans) > 0 {
			byID[p.step.ID] = p
			ran = append(ran, p)
		}
	}
	path := []int{}
	last := latest(ran)
	failed := slices.DeleteFunc(slices.Clone(ran), func(p *prepared) bool { return p.step.Result != Failure })
	if len(failed) > 0 { // what others did until they were stopped decided nothing
		last = failed[0]
		for _, p := range failed {
			if p.end().Before(last.end()) {
				last = p
			}
		}
	}
	for p := last; p != nil && !slices.Contains(path, p.step.ID); {
		path = append(path, p.step.ID)
		began := p.spans[0].from
		var inputs []*prepared
		for _, id := range p.step.Inputs {
			if in := byID[id]; in != nil {
				inputs = append(inputs, in)
			}
		}
		next := latest(inputs)
		if next == nil || next.spans[0].from.After(began) {
			next = latestBefore(ran, began)
		}
		p = next
	}
	slices.Reverse(path)
	return path
}

func (p *prepared) end() time.Time { return p.spans[len(p.spans)-1].to }

// latest returns the step that ended last, nil without any. Where several did, it is the
// first in the report's order.
func latest(steps []*prepared) *prepared {
	var last *prepared
	for _, p := range steps {
		if last == nil || p.end().After(last.end()) {
			last = p
		}
	}
	return last
}

// latestBefore is latest among the steps that had ended by then, and began before.
func latestBefore(steps []*prepared, then time.Time) *prepared {
	before := slices.Collect(func(yield func(*prepared) bool) {
		for _, p := range steps {
			if p.spans[0].from.Before(then) && !p.end().After(then) && !yield(p) {
				return
			}
		}
	})
	return latest(before)
}
