package frontend

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/rules"
)

// load reads jetson.yaml for a platform and opens the contexts that it names.
func (b *build) load(ctx context.Context, p ocispecs.Platform) (*project.Project, diag.List, error) {
	args, flags := b.buildArgs()
	maps.Copy(flags, b.options.Flags)
	loaded, problems, err := project.Load(ctx, project.Options{
		File: b.spec.Filename, Data: b.spec.Data, Args: args, Flags: flags,
		Complete: func(spec *pkgspec.Spec) error {
			spec.Target.Platform, spec.Target.OneOfSeveral = formatPlatform(p), b.ui.MultiPlatformRequested
			return b.options.complete(spec)
		},
		Contexts: contextsFor{b.contexts, p}, Lock: b.lock, Locking: b.pins.making,
		Evaluator: func(spec *pkgspec.Spec) configpy.Evaluator {
			return &evaluator{
				build: b, contexts: contextsFor{b.contexts, p}, image: spec.PythonImage.Value,
				pythonIsTree: slices.ContainsFunc(spec.Sources, func(s pkgspec.Source) bool { return s.Kind == plan.Named && s.Name == plan.PythonContext }),
			}
		},
	})
	b.loaded.Store(loaded) // for messages, also where it is not complete
	b.pins.use(loaded.Lock())
	return loaded, problems, cmp.Or(err, problems.Err())
}

// plan reads jetson.yaml and the package trees and resolves them for a platform.
// Every problem that can be found is reported together; no step has run by then.
// A warning that the user wants to stop the build is an error.
func (b *build) plan(ctx context.Context, p ocispecs.Platform) (*plan.Plan, diag.List, error) {
	resolved, problems, err := b.resolve(ctx, p)
	if err == nil {
		problems = b.loaded.Load().Strict(problems)
		err = problems.Err()
	}
	return resolved, problems, err
}

// resolve is plan where warnings are only that.
func (b *build) resolve(ctx context.Context, p ocispecs.Platform) (*plan.Plan, diag.List, error) {
	loaded, problems, err := b.load(ctx, p)
	if err != nil {
		return nil, problems, err
	}
	resolved, problems, err := loaded.Solve(ctx)
	if err := cmp.Or(err, problems.Err()); err != nil {
		return nil, problems, err
	}
	b.uncut.Store(formatPlatform(p), resolved)
	if b.ui.Target != "" {
		var more diag.List
		resolved, more = upTo(resolved, b.ui.Target)
		problems = append(problems, more...)
	}
	return resolved, problems, problems.Err()
}

func formatPlatform(p ocispecs.Platform) string { return platforms.Format(platforms.Normalize(p)) }

// upTo cuts a plan down to the package that --target names and what it is built on. The
// steps that stay keep their cache keys (but see chain's device stubs for a chain with
// several devices).
func upTo(p *plan.Plan, target string) (*plan.Plan, diag.List) {
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return chain.Answers(s, target) })
	if i < 0 {
		var problems diag.List
		problems.Errorf(rules.UnknownTarget, p.RequestedAt, suggestStep(p, target),
			"--target %s: the chain has no such package", target)
		return nil, problems
	}
	cut := *p
	cut.Requested = []string{p.Steps[i].Name}
	cut.Steps = nil
	cut.Image.From, cut.Image.Base, cut.Image.BaseAt = nil, "", diag.Range{} // a stage is what its packages make
	for _, k := range append(p.BuiltOn()[i], i) {
		cut.Steps = append(cut.Steps, p.Steps[k])
	}
	return &cut, nil
}

// suggestStep returns the hint about a name that no package of the chain goes by.
func suggestStep(p *plan.Plan, name string) string {
	names := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		names[i] = s.Name
	}
	return cmp.Or(diag.DidYouMean(name, names), "the packages of the chain are "+diag.Some(names, ", ", 10))
}
