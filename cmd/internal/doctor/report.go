package doctor

import (
	"fmt"
	"io"
	"strings"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/diag"
)

// page is where findings are described, each below an anchor with its ID. Whoever
// publishes the documentation can set the page's address with
// -ldflags "-X jetkit/cmd/internal/doctor.page=https://...".
var page = "docs/doctor.md"

// URL returns the place that describes the kind.
func (k *Kind) URL() string { return page + "#" + k.ID }

// Report is the JSON form of what was found. New keys may be added; those that are
// here keep their meaning as long as Version does.
type Report struct {
	Version int     `json:"version"`
	Machine Machine `json:"machine"`
	// Worst is the worst severity of all findings: error, warning, note, or ok.
	Worst  string        `json:"worst"`
	Checks []CheckReport `json:"checks"`
	// Repair is what --fix changed, or would; only with --fix.
	Repair *RepairReport `json:"repair,omitempty"`
}

// Machine is what was looked at.
type Machine struct {
	machine.Board
	L4T    string `json:"l4t,omitempty"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	OS     string `json:"os,omitempty"`
	Driver string `json:"driver,omitempty"`
}

// CheckReport is one check and what it found.
type CheckReport struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	// Status is ok, skipped, or the worst severity of the findings.
	Status   string          `json:"status"`
	Summary  string          `json:"summary,omitempty"`
	Skipped  string          `json:"skipped,omitempty"`
	Findings []FindingReport `json:"findings,omitempty"`
}

// FindingReport is one finding.
type FindingReport struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Evidence []string `json:"evidence,omitempty"`
	Remedy   string   `json:"remedy"`
	Commands []string `json:"commands,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Fixable  bool     `json:"fixable,omitempty"`
	Docs     string   `json:"docs"`
}

// RepairReport is what --fix did.
type RepairReport struct {
	File string `json:"file"`
	Diff string `json:"diff"`
	// Applied tells whether the file was changed, and Backup is where the old one is.
	Applied bool     `json:"applied"`
	Backup  string   `json:"backup,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// reportVersion is the version of the JSON form.
const reportVersion = 1

// NewReport makes the JSON form.
func NewReport(s *Subject, outcomes []Outcome) *Report {
	l4t, _ := s.Machine.Release() // the check release says what is wrong with it
	r := &Report{
		Version: reportVersion,
		Machine: Machine{Board: s.Machine.Board(), L4T: l4t, Arch: s.Machine.Arch(), Kernel: s.Machine.Kernel(), OS: s.Machine.OS().Name, Driver: s.Machine.Driver()},
		Worst:   statusOf(Worst(outcomes)),
	}
	for _, o := range outcomes {
		c := CheckReport{Name: o.Check.Name(), Group: o.Check.Group(), Status: o.status(), Summary: o.Result.Summary, Skipped: o.Result.Skipped}
		for _, f := range o.Result.Findings {
			c.Findings = append(c.Findings, FindingReport{
				ID: f.Kind.ID, Severity: f.Kind.Severity, Message: f.Message, Evidence: f.Evidence, Remedy: f.HowTo(), Commands: f.Commands,
				File: f.File, Line: f.Line, Fixable: f.Fixable, Docs: f.Kind.URL(),
			})
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

func statusOf(worst Severity) string {
	if worst == "" {
		return "ok"
	}
	return string(worst)
}

// status is the word for an outcome.
func (o Outcome) status() string {
	worst := Worst([]Outcome{o})
	if worst == "" && o.Result.Skipped != "" {
		return "skipped"
	}
	return statusOf(worst)
}

// Text writes the report for people. With quiet it has warnings and errors only.
func Text(w io.Writer, outcomes []Outcome, quiet bool) {
	group, names := "", 0
	for _, o := range outcomes {
		names = max(names, len(o.Check.Name()))
	}
	for _, o := range outcomes {
		status := o.status()
		if quiet && status != string(Error) && status != string(Warning) {
			continue
		}
		if g := o.Check.Group(); g != group {
			if group != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, g)
			group = g
		}
		summary := o.Result.Summary
		if o.Result.Skipped != "" {
			summary = strings.TrimPrefix(summary+"; "+o.Result.Skipped, "; ")
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-7s  %-*s  %s", status, names, o.Check.Name(), diag.Clean(summary)), " "))
		for _, f := range o.Result.Findings {
			if !quiet || f.Kind.Severity != Note {
				f.text(w, strings.Repeat(" ", len("  warning  ")))
			}
		}
	}
	if !quiet {
		fmt.Fprintf(w, "\n%s\n", Totals(outcomes))
	}
}

// width is how many columns the text has where its words allow it.
const width = 100

// text writes one finding, indented.
func (f Finding) text(w io.Writer, indent string) {
	mark := map[Severity]string{Error: "ERROR: ", Warning: "warning: ", Note: "note: "}[f.Kind.Severity]
	wrap(w, indent, mark, f.Message)
	for _, e := range f.Evidence {
		wrap(w, indent, "  seen  ", e)
	}
	wrap(w, indent, "  do    ", f.HowTo())
	for _, c := range f.Commands {
		fmt.Fprintf(w, "%s        $ %s\n", indent, diag.Clean(c)) // whole, to be copied
	}
	if f.Fixable {
		wrap(w, indent, "        ", "$ sudo jetkit doctor --fix")
	}
	fmt.Fprintf(w, "%s  more  %s\n", indent, f.Kind.URL())
}

// wrap writes a text behind a word, broken between words and aligned.
func wrap(w io.Writer, indent, word, text string) {
	line, room := word, width-len(indent)
	begun := false
	for next := range strings.FieldsSeq(diag.Clean(text)) {
		if begun && len([]rune(line))+1+len([]rune(next)) > room {
			fmt.Fprintln(w, indent+line)
			line, begun = strings.Repeat(" ", len(word)), false
		}
		if begun {
			line += " "
		}
		line, begun = line+next, true
	}
	fmt.Fprintln(w, strings.TrimRight(indent+line, " "))
}

// Totals counts what was found, in one line.
func Totals(outcomes []Outcome) string {
	count := map[Severity]int{}
	ok, left, fixable := 0, 0, 0
	for _, o := range outcomes {
		switch o.status() {
		case "ok":
			ok++
		case "skipped":
			left++
		}
		for _, f := range o.Result.Findings {
			count[f.Kind.Severity]++
			if f.Fixable {
				fixable++
			}
		}
	}
	var parts []string
	for _, severity := range severities {
		if n := count[severity]; n > 0 {
			parts = append(parts, plural(n, string(severity)))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing found"}
	}
	text := strings.Join(parts, ", ") + "; " + plural(ok, "check") + " passed"
	if left > 0 {
		text += fmt.Sprintf(", %d skipped", left)
	}
	if fixable > 0 {
		text += fmt.Sprintf("; jetkit doctor --fix repairs %d of them", fixable)
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
