package main

import (
	"path/filepath"
	"strings"

	"jetkit/cmd/internal/pylocal"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
)

// python is the program that runs config.py files, looked up in PATH.
const python = "python3"

// evaluator gives what runs config.py files, or nil for those who have not said
// that they trust the trees.
func (r *request) evaluator() configpy.Evaluator {
	if !r.runConfigPy {
		return nil
	}
	e := pylocal.New(python)
	if r.cache != "" {
		e.CacheDir = filepath.Join(r.cache, "config-py")
	}
	return e
}

// notRun is how the reason begins that a package has which nobody may evaluate.
const notRun = "configured by config.py"

// nameFlag adds to that reason what would enable the package.
func nameFlag(cat *catalog.Catalog) {
	for _, p := range cat.Packages() {
		if strings.HasPrefix(p.Disabled, notRun) {
			p.Disabled = notRun + ", which runs with --run-config-py only"
		}
	}
}
