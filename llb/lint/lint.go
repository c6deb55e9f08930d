// Package lint finds in a package's Dockerfile what can be built and yet is likely not what its
// author wants. It reads the instructions that BuildKit's parser finds, and the commands in
// them as a shell reads them; what it cannot read it says nothing about. Which rules there
// are, and why, pkgspec/rules has; what metadata and plan tell alone, pkgspec/lint finds.
package lint

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"jetkit/pkgspec/check"
	"jetkit/pkgspec/diag"
)

// Facts are what a Dockerfile does not say itself.
type Facts struct {
	// File is its name in messages, and Package that of the package.
	File, Package string
	// Args are the build arguments that it is built with.
	Args map[string]string
	// IsContext reports whether there is a named context of that name.
	IsContext func(name string) bool
	// Locked is set where a lock says which image a tag is, and which commit a branch.
	Locked bool
	// Env has the names of the variables that BASE_IMAGE sets; nil if they are not known.
	Env map[string]bool
	// Unbased is set if nobody else reports that the last stage is not on BASE_IMAGE.
	Unbased bool
	// OtherGeneration returns why an image does not fit the target's driver, and what would;
	// empty if it does, or nobody knows.
	OtherGeneration func(ref string) (message, hint string)
}

// Warnings finds what every build warns of.
func Warnings(dockerfile []byte, facts Facts) diag.List {
	return find(dockerfile, facts, false, (*finder).otherGeneration)
}

// Check finds what only a check reports.
func Check(dockerfile []byte, facts Facts) diag.List {
	return find(dockerfile, facts, true,
		(*finder).unbased, (*finder).unpinnedImages, (*finder).unpinnedGit,
		(*finder).hiddenFailures, (*finder).aptLists, (*finder).pipIndex, (*finder).undeclaredArgs)
}

// finder looks at one Dockerfile.
type finder struct {
	Facts
	// scripts is set if the scripts of RUN instructions are read.
	scripts bool
	stages  []stage
	meta    []instructions.ArgCommand
	found   diag.List
}

// stage is a stage of the Dockerfile.
type stage struct {
	instructions.Stage
	// base is the image that it builds on, with the variables in its name that are known,
	// and parent the stage of that name, -1 if it is none.
	base   string
	parent int
	// onBase is set if it builds on BASE_IMAGE, directly or not.
	onBase bool
	runs   []run
	// env are the variables that ENV sets, also those of the parent, with the values that
	// are known; declared are those and the arguments of ARG.
	env, declared map[string]bool
	values        variables
}

// run is a RUN instruction.
type run struct {
	*instructions.RunCommand
	*script
	// vars are the variables whose values are known there.
	vars variables
}

func find(dockerfile []byte, facts Facts, scripts bool, rules ...func(*finder)) diag.List {
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil // the conversion says so
	}
	stages, meta, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{}))
	if err != nil || len(stages) == 0 {
		return nil
	}
	f := &finder{Facts: facts, scripts: scripts, meta: meta}
	f.read(stages, strings.Split(string(dockerfile), "\n"))
	for _, rule := range rules {
		rule(f)
	}
	return f.found.Sorted()
}

// report adds a finding at a line, unless a comment above the instruction skips its rule.
func (f *finder) report(rule diag.Rule, line int, comments []string, hint, format string, args ...any) {
	if !skipped(rule, comments) {
		at := diag.Position{Line: line}
		f.found.Warnf(rule, diag.Range{File: f.File, Start: at, End: at}, hint, format, args...)
	}
}

// skipped reports whether a comment skips a rule: "# check=skip=RULE", without the #.
func skipped(rule diag.Rule, comments []string) bool {
	return slices.ContainsFunc(comments, func(comment string) bool {
		text, line := check.LineOfDockerfile([]byte("# " + comment))
		o, err := check.Parse(text)
		return line > 0 && err == nil && o.Skips(rule.Name)
	})
}

func firstLine(at []parser.Range) int {
	if len(at) == 0 {
		return 0
	}
	return at[0].Start.Line
}

// ofImage returns the stages that the image is made of: the last one and those it builds on.
func (f *finder) ofImage() []stage {
	var all []stage
	for i := len(f.stages) - 1; i >= 0; i = f.stages[i].parent {
		all = append(all, f.stages[i])
	}
	return all
}
