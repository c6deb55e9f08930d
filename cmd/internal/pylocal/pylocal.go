// Package pylocal runs config.py files with a Python of this machine.
package pylocal

import (
	"context"
	"errors"

	"jetkit/pkgspec/pkgmeta"
)

// Evaluator runs config.py files with a Python of this machine.
type Evaluator struct {
	// CacheDir keeps results between runs; empty keeps none.
	CacheDir string
	python   string
}

var _ pkgmeta.Evaluator = (*Evaluator)(nil)

// New makes an evaluator for a Python program, a path or a name to be looked up.
func New(python string) *Evaluator { return &Evaluator{python: python} }

// Evaluate runs the request's config.py files.
func (*Evaluator) Evaluate(context.Context, pkgmeta.EvalRequest) (pkgmeta.EvalResult, error) {
	return pkgmeta.EvalResult{}, errors.New("not done yet")
}
