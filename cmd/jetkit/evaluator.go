package main

import (
	"path/filepath"

	"jetkit/cmd/internal/pylocal"
	"jetkit/pkgspec/configpy"
)

// python is the program that runs config.py files, looked up in PATH.
const python = "python3"

// evaluator returns what runs config.py files.
func (r *request) evaluator() configpy.Evaluator {
	e := pylocal.New(python)
	if r.cache != "" {
		e.CacheDir = filepath.Join(r.cache, "config-py")
	}
	return e
}
