package main

import (
	"context"
	"errors"

	"jetkit/pkgspec/pkgmeta"
)

// evaluator gives what runs config.py files.
func (w *workspace) evaluator() pkgmeta.Evaluator {
	return refuser{}
}

// refuser is the evaluator of those who have not said that they trust a tree.
type refuser struct{}

var errNotRun = errors.New("it is configured by config.py, which only runs with --run-config-py")

func (refuser) Evaluate(context.Context, pkgmeta.EvalRequest) (pkgmeta.EvalResult, error) {
	return pkgmeta.EvalResult{}, errNotRun
}
