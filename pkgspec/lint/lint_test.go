package lint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lint"
	"jetkit/pkgspec/plan"
)

// TestUnknownArgs holds that nothing is said of an argument which may be read somewhere. What
// else there is to find, package project's tests have.
func TestUnknownArgs(t *testing.T) {
	known := false
	p := lint.Project{
		Spec: &pkgspec.Spec{ArgsAt: map[string]diag.Range{"FOO": {}}}, Plan: &plan.Plan{Steps: []plan.Step{{Name: "a"}}}, Catalog: catalog.New(),
		DeclaredArgs: func(plan.Step) (map[string]bool, bool) { return nil, known },
	}
	assert.Empty(t, p.Warnings())
	known = true
	assert.Len(t, p.Warnings(), 1)
}
