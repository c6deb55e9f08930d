package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/frontend"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/rules"
)

// checkNames refuses, before a build of hours, what can be no name of an image or label, and
// a --push to nowhere: --push=$REPOSITORY without such a variable.
func (f *buildFlags) checkNames(cmd *cobra.Command) error {
	for _, tag := range f.tags {
		if _, err := reference.ParseNormalizedNamed(tag); err != nil {
			return usagef(cmd, "--tag %s: %w", tag, err)
		}
	}
	if f.name != "" {
		name := strings.ToLower(f.name)
		if strings.HasSuffix(name, "/") {
			name += "package"
		}
		if _, err := reference.ParseNormalizedNamed(strings.ReplaceAll(name, "+", "-")); err != nil {
			return usagef(cmd, "--name %s: %w", f.name, err)
		}
	}
	for _, label := range f.labels {
		if label == "" || label[0] == '=' {
			return usagef(cmd, "--label %s: write NAME=VALUE", label)
		}
	}
	if cmd.Flags().Changed("push") && f.push == "" {
		return usagef(cmd, "--push= names no repository: write --push for where the name says, or --push=REPOSITORY")
	}
	return nil
}

// names returns what a planned image is called.
func (b *builds) names(p frontend.Planned) (build.Names, error) {
	own, err := b.flags.ownNames(context.Background(), p.Project, p.Plan)
	repo := b.flags.repository()
	if err != nil || repo == "" {
		return build.Names{Exported: own}, err
	}
	names := build.Names{Local: own}
	for _, name := range own {
		names.Exported = append(names.Exported, pushedName(repo, name))
	}
	return names, nil
}

// known returns what an image will be called, before it is built. With --tag alone
// nothing needs to be planned for that.
func (b *builds) known(r *request) (*build.Names, error) {
	if len(b.flags.tags) > 0 && b.flags.name == "" && b.flags.repository() == "" {
		return &build.Names{Exported: b.flags.tags}, nil
	}
	planned, err := b.plan(r)
	if err != nil {
		return nil, err
	}
	names, err := b.names(planned)
	return &names, err
}

// ownNames returns the names without the repository that --push gives: those of
// --tag, and jetson-containers' unless there is one and no --name.
func (f *buildFlags) ownNames(ctx context.Context, loaded *project.Project, p *plan.Plan) ([]string, error) {
	if len(f.tags) > 0 && f.name == "" {
		return f.tags, nil
	}
	last := p.Steps[len(p.Steps)-1]
	pkg, err := packageOf(ctx, loaded, p, last)
	if err != nil {
		return nil, err
	}
	spec := loaded.Spec
	name := imageNameAs(f.name, pkg, spec.Target.Tables.ForTree(p.Target), spec.Target.Python.Value != "")
	if name == "" {
		var l diag.List
		l.Errorf(rules.BadValue, diag.Range{}, "name it with --tag NAME", "the name and tag of package %s are no name of an image", last.Name)
		return nil, l.Err()
	}
	return append([]string{name}, f.tags...), nil
}

// packageOf returns the package of a plan's step.
func packageOf(ctx context.Context, loaded *project.Project, p *plan.Plan, step plan.Step) (*catalog.Package, error) {
	found, err := loaded.Catalog(ctx, p.Target) // it was made for the plan
	if err != nil {
		return nil, err
	}
	for _, pkg := range found.Lookup(step.Name) {
		if pkg.Origin == step.Origin {
			return pkg, nil
		}
	}
	return nil, fmt.Errorf("package %s is not in the catalog of its plan", step.Name)
}
