package main

import (
	"path/filepath"

	"jetkit/cmd/internal/pylocal"
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
