// Package doctor looks for what keeps a machine from building and running
// containers for Jetsons, says what would help, and repairs Docker's daemon.json.
package doctor

import (
	"context"
	"fmt"
	"slices"
)

// Severity says how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Error   Severity = "error"   // something does not work
	Warning Severity = "warning" // something will not work in cases that are common
	Note    Severity = "note"    // worth knowing
)

// severities, the worst first.
var severities = []Severity{Error, Warning, Note}

// Kind is one sort of finding: a row of docs/doctor.md.
type Kind struct {
	// ID is its name in JSON, and its anchor in the documentation.
	ID       string
	Severity Severity
	// Meaning says what it is and why it matters, and Remedy what helps.
	Meaning, Remedy string
	// Source is where the facts are from: a page, an issue; or how it was tried.
	Source string
}

// Finding is something that was found on a machine.
type Finding struct {
	Kind *Kind
	// Message says what is wrong, in one sentence.
	Message string
	// Evidence is what it was seen by: a line of a file, a program's answer.
	Evidence []string
	// Remedy says what to do on this machine; empty stands for the kind's.
	Remedy string
	// Commands are for a shell, one after another.
	Commands []string
	// File and Line say where it is; zero where that has no place in a file.
	File string
	Line int
	// Fixable tells that --fix repairs it.
	Fixable bool
}

// find makes a finding.
func (k *Kind) find(format string, args ...any) Finding {
	return Finding{Kind: k, Message: fmt.Sprintf(format, args...)}
}

func (f Finding) saw(format string, args ...any) Finding {
	f.Evidence = append(slices.Clip(f.Evidence), fmt.Sprintf(format, args...))
	return f
}

func (f Finding) do(commands ...string) Finding {
	f.Commands = append(slices.Clip(f.Commands), commands...)
	return f
}

func (f Finding) remedy(format string, args ...any) Finding {
	f.Remedy = fmt.Sprintf(format, args...)
	return f
}

func (f Finding) at(file string, line int) Finding {
	f.File, f.Line = file, line
	return f
}

// HowTo returns what to do about the finding.
func (f Finding) HowTo() string {
	if f.Remedy != "" {
		return f.Remedy
	}
	return f.Kind.Remedy
}

// Result is the outcome of one check.
type Result struct {
	// Summary says what there is, in a few words: "Docker 27.5.1".
	Summary string
	// Skipped is why the check could not be made; empty if it was.
	Skipped  string
	Findings []Finding
}

// passed is the result of a check that has found nothing wrong, with what it saw.
func passed(format string, args ...any) Result { return Result{Summary: fmt.Sprintf(format, args...)} }

// skipped is the result of a check that could not be made.
func skipped(format string, args ...any) Result { return Result{Skipped: fmt.Sprintf(format, args...)} }

// add returns the result with a finding more.
func (r Result) add(f Finding) Result {
	r.Findings = append(r.Findings, f)
	return r
}

// Check is one thing that is looked at.
type Check interface {
	// Name is its name in JSON and text, and Group the heading that it is below.
	Name() string
	Group() string
	// Description says what it looks at.
	Description() string
	// Kinds lists what it may find.
	Kinds() []*Kind
	// Check looks, and changes nothing.
	Check(ctx context.Context, s *Subject) Result
}

// Outcome is a check and its result.
type Outcome struct {
	Check  Check
	Result Result
}

// Worst returns the worst severity that was found; empty if there is none.
func Worst(outcomes []Outcome) Severity {
	for _, severity := range severities {
		for _, o := range outcomes {
			if slices.ContainsFunc(o.Result.Findings, func(f Finding) bool { return f.Kind.Severity == severity }) {
				return severity
			}
		}
	}
	return ""
}

// Run makes the checks, one after another.
func Run(ctx context.Context, checks []Check, s *Subject) []Outcome {
	var outcomes []Outcome
	for _, check := range checks {
		outcomes = append(outcomes, Outcome{check, check.Check(ctx, s)})
		if ctx.Err() != nil {
			break
		}
	}
	return outcomes
}

// about is what most checks are made of.
type about struct {
	name, group, description string
	kinds                    []*Kind
	check                    func(ctx context.Context, s *Subject) Result
}

func (a *about) Name() string        { return a.name }
func (a *about) Group() string       { return a.group }
func (a *about) Description() string { return a.description }
func (a *about) Kinds() []*Kind      { return a.kinds }

func (a *about) Check(ctx context.Context, s *Subject) Result { return a.check(ctx, s) }
