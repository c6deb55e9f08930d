package frontend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"jetkit/llb/chain"
	"jetkit/pkgspec/plan"
)

// sourceDateEpoch is BuildKit's build argument for the date of an image.
// Source: https://github.com/moby/buildkit/blob/v0.34.2/docs/build-repro.md
const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// epoch returns the date that the build argument SOURCE_DATE_EPOCH stands for: a number of
// seconds, the date of the build context ("context"), of a named context, or of what a
// stage of a package's Dockerfile downloads. It is nil without the argument, and for a
// source without a date, such as a local folder.
func (b *build) epoch(ctx context.Context, p *plan.Plan, sources *chainSources) (*time.Time, error) {
	value := b.ui.BuildArgs[sourceDateEpoch]
	if value == "" {
		return nil, nil //nolint:nilnil // no date
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return new(time.Unix(n, 0).UTC()), nil
	}
	// The Dockerfile frontend's own code finds the date, of a Dockerfile with nothing else.
	dockerfile, args := []byte("FROM scratch\n"), map[string]string{}
	if value != "context" && !b.contexts.has(value) {
		step, text, err := b.stageAlone(ctx, p, sources, value)
		if err != nil {
			return nil, err
		}
		dockerfile, args = text, chain.BuildArgs(p, step)
		if err := chain.CheckExpansion(dockerfile, nil, nil, args); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", sourceDateEpoch, value, err)
		}
	}
	opt := dockerfile2llb.ConvertOpt{Config: b.ui.Config, Client: b.ui, MetaResolver: b.client, LLBCaps: new(b.ui.BuildOpts().LLBCaps)}
	opt.BuildArgs = maps.Clone(args)
	opt.BuildArgs[sourceDateEpoch] = value
	res, err := dockerfile2llb.Dockerfile2LLB(ctx, dockerfile, opt)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", sourceDateEpoch, value, err)
	}
	return res.Epoch, nil
}

// stageAlone finds the stage of that name in a package's Dockerfile, and returns what of the
// Dockerfile's text it needs: the ARGs before the first FROM, and itself.
func (b *build) stageAlone(ctx context.Context, p *plan.Plan, sources *chainSources, name string) (plan.Step, []byte, error) {
	for _, step := range p.Steps {
		if step.Dockerfile == "" {
			continue
		}
		dt, err := sources.ReadFile(ctx, step.Origin, step.Dockerfile)
		if err != nil {
			return step, nil, err
		}
		text, err := stageOf(dt, name)
		if err != nil {
			sm := llb.NewSourceMap(nil, step.Origin.File(step.Dockerfile), "Dockerfile", dt)
			return step, nil, &chain.StepError{Step: step, SourceMap: sm, Err: err}
		}
		if text != nil {
			return step, text, nil
		}
	}
	return plan.Step{}, nil, fmt.Errorf("%s=%s: it must be a number of seconds, context, the name of a named context, or of a stage of a package's Dockerfile", sourceDateEpoch, name)
}

func stageOf(dockerfile []byte, name string) ([]byte, error) {
	ast, err := parser.Parse(strings.NewReader(string(dockerfile)))
	if err != nil {
		return nil, err
	}
	stages, _, err := instructions.Parse(ast.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(stages, func(s instructions.Stage) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return nil, nil
	}
	lines := strings.SplitAfter(string(dockerfile), "\n")
	line := func(i int) int { // of a stage's first line, from 0
		if i == len(stages) || len(stages[i].Location) == 0 {
			return len(lines)
		}
		return stages[i].Location[0].Start.Line - 1
	}
	first, begin, end := line(0), line(i), line(i+1)
	if begin > end || end > len(lines) {
		return nil, errors.New("the stage " + name + " has no place in its Dockerfile")
	}
	return []byte(strings.Join(slices.Concat(lines[:first], lines[begin:end]), "")), nil
}

// imageEpoch returns the date of an image: the one that the build asks for, or else the one
// that the last Dockerfile of the chain sets itself (ARG SOURCE_DATE_EPOCH).
func (b *build) imageEpoch(asked *time.Time, stages []chain.Stage) *time.Time {
	if _, given := b.ui.BuildArgs[sourceDateEpoch]; given {
		return asked
	}
	for _, s := range slices.Backward(stages) {
		if s.SourceMap != nil {
			return s.Epoch
		}
	}
	return nil
}
