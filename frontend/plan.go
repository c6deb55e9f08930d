package frontend

import (
	"context"
	"slices"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/resolve"
	"jetkit/pkgspec/rules"
)

// plan reads jetson.yaml and the package trees and resolves them for a platform.
// Every problem that can be found is reported together; no step has run by then.
func (b *build) plan(ctx context.Context, p ocispecs.Platform) (*plan.Plan, diag.List, error) {
	args, options := b.buildArgs()
	spec, problems := pkgspec.LoadWithOptions(b.spec.Filename, b.spec.Data, args, options)
	if spec == nil || problems.HasErrors() {
		return nil, problems, problems.Err()
	}
	spec.Target.Platform = formatPlatform(p)
	spec.Target.OneOfSeveral = b.ui.MultiPlatformRequested
	spec.Target.Base = b.askedBase(spec)
	solution, more, err := resolve.Solve(spec, func(target plan.Target) (*catalog.Catalog, diag.List, error) {
		return b.catalog(ctx, spec, target)
	})
	problems = append(problems, more...)
	if err == nil {
		err = problems.Err()
	}
	if err != nil {
		return nil, problems, err
	}
	resolved := solution.Plan
	if b.ui.Target != "" {
		resolved, more = upTo(resolved, b.ui.Target)
		problems = append(problems, more...)
	}
	return resolved, problems, problems.Err()
}

func formatPlatform(p ocispecs.Platform) string { return platforms.Format(platforms.Normalize(p)) }

// catalog scans the trees that the spec names.
func (b *build) catalog(ctx context.Context, spec *pkgspec.Spec, target plan.Target) (*catalog.Catalog, diag.List, error) {
	trees, folders, problems, err := b.trees.open(ctx, spec)
	if err != nil || problems.HasErrors() {
		return nil, problems, err
	}
	cat, more := pkgmeta.Scan(ctx, trees, folders, pkgmeta.ScanOptions{
		Evaluator: &evaluator{build: b, image: spec.PythonImage.Value, platform: spec.Target.Platform}, Facts: spec.Target.Tables.ForTree(target), Args: spec.Args,
	})
	return cat, append(problems, more...), ctx.Err()
}

// askedBase says what the user wants the chain to build on, if anything: a named
// context called "base", or what the file or BASE_IMAGE names.
func (b *build) askedBase(spec *pkgspec.Spec) platform.Asked {
	if b.trees.hasContext(plan.BaseContext) {
		return platform.Asked{Value: plan.BaseContext, From: "--build-context " + plan.BaseContext}
	}
	from := "--build-arg BASE_IMAGE"
	if spec.Base.At.File != "" {
		from = spec.Base.At.String()
	}
	return platform.Asked{Value: spec.Base.Value, From: from, At: spec.Base.At}
}

// upTo cuts a plan after the package that --target names. The steps before it
// keep their cache keys (but see chain's marks for a chain with several devices).
func upTo(p *plan.Plan, target string) (*plan.Plan, diag.List) {
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return chain.Answers(s, target) })
	if i < 0 {
		names := make([]string, len(p.Steps))
		for i, s := range p.Steps {
			names[i] = s.Name
		}
		var problems diag.List
		problems.Errorf(rules.UnknownTarget, diag.Range{}, diag.DidYouMean(target, names),
			"--target %s: the chain has no such package", target)
		return nil, problems
	}
	cut := *p
	cut.Requested = []string{p.Steps[i].Name}
	cut.Steps = p.Steps[:i+1]
	return &cut, nil
}
