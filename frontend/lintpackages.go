package frontend

import (
	"context"
	"path"
	"slices"
	"strings"

	"jetkit/llb/chain"
	dockerlint "jetkit/llb/lint"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lint"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// lintFacts returns what a step's Dockerfile does not say itself. The chain is nil if it could
// not be converted.
func (b *build) lintFacts(p *plan.Plan, i int, c *converted) dockerlint.Facts {
	step := p.Steps[i]
	facts := dockerlint.Facts{
		File: step.Origin.File(step.Dockerfile), Package: step.Name, Args: chain.BuildArgs(p, step),
		IsContext: b.contexts.has, Locked: b.loaded.Load().Lock() != nil, Unbased: i == 0 && !b.asksForBase(),
		OtherGeneration: func(ref string) (message, hint string) {
			return lint.OtherGeneration(p.Target, ref, platform.L4TOfImage(ref))
		},
	}
	if c != nil && i < len(c.Stages) && c.Stages[i].SourceMap != nil {
		facts.Env = map[string]bool{}
		for _, pair := range c.Stages[i].OnEnv {
			name, _, _ := strings.Cut(pair, "=")
			facts.Env[name] = true
		}
	}
	return facts
}

// otherDriver warns of a base image that jetkit built for Jetsons with another driver. Of what
// its tag says, the plan warns.
func otherDriver(base *chain.Base, name string, at diag.Range, target plan.Target) diag.List {
	if base.Image == nil || platform.L4TOfImage(name) != "" {
		return nil
	}
	var l diag.List
	l4t := base.Image.Config.Labels[plan.LabelPrefix+"built-for.l4t"]
	if message, hint := lint.OtherGeneration(target, name, l4t); message != "" {
		l.Warnf(rules.OtherGeneration, at, hint, "the base image %s, by its label", message)
	}
	return l
}

// otherGenerations warns of packages that build on images for another driver.
func (b *build) otherGenerations(p *plan.Plan, stages []chain.Stage) diag.List {
	var l diag.List
	for i, s := range stages {
		if s.SourceMap != nil && s.Step.Origin.Kind != plan.Builtin {
			l = append(l, dockerlint.Warnings(s.SourceMap.Data, b.lintFacts(p, i, nil))...)
		}
	}
	return l
}

// lintTests finds what a package's tests need that nobody gives them. A user who names the
// folder of tests that they find at /data has filled it.
func (b *build) lintTests(ctx context.Context, p *plan.Plan, step plan.Step, sources chain.Sources) diag.List {
	if p.Tests.Data != "" && p.Tests.Data != plan.NoData {
		return nil
	}
	var l diag.List
	for _, test := range step.Tests {
		if test.Skipped != "" || len(test.Args) == 0 || !slices.Contains([]string{".py", ".sh"}, path.Ext(test.Args[0])) {
			continue
		}
		script, err := sources.ReadFile(ctx, step.Origin, test.Args[0])
		if err != nil {
			continue // it is none of the folder's, or another problem says so
		}
		l = append(l, dockerlint.TestData(step.Origin.File(test.Args[0]), script, test.At, test.Args[1:])...)
	}
	return l
}
