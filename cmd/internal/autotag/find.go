package autotag

import (
	"context"
	"errors"
	"slices"
	"sync"

	"jetkit/cmd/internal/images"
	"jetkit/pkgspec/plan"
)

// The sources that images come from. Build is no source of Find's.
const (
	Local    = "local"
	Registry = "registry"
	Build    = "build"
)

// Source is a source and its stores, the preferred first.
type Source struct {
	Name   string
	Stores []images.Store
}

// Request is what to find.
type Request struct {
	Target Target
	Wants  []Want
}

// Report is what became of one store.
type Report struct {
	Source string `json:"source"`
	Store  string `json:"store"`
	// Images is how many images the store has, or tags were listed.
	Images int `json:"images"`
	// Absent says that the store is not there, and Problem what went wrong.
	Absent  bool   `json:"absent,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Result is what was found.
type Result struct {
	// Best is the image to take, nil if none fits. The best of each source asked is
	// decided by its place.
	Best *Candidate
	// Candidates are all candidates: the best, those that fit, those that do not.
	Candidates []*Candidate
	Reports    []Report
}

const (
	// atOnce is how many images of a local store are read at the same time, and batch how
	// many of a registry.
	atOnce = 8
	batch  = 4
	// maxBatches bounds how many images of a registry are read. Docker Hub lets who is not
	// logged in read few in an hour.
	maxBatches = 5
	// maxRead bounds the images of a local store that are read because their labels are
	// not known otherwise.
	maxRead = 500
)

// Find looks for images in one source. The order is the source's place among all.
func (r *Request) Find(ctx context.Context, source Source, order int) (*Result, error) {
	found := &Result{}
	for i, store := range source.Stores {
		report := Report{Source: source.Name, Store: store.String()}
		list, err := store.List(ctx, Repositories(r.Wants))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			report.Absent, report.Problem = errors.Is(err, images.ErrAbsent), err.Error()
			found.Reports = append(found.Reports, report)
			continue
		}
		report.Images = len(list)
		found.Reports = append(found.Reports, report)
		candidates := make([]*Candidate, len(list))
		for j, image := range list {
			candidates[j] = &Candidate{Image: image, Source: source.Name, Store: store.String(), place: [2]int{order, i}}
		}
		if source.Name == Local {
			candidates = r.local(ctx, store, candidates)
		} else {
			candidates, err = r.remote(ctx, store, candidates)
			if err != nil {
				found.Reports[len(found.Reports)-1].Problem = err.Error()
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		found.Candidates = append(found.Candidates, candidates...)
	}
	found.settle()
	return found, nil
}

// Add joins what another source gave.
func (r *Result) Add(other *Result) {
	r.Candidates = append(r.Candidates, other.Candidates...)
	r.Reports = append(r.Reports, other.Reports...)
	r.settle()
}

// settle decides which candidate is the best, and why the others that fit are not.
func (r *Result) settle() {
	slices.SortStableFunc(r.Candidates, preferred)
	r.Best = nil
	for _, c := range r.Candidates {
		switch {
		case !c.Fits():
		case r.Best == nil:
			r.Best, c.Lost = c, nil
		default:
			c.Lost = &Reason{Rule: RuleOrder, Text: because(r.Best, c)}
		}
	}
}

// local reads all images that may be candidates: those that are called as a package is, or
// list it, and those whose labels the store did not tell.
func (r *Request) local(ctx context.Context, store images.Store, all []*Candidate) []*Candidate {
	unread := 0
	all = slices.DeleteFunc(all, func(c *Candidate) bool {
		if r.concerns(c) {
			return false
		}
		if c.Listed == nil {
			unread++
		}
		return c.Listed != nil || unread > maxRead
	})
	each(all, atOnce, func(_ int, c *Candidate) { _ = r.read(ctx, store, c) }) // the candidate keeps the error
	return slices.DeleteFunc(all, func(c *Candidate) bool { return !r.concerns(c) })
}

// remote judges tags first. Those that fit by their tag, or of which it says nothing, are
// read in the order of preference, a few at a time, until one fits. It returns an error
// when the registry gave none of the few: then it is not asked any more.
func (r *Request) remote(ctx context.Context, store images.Store, all []*Candidate) ([]*Candidate, error) {
	all = slices.DeleteFunc(all, func(c *Candidate) bool { return !r.concerns(c) })
	var open []*Candidate
	for _, c := range all {
		c.judge(&r.Target, r.Wants)
		if c.Fits() || c.Unsure() {
			open = append(open, c)
		}
	}
	slices.SortStableFunc(open, preferred)
	var err error
	fits := false
	for n := 0; len(open) > 0 && n < maxBatches && !fits && err == nil; n++ {
		now := open[:min(batch, len(open))]
		open = open[len(now):]
		problems := make([]error, len(now))
		each(now, batch, func(i int, c *Candidate) { problems[i] = r.read(ctx, store, c) })
		fits = slices.ContainsFunc(now, (*Candidate).Fits)
		if !slices.Contains(problems, nil) {
			err = problems[0]
		}
	}
	why := "not looked at: too many others were"
	switch {
	case fits:
		why = "not looked at: others were better by their tag, and one of them fits"
	case err != nil:
		why = "not looked at: the registry does not answer"
	}
	for _, c := range open {
		c.refuse(RuleSkipped, "%s", why)
	}
	return all, err
}

// concerns reports whether an image has to do with any of the packages.
func (r *Request) concerns(c *Candidate) bool {
	labels := c.Labels
	if !c.Read {
		labels = c.Listed
	}
	var f Facts
	f.labels(map[string]string{plan.LabelPrefix + "packages": labels[plan.LabelPrefix+"packages"]})
	return slices.ContainsFunc(r.Wants, func(w Want) bool {
		held, _ := w.listed(f.Packages)
		return held || w.called(c.Image)
	})
}

// read reads an image and judges it.
func (r *Request) read(ctx context.Context, store images.Store, c *Candidate) error {
	err := store.Read(ctx, c.Image, r.Target.Platform())
	c.judge(&r.Target, r.Wants)
	if err != nil {
		c.refuse(RuleRead, "it cannot be read: %s", err)
	}
	return err
}

// each calls do for all candidates, some at a time.
func each(list []*Candidate, atOnce int, do func(int, *Candidate)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, c := range list {
		slots <- struct{}{}
		wg.Go(func() {
			do(i, c)
			<-slots
		})
	}
	wg.Wait()
}
