package main

import (
	"context"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/resolve"
)

// solve makes the plan, as the frontend does. The packages are searched again
// only for a target that the chosen versions have moved.
func (w *workspace) solve(ctx context.Context) (*plan.Plan, diag.List, error) {
	solution, problems, err := resolve.Solve(w.spec, func(target plan.Target) (*pkgmeta.Catalog, diag.List, error) {
		if target == w.target {
			return w.catalog, nil, nil
		}
		catalog, problems := w.packagesFor(ctx, target)
		return catalog, problems, ctx.Err()
	})
	return solution.Plan, problems, err
}
