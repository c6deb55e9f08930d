// Package diag describes what is wrong with a user's files, and where.
//
// Everything that reads input (jetson.yaml, package metadata, build arguments)
// reports through this package, so that all problems are shown at once, in one
// form, and so that the frontend can map each of them to a source range.
package diag

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a text file. Line and Column count from 1; Column
// counts bytes. The zero Position means "the whole file".
type Position struct {
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Range is a stretch of one file. End may be zero, which means the Start line.
// A Range without a File points at something that is no file, such as a build
// argument; the message then names it.
type Range struct {
	// File is the slash-separated path as the user knows it, relative to the
	// context (or other source) that holds it.
	File  string   `json:"file,omitempty"`
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// String returns file:line:column for people, shortened to what is known.
func (r Range) String() string {
	file := Clean(r.File)
	switch {
	case file == "":
		return ""
	case r.Start.Line == 0:
		return file
	case r.Start.Column == 0:
		return fmt.Sprintf("%s:%d", file, r.Start.Line)
	}
	return fmt.Sprintf("%s:%d:%d", file, r.Start.Line, r.Start.Column)
}

// To returns the stretch from r to other, which comes after it in the same file. A zero
// Range is left out of it.
func (r Range) To(other Range) Range {
	switch {
	case r.File == "":
		return other
	case other.File == r.File:
		r.End = cmp.Or(other.End, other.Start)
	}
	return r
}

// Text is a text that a user wrote, and where it stands.
type Text struct {
	Value string
	At    Range
}

// Severity reports whether a diagnostic stops the build.
type Severity string

// The severities. A build goes on after warnings; it never starts after an error.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Related is a second place that explains a diagnostic, for example the first
// of two duplicate entries.
type Related struct {
	At      Range  `json:"at"`
	Message string `json:"message"`
}

// Diagnostic is one problem in the user's input.
type Diagnostic struct {
	// Rule is the kind of problem. JSON has its name alone.
	Rule     Rule     `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what is wrong, in one sentence without a final stop.
	Message string `json:"message"`
	// Hint says what would fix it; empty if nothing helpful can be said.
	Hint    string    `json:"hint,omitempty"`
	At      Range     `json:"at"`
	Related []Related `json:"related,omitempty"`
	// Subject is what the problem is about, for the code that reports it to find
	// it again: a package, say. It is never printed. Nil where nobody asks.
	Subject any `json:"-"`
}

// Relate adds a second place that explains the problem.
func (d *Diagnostic) Relate(at Range, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{At: at, Message: fmt.Sprintf(format, args...)})
	return d
}

// About sets the problem's Subject.
func (d *Diagnostic) About(subject any) *Diagnostic {
	d.Subject = subject
	return d
}

// String returns the diagnostic as compilers print it, safe for a terminal: the place, the severity,
// the message, and the hint and related places on lines of their own.
func (d Diagnostic) String() string {
	var b strings.Builder
	if at := d.At.String(); at != "" {
		b.WriteString(at + ": ")
	}
	fmt.Fprintf(&b, "%s: %s [%s]", d.Severity, Clean(d.Message), d.Rule.Name)
	if d.Hint != "" {
		b.WriteString("\n    hint: " + strings.ReplaceAll(CleanLines(d.Hint), "\n", "\n          "))
	}
	for _, r := range d.Related {
		b.WriteString("\n    ")
		if at := r.At.String(); at != "" {
			b.WriteString(at + ": ")
		}
		b.WriteString(Clean(r.Message))
	}
	return b.String()
}

// List collects diagnostics. The zero value is ready for use.
type List []Diagnostic

// Errorf adds an error; hint may be empty. The result is for adding to it at
// once: it is the list's own only until the list grows.
func (l *List) Errorf(rule Rule, at Range, hint, format string, args ...any) *Diagnostic {
	return l.add(Diagnostic{Rule: rule, Severity: Error, At: at, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning; it is otherwise as Errorf.
func (l *List) Warnf(rule Rule, at Range, hint, format string, args ...any) *Diagnostic {
	return l.add(Diagnostic{Rule: rule, Severity: Warning, At: at, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

func (l *List) add(d Diagnostic) *Diagnostic {
	*l = append(*l, d)
	return &(*l)[len(*l)-1]
}

// Sorted returns the diagnostics by file, position and text, errors and
// warnings mixed, without repetitions.
func (l List) Sorted() List {
	s := slices.Clone(l)
	slices.SortStableFunc(s, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.At.File, b.At.File),
			cmp.Compare(a.At.Start.Line, b.At.Start.Line),
			cmp.Compare(a.At.Start.Column, b.At.Start.Column),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(s, func(a, b Diagnostic) bool {
		return a.At == b.At && a.Message == b.Message && a.Rule == b.Rule
	})
}

// HasErrors reports whether any diagnostic stops the build.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Warnings returns the diagnostics that do not stop the build, sorted.
func (l List) Warnings() List {
	return slices.DeleteFunc(l.Sorted(), func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns nil when no diagnostic is an error, and otherwise an *Errors
// with all of them.
func (l List) Err() error {
	errs := slices.DeleteFunc(l.Sorted(), func(d Diagnostic) bool { return d.Severity != Error })
	if len(errs) == 0 {
		return nil
	}
	return &Errors{List: errs}
}

// Errors is the error form of one or more diagnostics.
type Errors struct{ List List }

// Error prints every diagnostic, one after another.
func (e *Errors) Error() string {
	lines := make([]string, len(e.List))
	for i, d := range e.List {
		lines[i] = d.String()
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return fmt.Sprintf("%d problems\n%s", len(lines), strings.Join(lines, "\n"))
}

// FromError returns the diagnostics that err carries, or nil.
func FromError(err error) List {
	if e, ok := errors.AsType[*Errors](err); ok {
		return e.List
	}
	return nil
}
