package frontend

import (
	"context"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// formatRule is a rule of BuildKit's linter that jetson-containers' format
// breaks by design: "ARG BASE_IMAGE" has no default value.
var formatRule = linter.RuleInvalidDefaultArgInFrom.Name

// lintWarnings shows what BuildKit's linter says of the users' Dockerfiles as
// warnings of the build. Built-in packages are jetkit's own business.
func (b *build) lintWarnings(ctx context.Context) func(plan.Step, *llb.SourceMap) linter.LintWarnFunc {
	return func(step plan.Step, sm *llb.SourceMap) linter.LintWarnFunc {
		if step.Origin.Kind == plan.Builtin {
			return nil
		}
		return func(rule, description, url, msg string, at []parser.Range) {
			if rule == formatRule {
				return
			}
			line := 0
			if len(at) > 0 {
				line = at[0].Start.Line
			}
			b.spec.Warn(ctx, linter.LintFormatShort(rule, msg, line), client.WarnOpts{
				SourceInfo: fileInfo(sm.Filename, sm.Language, sm.Data),
				Range:      parserRanges(at),
				Detail:     [][]byte{[]byte(description)},
				URL:        url,
			})
		}
	}
}

// warnDetached tells of packages whose Dockerfile does not start from
// BASE_IMAGE, so that the packages before them are not in the image.
func (b *build) warnDetached(ctx context.Context, stages []chain.Stage) {
	for i, s := range stages {
		if !s.Detached || i == 0 {
			continue
		}
		var l diag.List
		l.Warnf(rules.ChainDropped, s.Step.At, "start its last stage with: FROM ${BASE_IMAGE}",
			"the Dockerfile of package %s does not build on BASE_IMAGE, so the %d packages before it are not in the image", s.Step.Name, i)
		b.warn(ctx, l)
	}
}

// lint checks jetson.yaml, the packages of the chain and their Dockerfiles.
func (b *build) lint(ctx context.Context) (*lint.LintResults, error) {
	results := &lint.LintResults{}
	p, problems, err := b.requestPlan(ctx)
	b.addProblems(results, problems)
	if err != nil {
		if !problems.HasErrors() {
			return nil, err
		}
		results.Error = b.lintError(results, err)
		return results, nil
	}
	sources, err := b.trees.sources(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, step := range p.Steps {
		if step.Origin.Kind == plan.Builtin || step.Dockerfile == "" {
			continue
		}
		dt, err := sources.ReadFile(ctx, step.Origin, step.Dockerfile)
		if err != nil {
			return nil, err
		}
		if err := lintDockerfile(ctx, results, lintSource(step.Origin.File(step.Dockerfile), "Dockerfile", dt)); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// lintSource makes a source map that LintResults.AddSource accepts: one that has
// a definition, be it empty.
func lintSource(file, language string, dt []byte) *llb.SourceMap {
	sm := llb.NewSourceMap(nil, file, language, dt)
	sm.Definition = &llb.Definition{}
	return sm
}

// lintError shows the source of the first diagnostic: buildx (v0.37) panics on an
// error without one.
func (b *build) lintError(results *lint.LintResults, err error) *lint.BuildError {
	info, at := b.sourceInfo(b.spec.Filename), diag.Range{}
	if list := diag.FromError(err); len(list) > 0 {
		if found := b.sourceInfo(list[0].At.File); found != nil {
			info, at = found, list[0].At
		}
	}
	source := results.AddSource(lintSource(info.Filename, info.Language, info.Data))
	return &lint.BuildError{
		Message:  err.Error(),
		Location: pb.Location{SourceIndex: int32(source), Ranges: ranges(at)}, //nolint:gosec // a handful
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

// lintDockerfile adds what BuildKit's linter says of one Dockerfile, except for
// what jetson-containers' format breaks by design. The place is part of the text,
// because buildx shows every source under the name of the file that -f names.
func lintDockerfile(ctx context.Context, results *lint.LintResults, sm *llb.SourceMap) error {
	found, err := dockerfile2llb.DockerfileLint(ctx, sm.Data, dockerfile2llb.ConvertOpt{
		Config:    dockerui.Config{BuildArgs: map[string]string{"BASE_IMAGE": dockerui.EmptyImageName}, LinterConfig: &linter.Config{}},
		SourceMap: sm,
	})
	if err != nil {
		return err
	}
	at := int32(results.AddSource(sm)) //nolint:gosec // one per package
	found.Warnings = slices.DeleteFunc(found.Warnings, func(w lint.Warning) bool { return w.RuleName == formatRule })
	for _, w := range found.Warnings {
		if len(w.Location.Ranges) > 0 {
			w.Detail = fmt.Sprintf("%s:%d: %s", sm.Filename, w.Location.Ranges[0].GetStart().GetLine(), w.Detail)
		}
		w.Location.SourceIndex = at
		results.Warnings = append(results.Warnings, w)
	}
	if found.Error != nil && results.Error == nil {
		found.Error.Location.SourceIndex = at
		results.Error = found.Error
	}
	return nil
}
