package report

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"jetkit/cmd/internal/report/page"
	"jetkit/pkgspec/plan"
)

// html writes the report as a page.
func (r *Report) html(w io.Writer) error {
	doc := page.Doc{Kind: "Build report", Status: new(markOf(r.Result))}
	names := make([]string, len(r.Builds))
	for i := range r.Builds {
		names[i] = r.Builds[i].Name
	}
	doc.Title = cmp.Or(strings.Join(names, ", "), "no build")
	doc.Facts = r.facts()
	doc.Tiles = r.tiles()
	doc.Builds = r.buildsView()
	for i := range r.Builds {
		b := &r.Builds[i]
		doc.Failures = append(doc.Failures, r.failures(b)...)
		doc.Warnings = append(doc.Warnings, b.Warnings...)
		doc.Clipped = cmp.Or(doc.Clipped, b.clipAdvice())
		for j := range b.Images {
			doc.Images = append(doc.Images, r.imageView(i, j))
		}
	}
	return doc.Write(w)
}

// buildsView lists the builds, or images, of a run with several.
func (r *Report) buildsView() []page.Build {
	var rows []page.Build
	for i := range r.Builds {
		b := &r.Builds[i]
		row := page.Build{Name: b.Name, Mark: markOf(b.Result), Image: strings.Join(b.Tags, ", "), Time: formatSeconds(b.Seconds)}
		for j := range b.Images {
			img := &b.Images[j]
			row.Name, row.Link, row.Tests, row.Size = cmp.Or(titleOf(r, b, img), b.Name), imageID(i, j), testsOf(img, ""), ""
			if img.Size > 0 {
				row.Size = formatSize(img.Size)
			}
			rows = append(rows, row)
		}
		if len(b.Images) == 0 {
			rows = append(rows, row)
		}
	}
	if len(rows) < 2 {
		return nil
	}
	return rows
}

func imageID(build, image int) string { return fmt.Sprintf("image-%d-%d", build+1, image+1) }

// markOf shows a result.
func markOf(r Result) page.Mark {
	switch r {
	case Success, Passed:
		return page.Mark{Class: "good", Text: string(r)}
	case Failure:
		return page.Mark{Class: "bad", Text: "failed"}
	case Interrupted:
		return page.Mark{Class: "warn", Text: "interrupted"}
	case Running:
		return page.Mark{Class: "warn", Text: "running"}
	case Cached:
		return page.Mark{Class: "info", Text: "cached"}
	case NotRun:
		return page.Mark{Class: "dim", Text: "not run"}
	}
	return page.Mark{Class: "dim", Text: string(r)}
}

// facts list what the page begins with.
func (r *Report) facts() []page.Fact {
	facts := []page.Fact{{Name: "Started", Value: r.Started.Format("2006-01-02 15:04:05 UTC")}}
	add := func(name, value string, code bool) {
		if value != "" {
			facts = append(facts, page.Fact{Name: name, Value: value, Code: code})
		}
	}
	add("Builder", r.Builder, false)
	if len(r.Builds) == 1 {
		b := &r.Builds[0]
		add("Image", strings.Join(b.Tags, ", "), true)
		add("Digest", b.Digest, true)
		for _, img := range b.Images {
			t := img.Plan.Target
			add("For", strings.Join(slices.DeleteFunc([]string{
				img.Platform, prefixed("L4T ", t.L4T.Value), prefixed("JetPack ", t.JetPack.Value), prefixed("CUDA ", t.CUDA.Value), prefixed("Python ", t.Python.Value),
			}, func(s string) bool { return s == "" }), " · "), false)
		}
	}
	add("Logs", r.LogDir, true)
	return facts
}

func prefixed(prefix, value string) string {
	if value == "" {
		return ""
	}
	return prefix + value
}

// tiles are the numbers that matter.
func (r *Report) tiles() []page.Tile {
	packages, steps, cached := 0, 0, 0
	count := map[Result]int{}
	size := int64(0)
	for _, b := range r.Builds {
		for _, img := range b.Images {
			packages += len(img.Packages)
			size += img.Size
			for _, p := range img.Packages {
				steps, cached = steps+p.Steps, cached+p.CachedSteps
			}
			for _, t := range img.Tests {
				count[t.Result]++
			}
		}
	}
	tiles := []page.Tile{{Label: "Time", Value: formatSeconds(r.Seconds), Note: criticalNote(r)}}
	if steps > 0 {
		tiles = append(tiles, page.Tile{Label: "Packages", Value: fmt.Sprint(packages), Note: fmt.Sprintf("%d of %s cached", cached, plural(steps, "step"))})
	}
	if all := count[Passed] + count[Failure] + count[Interrupted] + count[Running] + count[NotRun]; all > 0 {
		tile := page.Tile{Label: "Tests", Value: fmt.Sprintf("%d of %d", count[Passed], all), Note: "passed"}
		if count[Failure] > 0 {
			tile.Note = fmt.Sprintf("passed, %d failed", count[Failure])
		}
		tiles = append(tiles, tile)
	}
	if size > 0 {
		tiles = append(tiles, page.Tile{Label: "Size", Value: formatSize(size), Note: "compressed"})
	}
	return tiles
}

func criticalNote(r *Report) string {
	if len(r.Builds) != 1 {
		return plural(len(r.Builds), "build")
	}
	return fmt.Sprintf("%s on the critical path", plural(len(r.Builds[0].Critical), "step"))
}

// failures shows what went wrong with a build: what it says itself, and what the steps wrote
// that failed.
func (r *Report) failures(b *Build) []page.Failure {
	f := page.Failure{Title: b.Name + " was not built", Text: b.Error}
	for i := range b.Steps {
		if s := &b.Steps[i]; s.Result == Failure {
			out := page.Output{Name: s.Name, Log: r.logPath(s), Output: "(none)"}
			if s.Output != nil {
				out.Output = tail(s.Output.Text, outputLines)
			}
			f.Outputs = append(f.Outputs, out)
		}
	}
	switch b.Result {
	case Success:
		return nil
	case Interrupted:
		f.Title = b.Name + " was interrupted after " + formatSeconds(b.Seconds)
	}
	return []page.Failure{f}
}

// outputLines is how much of a failed step's output stands at the top of the page.
const outputLines = 60

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > lines {
		all = append([]string{"…"}, all[len(all)-lines:]...)
	}
	return strings.Join(all, "\n")
}

func (r *Report) logPath(s *Step) string {
	if s == nil || s.Log == "" {
		return ""
	}
	return filepath.Join(r.LogDir, filepath.FromSlash(s.Log))
}

func (b *Build) clipAdvice() string {
	for _, s := range b.Steps {
		if s.Output != nil && s.Output.Clipped != "" {
			return clipAdvice(s.Output.Clipped)
		}
	}
	return ""
}

// imageView shows one image of a build.
func (r *Report) imageView(build, image int) page.Image {
	b := &r.Builds[build]
	img := &b.Images[image]
	id := imageID(build, image)
	view := page.Image{
		ID: id, Title: titleOf(r, b, img), Timeline: timeline(b, img, id), Sizes: sizesView(img), Tests: r.testsView(b, img),
		Plan: page.PlanOf(id, img.Plan, img.PlanDigest), Steps: stepsView(b, img),
	}
	packages := map[string]*Package{}
	for i := range img.Packages {
		p := &img.Packages[i]
		packages[p.Name] = p
		shown := &view.Plan.Packages[i]
		shown.Marks = append(shown.Marks, packageMark(p))
		shown.Time = strings.TrimPrefix(secondsOrNone(p.Seconds), none)
		if p.Size != nil {
			shown.Size = formatSize(*p.Size)
		}
		shown.Details = append(shown.Details, page.Fact{Name: "steps", Value: fmt.Sprintf("%d, %d cached", p.Steps, p.CachedSteps)})
	}
	view.Graph = page.GraphOf(id, img.Plan, func(s plan.Step) (note, class string) {
		p := packages[s.Name]
		switch p.Result {
		case Failure:
			return "failed", "failed"
		case Cached:
			return "cached", "cached"
		case NotRun, Interrupted, Running:
			return "not built", "waiting"
		}
		if p.Steps == 0 {
			return "", ""
		}
		return formatSeconds(p.Seconds), ""
	})
	return view
}

// titleOf names an image where there are several.
func titleOf(r *Report, b *Build, img *Image) string {
	var words []string
	if len(r.Builds) > 1 {
		words = append(words, b.Name)
	}
	if len(b.Images) > 1 {
		words = append(words, img.Platform)
	}
	return strings.Join(words, " ")
}

func packageMark(p *Package) page.Mark {
	switch {
	case p.Steps == 0:
		return page.Mark{Class: "dim", Text: "group"}
	case p.Result == Ran:
		return page.Mark{Class: "good", Text: "built"}
	}
	return markOf(p.Result)
}

// testsView lists the tests, those that failed first.
func (r *Report) testsView(b *Build, img *Image) []page.Test {
	var failed, rest []page.Test
	for i := range img.Tests {
		t := &img.Tests[i]
		s := b.step(t.Step)
		view := page.Test{Package: t.Package, Name: t.Name, Where: whereText(t.Where), Mark: markOf(t.Result), Reason: t.Reason, Log: r.logPath(s)}
		if t.Cached {
			view.Mark.Text = "passed, cached"
		}
		if s != nil && s.Output != nil {
			view.Output = s.Output.Text
		}
		if t.Result == Passed || t.Result == Failure {
			view.Time = strings.TrimPrefix(secondsOrNone(t.Seconds), none)
		}
		if view.Open = t.Result == Failure; view.Open {
			failed = append(failed, view)
		} else {
			rest = append(rest, view)
		}
	}
	return append(failed, rest...)
}

func whereText(where []string) string {
	switch {
	case len(where) == 2:
		return "on its own stage, which is the image"
	case len(where) == 1 && where[0] == "image":
		return "on the finished image"
	case len(where) == 1:
		return "on its own stage"
	}
	return ""
}

func stepsView(b *Build, img *Image) []page.Step {
	var steps []page.Step
	for i := range b.Steps {
		s := &b.Steps[i]
		if !s.on(img) {
			continue
		}
		view := page.Step{Number: s.ID, Name: s.Name, Mark: markOf(s.Result)}
		if s.Result == Ran {
			view.Mark = page.Mark{Class: "good", Text: "done"}
		}
		if s.Result != NotRun {
			view.Start, view.End = formatSeconds(s.Start), formatSeconds(s.Seconds)
		}
		steps = append(steps, view)
	}
	return steps
}
