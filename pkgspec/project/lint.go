package project

import (
	"errors"
	"io/fs"
	"path"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lint"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

// Lint finds in a plan what only a check reports.
func (p *Project) Lint(resolved *plan.Plan) diag.List {
	return p.Filter(p.lint(resolved, nil).Check())
}

func (p *Project) lint(resolved *plan.Plan, found *catalog.Catalog) lint.Project {
	return lint.Project{Spec: p.Spec, Plan: resolved, Catalog: found, IsContext: p.hasContext, Locked: p.lock != nil, DeclaredArgs: p.declaredArgs}
}

// declaredArgs returns the build arguments that a package's Dockerfile declares. A config.py
// may read any other.
func (p *Project) declaredArgs(step plan.Step) (map[string]bool, bool) {
	files := p.Files(step.Origin)
	if _, err := fs.Stat(files, path.Join(step.Origin.Path, pkgmeta.PythonConfig)); !errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if step.Dockerfile == "" {
		return nil, true
	}
	dt, err := fs.ReadFile(files, path.Join(step.Origin.Path, step.Dockerfile))
	if err != nil {
		return nil, false
	}
	return pkgmeta.DeclaredArgs(dt), true
}
