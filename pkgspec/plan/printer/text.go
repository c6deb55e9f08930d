// Package printer writes plans for people: as text, and as graphs in Mermaid and
// Graphviz. Text of others, of which a plan holds much, is cleaned on the way.
package printer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// width is how many columns the text form has.
const width = 100

// Text lays the plan out for people: the target with a reason for every
// value, the base image, what build arguments changed, what the build has to be
// allowed, and the chain with its tests and why each package is in it.
func Text(p *plan.Plan) string {
	var w textWriter
	w.target(p.Target, p.Base)
	w.lines("Sources", sourceLines(p.Sources))
	w.section("Image", imageRows(p))
	w.section("Layers", layerRows(p))
	w.section("Build", buildRows(p.Build))
	w.section("Tests", testRows(p.Tests))
	w.lines("Overrides", overrideLines(p))
	w.section("Constraints", constraintRows(p.Steps))
	w.privileges(p.Entitlements())
	w.heading(fmt.Sprintf("Chain: %s", plural(len(p.Steps), "package")))
	builtOn := p.BuiltOnTexts()
	for i, step := range p.Steps {
		w.row([]int{len(fmt.Sprint(len(p.Steps))), nameWidth(p.Steps)}, fmt.Sprint(i+1), step.Name, step.Origin.String())
		for _, line := range details(&step, builtOn[i]) {
			w.row([]int{len(fmt.Sprint(len(p.Steps))), detailWidth}, "", line[0], line[1])
		}
	}
	return w.b.String()
}

// Target lays a target and its base image out for people, as they are in a plan.
func Target(target plan.Target, base plan.Value) string {
	var w textWriter
	w.target(target, base)
	return w.b.String()
}

// target writes a target with the reasons, and its base image.
func (w *textWriter) target(target plan.Target, base plan.Value) {
	w.section("Target", targetRows(target))
	w.section("Base image", [][]string{{orDash(base.Value), base.Reason}})
}

// maxWhy is how many reasons the text form gives for a step; the JSON form has
// them all.
const maxWhy = 3

// detailWidth is the width of the words that name a step's details.
const detailWidth = 5

// targetRows lists the target's values. One that the target does not have is
// shown as "-".
func targetRows(target plan.Target) [][]string {
	var rows [][]string
	for _, f := range target.Facts() {
		rows = append(rows, []string{f.Title, orDash(f.Value.Value), f.Value.Reason})
	}
	return rows
}

// orDash shows that there is no value.
func orDash(value string) string {
	if value == "" {
		return "-"
	}
	return value
}

// imageRows lists what the user sets on the finished image.
func imageRows(p *plan.Plan) [][]string {
	var rows [][]string
	for _, t := range p.Image.Texts() {
		rows = append(rows, []string{strings.ToUpper(t[0][:1]) + t[0][1:], t[1]})
	}
	return rows
}

// constraintRows lists the Python projects that keep their version, and for which packages.
func constraintRows(steps []plan.Step) [][]string {
	of := map[string][]string{}
	for _, s := range steps {
		for _, c := range s.Constraints {
			if text := c.String(); !slices.Contains(of[text], s.Name) {
				of[text] = append(of[text], s.Name)
			}
		}
	}
	var rows [][]string
	for _, text := range slices.Sorted(maps.Keys(of)) {
		rows = append(rows, []string{text, "for " + strings.Join(of[text], ", ")})
	}
	return rows
}

// overrideLines returns what build arguments changed.
func overrideLines(p *plan.Plan) []string {
	var lines []string
	for _, o := range p.Overrides {
		was := "sets " + o.Key
		if o.Old != "" {
			was = "wins over " + o.Key + ": " + o.Old
		}
		lines = append(lines, fmt.Sprintf("%s=%s %s", cmp.Or(o.Option, "--build-arg "+o.Arg), o.New, was))
	}
	return lines
}

// details lists what there is to say about a step, each with a word for it.
func details(s *plan.Step, builtOn string) [][2]string {
	var details [][2]string
	if len(s.Why) > 0 { // build-essential is needed by nearly all
		details = append(details, [2]string{"why", diag.Some(s.Why, "; ", maxWhy)})
	}
	if builtOn != "" {
		details = append(details, [2]string{"on", builtOn})
	}
	if s.Dockerfile == "" {
		details = append(details, [2]string{"note", "only groups other packages; nothing is built"})
	}
	for _, name := range slices.Sorted(maps.Keys(s.BuildArgs)) {
		details = append(details, [2]string{"arg", name + "=" + s.BuildArgs[name]})
	}
	if len(s.Kernels) > 0 {
		details = append(details, [2]string{"gpu", "has code for compute capability " + plan.KernelsText(s.Kernels)})
	}
	switch s.BuildGPU {
	case plan.GPUCDI:
		details = append(details, [2]string{"gpu", "RUN steps use the CDI device " + s.BuildDevice})
	case plan.GPURuntime:
		details = append(details, [2]string{"gpu", "RUN steps use the builder's NVIDIA runtime"})
	}
	if s.BuildTimeout > 0 {
		details = append(details, [2]string{"note", "each RUN step ends within " + s.BuildTimeout.String()})
	}
	if text := s.Resources.String(); text != "" {
		details = append(details, [2]string{"note", "RUN steps have " + text})
	}
	if s.BuildPrivileged {
		details = append(details, [2]string{"note", "RUN steps run privileged"})
	}
	for _, what := range s.TestsGet() {
		details = append(details, [2]string{"note", "tests get the " + what})
	}
	for _, test := range s.Tests {
		details = append(details, [2]string{"test", test.Name + " " + where(&test, s)})
	}
	return details
}

// where returns where a test of a step runs, or why it does not.
func where(t *plan.Test, s *plan.Step) string {
	place := "on its own stage"
	switch {
	case t.Skipped != "":
		return "(skipped: " + t.Skipped + ")"
	case t.Intermediate && t.Final:
		place = "on its own stage and on the finished image"
	case t.Final:
		place = "on the finished image"
	}
	if s.GPU {
		place += ", with a GPU"
	}
	if s.TestPrivileged {
		place += ", privileged"
	}
	switch t.Timeout {
	case plan.DefaultTestTimeout:
	case 0:
		place += ", without a time limit"
	default:
		place += ", within " + t.Timeout.String()
	}
	if t.Retries > 0 {
		place += ", again up to " + plural(t.Retries, "time")
	}
	return "(" + place + ")"
}

// layerRows lists what there is to say of layers that are packages.
func layerRows(p *plan.Plan) [][]string {
	if !p.Layers.ByPackage() {
		return nil
	}
	rows := [][]string{{"Form", "packages: each is built on what it needs, and is one layer"}}
	if n, known := p.LayersOnBase(); known {
		rows = append(rows, []string{"Number", fmt.Sprintf("at most %d on top of those of the base image", n)})
	}
	if p.Layers.Conflicts == plan.ConflictsWarn {
		rows = append(rows, []string{"Conflicts", "a warning: the package that is later in the chain wins"})
	}
	return rows
}

// sourceLines lists the trees that packages are from and that are elsewhere.
func sourceLines(sources []plan.Source) []string {
	var lines []string
	for _, s := range sources {
		line := s.Name
		if where := s.String(); where != s.Name {
			line += " is " + where
		}
		if !s.Pinned() {
			line += " at " + cmp.Or(s.Revision, "whatever the builder found there")
		}
		lines = append(lines, line)
	}
	return lines
}

// buildRows lists what RUN steps get and may do, and what of the Dockerfiles is left out.
func buildRows(b plan.Build) [][]string {
	rows := sandboxRows(b.Sandbox)
	if b.Ccache.Used() {
		rows = append(rows, []string{"Compiler cache", b.Ccache.Dir + ", up to " + b.Ccache.MaxSize})
	}
	if len(b.Caches) > 0 {
		rows = append(rows, []string{"Package caches", plan.CachesText(b.Caches)})
	}
	if b.Parallel > 0 {
		rows = append(rows, []string{"At once", plural(b.Parallel, "package")})
	}
	if b.NoGitHubAPI {
		rows = append(rows, []string{"Left out", "ADD of https://api.github.com"})
	}
	return rows
}

// testRows lists what tests get, and how many run at once if that is not the default.
func testRows(t plan.Tests) [][]string {
	rows := sandboxRows(t.Sandbox)
	if t.Parallel != plan.DefaultTestParallel || t.GPUParallel != plan.DefaultTestGPUParallel {
		rows = append(rows, []string{"At once", fmt.Sprintf("%d, and %d that need a GPU", t.Parallel, t.GPUParallel)})
	}
	return rows
}

// sandboxRows lists what is set for all steps of one sort.
func sandboxRows(s plan.Sandbox) [][]string {
	var rows [][]string
	for _, row := range [][]string{
		{"Network", string(s.Network)},
		{"Shm size", plan.SizeText(s.ShmSize)},
		{"Ulimits", strings.ReplaceAll(plan.UlimitsText(s.Ulimits), ",", ", ")},
	} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// privileges lists what the build has to be allowed, and the options that do it:
// beside the uses if all lines have room, else below them.
func (w *textWriter) privileges(needed []plan.Entitlement) {
	if len(needed) == 0 {
		return
	}
	w.heading("Privileges")
	names, widest := 0, 0
	uses := make([]string, len(needed))
	for i, e := range needed {
		uses[i] = diag.Clean(strings.Join(e.Uses, "; "))
		names, widest = max(names, len(e.Name)), max(widest, utf8.RuneCountInString(uses[i]))
	}
	for i, e := range needed {
		option := "--allow " + e.Name
		if len("    ")+names+widest+len("  --allow ")+names <= width {
			fmt.Fprintf(&w.b, "  %-*s  %-*s  %s\n", names, e.Name, widest, uses[i], option)
			continue
		}
		w.row([]int{names}, e.Name, uses[i])
		w.row([]int{names}, "", option)
	}
}

// textWriter lays out sections of rows.
type textWriter struct{ b strings.Builder }

// heading starts a section.
func (w *textWriter) heading(title string) {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	w.b.WriteString(title + "\n")
}

// section writes rows of the same number of columns, aligned. Without rows
// there is no section.
func (w *textWriter) section(title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	w.heading(title)
	widths := make([]int, len(rows[0])-1)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(diag.Clean(row[i])))
		}
	}
	for _, row := range rows {
		w.row(widths, row...)
	}
}

// lines writes a section of plain lines.
func (w *textWriter) lines(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	w.heading(title)
	for _, line := range lines {
		w.row(nil, line)
	}
}

// row writes the cells of one row under each other rows' cells. The last cell
// is wrapped and continues in its own column.
func (w *textWriter) row(widths []int, cells ...string) {
	var line strings.Builder
	for i, cell := range cells[:len(cells)-1] {
		fmt.Fprintf(&line, "  %-*s", widths[i], diag.Clean(cell))
	}
	line.WriteString("  ")
	indent := utf8.RuneCountInString(line.String())
	if indent > width/2 { // an unusually wide column: go on below it
		w.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		indent = width / 4
		line.Reset()
		line.WriteString(strings.Repeat(" ", indent))
	}
	for i, part := range wrap(diag.Clean(cells[len(cells)-1]), width-indent) {
		if i > 0 {
			line.WriteString("\n" + strings.Repeat(" ", indent))
		}
		line.WriteString(part)
	}
	w.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// wrap breaks a text between words into lines of at most limit characters; a
// longer word has a line of its own.
func wrap(text string, limit int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= limit:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// nameWidth is the width of the steps' names, as far as they are not unusually
// long.
func nameWidth(steps []plan.Step) int {
	widest := detailWidth
	for _, step := range steps {
		if n := utf8.RuneCountInString(diag.Clean(step.Name)); n <= width/3 {
			widest = max(widest, n)
		}
	}
	return widest
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
