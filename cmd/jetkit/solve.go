package main

import (
	"context"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/resolve"
)

// solve makes the plan, as the frontend does. The packages are searched again
// only for a target that the chosen versions have moved.
func (w *workspace) solve(ctx context.Context) (*plan.Plan, diag.List, error) {
	solution, problems, err := resolve.Solve(w.spec, func(target plan.Target) (*catalog.Catalog, diag.List, error) {
		if target == w.target {
			return w.catalog, nil, nil
		}
		cat, problems := w.packagesFor(ctx, target)
		return cat, problems, ctx.Err()
	})
	return solution.Plan, problems, err
}
