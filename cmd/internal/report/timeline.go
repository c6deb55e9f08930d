package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"jetkit/cmd/internal/report/page"
)

// axis maps times of a build to places of a drawing.
type axis struct{ from, length float64 }

func (a axis) place(seconds float64) int {
	return int(math.Round(min(max((seconds-a.from)/a.length, 0), 1) * 1000))
}

// ticks divides the axis at round times.
func (a axis) ticks() []page.Tick {
	step := roundTimes[len(roundTimes)-1]
	for _, s := range roundTimes {
		if a.length/s <= 6 {
			step = s
			break
		}
	}
	var ticks []page.Tick
	for i := 0; float64(i)*step <= a.length; i++ {
		label := strings.Replace(formatSeconds(float64(i)*step), ".0s", "s", 1)
		if i == 0 {
			label = "0"
		}
		ticks = append(ticks, page.Tick{X: a.place(a.from + float64(i)*step), Label: label})
	}
	return ticks
}

// roundTimes are what ticks can be apart, in seconds.
var roundTimes = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200}

// timeline draws when what ran, by package.
func timeline(b *Build, img *Image, id string) *page.Timeline {
	a := axis{from: b.Start, length: max(b.Seconds, 0.001)}
	t := &page.Timeline{Ticks: a.ticks()}
	row := func(label string, phases ...Phase) {
		steps := slices.DeleteFunc(stepsOf(b, img, phases...), func(s *Step) bool { return len(s.Packages) > 0 }) // they are in the package's row
		if spent(steps) >= least {
			t.Rows = append(t.Rows, page.Row{Label: label, Time: formatSeconds(spent(steps)), Bars: a.bars(b, steps)})
		}
	}
	row("Files", PhaseFiles)
	row("config.py", PhaseConfig)
	row("Base image", PhaseBase)
	for i := range img.Packages {
		p := &img.Packages[i]
		var steps []*Step
		for j := range b.Steps {
			if s := &b.Steps[j]; slices.Contains(s.Packages, p.Name) && s.on(img) && s.Result != NotRun {
				steps = append(steps, s)
			}
		}
		r := page.Row{Label: p.Name, Link: page.PackageID(id, i+1), Time: formatSeconds(spent(steps)), Bars: a.bars(b, steps)}
		if spent(steps) < least {
			r.Mark = new(packageMark(p))
		}
		t.Rows = append(t.Rows, r)
	}
	row("Layers", PhaseLayers)
	row("Seal", PhaseSeal)
	row("Export", PhaseExport)
	sum := 0.0
	for _, id := range b.Critical {
		s := b.step(id)
		sum += s.Seconds
		if s.Seconds >= a.length/100 { // what took less decides nothing
			t.Critical = append(t.Critical, page.CriticalStep{
				Name: s.Name, Time: formatSeconds(s.Seconds), Share: percent(s.Seconds / a.length), Class: barClass(s),
			})
		}
	}
	t.Note = fmt.Sprintf("Each of these steps began when the one before was done: %s of %s. To have a build that takes less time, make one of these faster.",
		formatSeconds(sum), formatSeconds(b.Seconds))
	return t
}

// bars draws steps; those of no time are left out.
func (a axis) bars(b *Build, steps []*Step) []page.Bar {
	var bars []page.Bar
	for _, s := range steps {
		for _, span := range s.spans() {
			if span.Seconds <= 0 {
				continue
			}
			x := a.place(span.Start)
			bars = append(bars, page.Bar{
				X: x, Width: max(a.place(span.Start+span.Seconds)-x, 2), Class: barClass(s), Critical: slices.Contains(b.Critical, s.ID),
				Title: fmt.Sprintf("%s: %s, from %s on", s.Name, formatSeconds(span.Seconds), formatSeconds(span.Start-a.from)),
			})
		}
	}
	slices.SortStableFunc(bars, func(a, b page.Bar) int { return cmp.Compare(drawn(a), drawn(b)) })
	return bars
}

// drawn orders bars: what is small, and what failed, is drawn over what is large.
func drawn(b page.Bar) int {
	switch {
	case b.Class == "bad":
		return 2
	case b.Critical:
		return 0
	}
	return 1
}

func barClass(s *Step) string {
	switch {
	case s.Result == Failure:
		return "bad"
	case s.Result == Interrupted:
		return "stopped"
	case s.Phase == PhaseBuild:
		return "build"
	case s.Phase == PhaseTest:
		return "test"
	}
	return "other"
}

// sizesView shows whose the bytes of an image are, in the order of its layers. It is nil where
// nobody knows.
func sizesView(img *Image) *page.Sizes {
	if img.Size == 0 {
		return nil
	}
	view := &page.Sizes{Total: formatSize(img.Size)}
	places := map[string]int{}
	sizes := []int64{}
	for _, l := range img.Layers {
		name := map[string]string{"base": "Base image", "join": "Join of the layers", "copy": "Files of the packages", "seal": "Seal", "package": l.Package}[l.Owner]
		if name == "" {
			name = "Not known"
		}
		owner := l.Owner + " " + l.Package // a package may be called as the others are here
		i, ok := places[owner]
		if !ok {
			i = len(sizes)
			places[owner], sizes = i, append(sizes, 0)
			view.Parts = append(view.Parts, page.Part{Name: name})
		}
		sizes[i] += l.Size
		view.Parts[i].Layers = append(view.Parts[i].Layers, page.Layer{
			Size: formatSize(l.Size), CreatedBy: shorten(l.CreatedBy, 300), Digest: shorten(l.Digest, len("sha256:")+13),
		})
	}
	for i := range view.Parts {
		share := float64(sizes[i]) / float64(img.Size)
		p := &view.Parts[i]
		p.Size, p.Width, p.Percent = formatSize(sizes[i]), int(math.Round(share*1000)), percent(share)
	}
	return view
}

func percent(share float64) string {
	if share > 0 && share < 0.005 {
		return "< 1 %"
	}
	return fmt.Sprintf("%.0f %%", share*100)
}
