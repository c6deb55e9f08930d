package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"jetkit/frontend"
	"jetkit/pkgspec/diag"
)

// Table writes what a person wants to know at the end of a build: a row for each package,
// with those of the base image and of the rest around them, and what took longest. Of
// several builds each is a row.
func (r *Report) Table(w io.Writer) error {
	var t textTable
	if len(r.Builds) > 1 {
		t.summary(r)
	} else {
		for i := range r.Builds {
			t.build(&r.Builds[i])
		}
	}
	t.notes(r)
	_, err := io.WriteString(w, t.b.String())
	return err
}

// none stands for what there is not, or what nobody knows.
const none = "-"

type textTable struct{ b strings.Builder }

// build writes the tables of a build's images. One that failed before there was a plan has
// none: its error says all.
func (t *textTable) build(b *Build) {
	for i := range b.Images {
		img := &b.Images[i]
		if t.b.Len() > 0 {
			t.b.WriteByte('\n')
		}
		if len(b.Images) > 1 {
			t.b.WriteString(diag.Clean(img.Platform) + "\n")
		}
		t.rows(append([][]string{{"PACKAGE", "TIME", "CACHED", "TESTS", "SIZE"}}, rowsOf(b, img)...))
	}
}

// rowsOf lists the rows of an image's table.
func rowsOf(b *Build, img *Image) [][]string {
	var rows [][]string
	row := func(name string, phases ...Phase) {
		steps := stepsOf(b, img, phases...)
		size := none
		owned, ok := img.sizeOf(ownersOf(phases[0]))
		if ok {
			size = formatSize(owned)
		}
		failed := slices.ContainsFunc(steps, func(s *Step) bool { return s.Result == Failure })
		switch took := spent(steps); {
		case failed:
			rows = append(rows, []string{name, formatSeconds(took) + " failed", none, none, size})
		case took >= worthRow || owned >= worthSize:
			rows = append(rows, []string{name, secondsOrNone(took), none, none, size})
		}
	}
	row("files", PhaseFiles)
	row("config.py", PhaseConfig)
	row("base image", PhaseBase)
	for _, p := range img.Packages {
		rows = append(rows, []string{p.Name, packageTime(&p), cachedOf(p.CachedSteps, p.Steps), testsOf(img, p.Name), sizeText(p.Size)})
	}
	row("layers", PhaseLayers)
	row("seal", PhaseSeal)
	row("export", PhaseExport)
	cached, all := 0, 0
	for _, p := range img.Packages {
		cached, all = cached+p.CachedSteps, all+p.Steps
	}
	total := none
	if img.Size > 0 {
		total = formatSize(img.Size)
	}
	return append(rows, []string{"total", formatSeconds(b.Seconds), cachedOf(cached, all), testsOf(img, ""), total})
}

// A row of something that is no package is worth it from this time on, in seconds, or
// from this size, in bytes.
const (
	worthRow  = 1
	worthSize = 1_000_000
)

// ownersOf returns whose layers a phase makes.
func ownersOf(p Phase) []string {
	switch p {
	case PhaseBase, PhaseSeal:
		return []string{string(p)}
	case PhaseLayers:
		return []string{string(frontend.JoinOperation), string(frontend.CopyOperation)}
	default:
		return nil
	}
}

// sizeOf returns the size of the layers of some owners.
func (img *Image) sizeOf(owners []string) (int64, bool) {
	var sum int64
	found := false
	for _, l := range img.Layers {
		if slices.Contains(owners, l.Owner) {
			sum, found = sum+l.Size, true
		}
	}
	return sum, found
}

// stepsOf lists the steps of some phases that began, of an image and of all.
func stepsOf(b *Build, img *Image, phases ...Phase) []*Step {
	var steps []*Step
	for i := range b.Steps {
		s := &b.Steps[i]
		if slices.Contains(phases, s.Phase) && s.on(img) && s.Result != NotRun {
			steps = append(steps, s)
		}
	}
	return steps
}

// spent is how long at least one of the steps ran, in seconds.
func spent(steps []*Step) float64 {
	var spans []Span
	for _, s := range steps {
		spans = append(spans, s.spans()...)
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	sum, until := 0.0, 0.0
	for _, s := range spans {
		sum += max(0, s.Start+s.Seconds-max(s.Start, until))
		until = max(until, s.Start+s.Seconds)
	}
	return sum
}

// spans are the times in which a step ran.
func (s *Step) spans() []Span {
	if s.Spans == nil {
		return []Span{{s.Start, s.Seconds}}
	}
	return s.Spans
}

// packageTime is how long a package was built, or why it was not.
func packageTime(p *Package) string {
	switch p.Result {
	case Failure:
		return formatSeconds(p.Seconds) + " failed"
	case Interrupted, Running:
		return formatSeconds(p.Seconds) + " stopped"
	case NotRun:
		return "not built"
	}
	return secondsOrNone(p.Seconds)
}

// least is the least time that is worth a row, in seconds.
const least = 0.05

func secondsOrNone(s float64) string {
	if s < least {
		return none
	}
	return formatSeconds(s)
}

func cachedOf(cached, all int) string {
	if all == 0 {
		return none
	}
	return fmt.Sprintf("%d/%d", cached, all)
}

func sizeText(size *int64) string {
	if size == nil {
		return none
	}
	return formatSize(*size)
}

// testsOf sums up the tests of a package, or of all if the name is empty.
func testsOf(img *Image, pkg string) string {
	count := map[Result]int{}
	cached, took := 0, 0.0
	for _, t := range img.Tests {
		if pkg != "" && t.Package != pkg {
			continue
		}
		count[t.Result]++
		took += t.Seconds
		if t.Cached {
			cached++
		}
	}
	var parts []string
	for _, part := range []struct {
		result Result
		word   string
	}{{Failure, "failed"}, {Passed, "passed"}, {Interrupted, "stopped"}, {Running, "running"}, {Skipped, "skipped"}, {NotRun, "not run"}} {
		if n := count[part.result]; n > 0 {
			text := fmt.Sprintf("%d %s", n, part.word)
			if part.result == Passed && cached > 0 {
				text += " (" + cachedWord(cached, n) + ")"
			}
			parts = append(parts, text)
		}
	}
	if took >= least {
		parts = append(parts, formatSeconds(took))
	}
	return cmp.Or(strings.Join(parts, ", "), none)
}

func cachedWord(cached, all int) string {
	if cached == all {
		return "cached"
	}
	return fmt.Sprintf("%d cached", cached)
}

// slowest is how many steps the notes name.
const slowest = 3

// notes writes what is below the tables.
func (t *textTable) notes(r *Report) {
	var steps []*Step
	clipped := map[string]int{}
	for i := range r.Builds {
		for j := range r.Builds[i].Steps {
			s := &r.Builds[i].Steps[j]
			if s.Seconds >= worthRow && !strings.Contains(s.Name, "internal] ") {
				steps = append(steps, s)
			}
			if s.Output != nil && s.Output.Clipped != "" {
				clipped[s.Output.Clipped]++
			}
		}
	}
	if t.b.Len() == 0 {
		return // no build got as far as its packages
	}
	slices.SortStableFunc(steps, func(a, b *Step) int { return cmp.Compare(b.Seconds, a.Seconds) })
	for i, s := range steps[:min(len(steps), slowest)] {
		head := ""
		if i == 0 {
			head = "Slowest"
			t.b.WriteByte('\n')
		}
		fmt.Fprintf(&t.b, "%-8s  %7s  %s\n", head, formatSeconds(s.Seconds), shorten(strings.Join(strings.Fields(diag.Clean(s.Name)), " "), 80))
	}
	for _, limit := range slices.Sorted(maps.Keys(clipped)) {
		advice := strings.ReplaceAll(clipAdvice(diag.Clean(limit)), "\n", "\n  ")
		fmt.Fprintf(&t.b, "\nThe output of %s is not complete: %s\n", plural(clipped[limit], "step"), advice)
	}
}

// summary lists the builds of a run with several.
func (t *textTable) summary(r *Report) {
	rows := [][]string{{"PACKAGE", "RESULT", "TIME", "CACHED", "TESTS", "SIZE", "IMAGE"}}
	for _, b := range r.Builds {
		cached, all, size := 0, 0, int64(0)
		var tests Image
		for _, img := range b.Images {
			size += img.Size
			tests.Tests = append(tests.Tests, img.Tests...)
			for _, p := range img.Packages {
				cached, all = cached+p.CachedSteps, all+p.Steps
			}
		}
		text := none
		if size > 0 {
			text = formatSize(size)
		}
		rows = append(rows, []string{b.Name, string(b.Result), formatSeconds(b.Seconds), cachedOf(cached, all), testsOf(&tests, ""), text, cmp.Or(strings.Join(b.Tags, " "), none)})
	}
	t.rows(append(rows, []string{"total", string(r.Result), formatSeconds(r.Seconds), none, none, none, ""}))
}

// maxCell bounds the width of a column, so that a long name does not push the others away.
const maxCell = 50

// rows writes a table as docker does: columns three spaces apart, headings in capitals.
func (t *textTable) rows(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			if row[i] = diag.Clean(cell); rows[0][i] != "IMAGE" { // names of images are there to be copied
				row[i] = shorten(row[i], maxCell)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s   ", widths[i], cell)
		}
		t.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
