package frontend

import (
	"context"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/chain"
	dockerlint "jetkit/llb/lint"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// lint checks jetson.yaml, the packages of the chain and their Dockerfiles: it reports
// what a build warns of before its first step, and what stops it there.
func (b *build) lint(ctx context.Context) (*lint.LintResults, error) {
	results, err := b.findings(ctx)
	if err != nil {
		return nil, err
	}
	for i := range results.Warnings { // docker buildx build prints them as they are
		w := &results.Warnings[i]
		w.Detail, w.Description = diag.Clean(w.Detail), diag.CleanLines(w.Description)
	}
	for i, info := range results.Sources {
		results.Sources[i] = printableSource(info)
	}
	if results.Error != nil {
		results.Error.Message = diag.CleanLines(results.Error.Message)
	}
	return results, nil
}

func (b *build) findings(ctx context.Context) (*lint.LintResults, error) {
	results := &lint.LintResults{}
	p, problems, err := b.resolve(ctx, b.targetPlatform(b.firstPlatform()))
	if err == nil {
		problems = append(problems, b.loaded.Load().Lint(p)...)
	}
	b.addProblems(results, problems)
	if err != nil {
		if !problems.HasErrors() {
			return nil, err
		}
		results.Error = b.lintError(results, err)
		return results, nil
	}
	var c *converted
	var ofChain diag.List
	var failed error
	if !b.contexts.anyUnbuilt() { // else the chain cannot be converted
		c, ofChain, failed = b.findingsOfChain(ctx, p)
	}
	ofPackages, err := b.lintPackages(ctx, p, c, results)
	if err != nil {
		return nil, err
	}
	b.addProblems(results, ofChain)
	if failed != nil && results.Error == nil {
		results.Error = b.lintError(results, failed)
	}
	problems = slices.Concat(problems, ofPackages, ofChain)
	if err := b.loaded.Load().Strict(problems).Err(); err != nil && results.Error == nil {
		results.Error = b.lintError(results, err)
	}
	return results, nil
}

// findingsOfChain converts the chain, and returns what is said of the packages together.
func (b *build) findingsOfChain(ctx context.Context, p *plan.Plan) (*converted, diag.List, error) {
	c, problems, err := b.convert(ctx, p, b.targetPlatform(b.firstPlatform()), nil)
	if err == nil {
		problems = append(problems, b.loaded.Load().Filter(manyLayers(p, c))...)
	}
	return c, problems, err
}

// lintPackages adds what is found in each package by itself, and returns jetkit's own part
// of it. The chain is nil if it could not be converted.
func (b *build) lintPackages(ctx context.Context, p *plan.Plan, c *converted, results *lint.LintResults) (diag.List, error) {
	platform := b.targetPlatform(b.firstPlatform())
	sources, err := contextsFor{b.contexts, platform}.sources(ctx, p)
	if err != nil {
		return nil, err
	}
	ignored, err := b.ignored(ctx, p)
	if err != nil {
		return nil, err
	}
	opt := chain.Options{Plan: p, Sources: sources, Ignored: ignored, Client: b.client, Platform: platform}
	var all diag.List
	for i, step := range p.Steps {
		if step.Origin.Kind == plan.Builtin {
			continue
		}
		problems := b.lintTests(ctx, p, step, sources)
		if step.Dockerfile != "" {
			found, err := chain.Lint(ctx, opt, step)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", step.Name, err)
			}
			addDockerfile(results, found)
			dockerfile := found.Sources[0].Data
			problems = append(problems, syntaxProblem(step, dockerfile)...)
			problems = append(problems, dockerlint.Check(dockerfile, b.lintFacts(p, i, c))...)
		}
		problems = b.loaded.Load().Filter(problems)
		b.addProblems(results, problems)
		all = append(all, problems...)
	}
	return all, nil
}

// ignored returns the patterns of the build context's ignore file, for a plan that has
// packages of that context.
func (b *build) ignored(ctx context.Context, p *plan.Plan) ([]string, error) {
	if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Origin.Kind == plan.Context }) {
		return nil, nil
	}
	return b.ui.DockerIgnorePatterns(ctx)
}

// lintSource makes a source map that LintResults.AddSource accepts: one that has
// a definition, be it empty.
func lintSource(file, language string, dt []byte) *llb.SourceMap {
	sm := llb.NewSourceMap(nil, file, language, dt)
	sm.Definition = &llb.Definition{}
	return sm
}

// lintError shows the first place that an error speaks of: buildx (v0.37) panics on an
// error without one.
func (b *build) lintError(results *lint.LintResults, err error) *lint.BuildError {
	info, at := b.sourceInfo(b.spec.Filename), diag.Range{}
	if places := placesOf(err); len(places) > 0 {
		if found := b.sourceInfo(places[0].File); found != nil {
			info, at = found, places[0]
		}
	}
	source := results.AddSource(lintSource(info.Filename, info.Language, info.Data))
	return &lint.BuildError{
		Message:  err.Error(),
		Location: pb.Location{SourceIndex: int32(source), Ranges: ranges(at)}, // a handful
	}
}

func (b *build) addProblems(results *lint.LintResults, problems diag.List) {
	for _, d := range problems.Warnings() {
		at := -1
		if info := b.sourceInfo(d.At.File); info != nil {
			at = results.AddSource(lintSource(info.Filename, info.Language, info.Data))
		}
		position := func(p diag.Position) parser.Position {
			return parser.Position{Line: p.Line, Character: max(p.Column-1, 0)}
		}
		message := d.Message
		if d.At.File != b.spec.Filename && d.At.File != "" {
			message = d.At.String() + ": " + message
		}
		results.AddWarning(d.Rule.Name, d.Hint, d.Rule.URL(), message, at, []parser.Range{{Start: position(d.At.Start), End: position(d.At.End)}})
	}
}

// addDockerfile adds what BuildKit's linter finds in a package's Dockerfile. The place
// is part of the text, because buildx shows every source under the name of the file
// that -f names.
func addDockerfile(results, found *lint.LintResults) {
	source := found.Sources[0]
	at := int32(len(results.Sources)) // one per package
	results.Sources = append(results.Sources, source)
	for _, w := range found.Warnings {
		w.Detail = placeOf(source, w.Location.GetRanges()) + ": " + w.Detail
		w.Location.SourceIndex = at
		results.Warnings = append(results.Warnings, w)
	}
	if found.Error != nil && results.Error == nil {
		found.Error.Message = placeOf(source, found.Error.Location.Ranges) + ": " + found.Error.Message
		found.Error.Location.SourceIndex = at
		results.Error = found.Error
	}
}

// placeOf returns the place of a source's first range: file and line.
func placeOf(source *pb.SourceInfo, at []*pb.Range) string {
	r := diag.Range{File: source.Filename}
	if len(at) > 0 {
		r.Start.Line = int(at[0].GetStart().GetLine())
	}
	return r.String()
}
