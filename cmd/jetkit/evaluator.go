package main

import (
	"strings"

	"jetkit/pkgspec/pkgmeta"
)

// evaluator gives what runs config.py files, or nil for those who have not said
// that they trust the trees.
func (w *workspace) evaluator() pkgmeta.Evaluator {
	return nil
}

// notRun is how the reason begins that a package has which nobody may evaluate.
const notRun = "configured by config.py"

// nameFlag adds to that reason what would enable the package.
func nameFlag(catalog *pkgmeta.Catalog) {
	for _, p := range catalog.Packages() {
		if strings.HasPrefix(p.Disabled, notRun) {
			p.Disabled = notRun + ", which runs with --run-config-py only"
		}
	}
}
