package pkgmeta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

func TestBinaries(t *testing.T) {
	cat := scan(t, contextTree(map[string]string{"x/Dockerfile": `#---
# constraints: [numpy<2, 'x==${X_VERSION}']
# kernels: [80, 90+ptx]
# source: a page
# checked: 2026-11-25
# variants:
#   - {version: 1.5, constraints: y==1, kernels: 87, source: "a row's page", checked: 2026-01-02}
#   - {version: 1.6}
#---
FROM scratch
ARG X_VERSION
`}))
	require.Empty(t, allProblems(cat))
	first, second := cat.Packages()[0], cat.Packages()[1]
	assert.Equal(t, []string{"numpy<2", "x==${X_VERSION}", "y==1"}, texts(first.Constraints))
	assert.Equal(t, "8.7", plan.KernelsText(first.Kernels))
	assert.Equal(t, "a row's page 2026-01-02", first.Source+" "+first.Checked)
	assert.Equal(t, []string{"numpy<2", "x==${X_VERSION}"}, texts(second.Constraints))
	assert.Equal(t, "8.0, 9.0 and later", plan.KernelsText(second.Kernels))
	assert.Equal(t, "a page 2026-11-25", second.Source+" "+second.Checked)
	assert.Equal(t, "x/Dockerfile:7:50", first.Kernels[0].At.String())
}

func TestBinariesProblems(t *testing.T) {
	for header, want := range map[string]string{
		"constraints: torch 2.8":                               "x/Dockerfile:2:16: error: constraints: \"2.8\" is not a version specifier [bad-value]\n    hint: write torch==2.8\n",
		"constraints: [torch==1, numpy]":                       "x/Dockerfile:2:27: error: constraints: \"numpy\" has no version [bad-value]\n    hint: write which one: numpy==2.8.0, say\n",
		"constraints: 'x==${VERSION}'":                         "x/Dockerfile:2:16: error: constraints: \"x==${VERSION}\" names a build argument that the package does not have: VERSION [bad-value]\n    hint: give it under build_args\n",
		"constraints: {a: 1}":                                  "x/Dockerfile:2:16: error: an entry of constraints must be a text, not a mapping [wrong-type]\n    hint: a colon and a space make a mapping of it; put the entry in quotes if it is a text\n",
		"pins: torch==1":                                       "x/Dockerfile:2:3: error: \"pins\" is no metadata key [unknown-key]\n    hint: did you mean constraints?\n",
		"kernels: [8.7]":                                       "x/Dockerfile:2:13: error: kernels: \"8.7\" is not a compute capability [bad-value]\n    hint: write 87\n",
		"kernels: [sm_87, compute_120+PTX]":                    "x/Dockerfile:2:13: error: kernels: \"sm_87\" is not a compute capability [bad-value]\n    hint: write 87\nx/Dockerfile:2:20: error: kernels: \"compute_120+PTX\" is not a compute capability [bad-value]\n    hint: write 120+ptx\n",
		"kernels: Orin":                                        "x/Dockerfile:2:12: error: kernels: \"Orin\" is not a compute capability [bad-value]\n    hint: write ten times the compute capability, as nvcc's sm_ names have it: 87, or 120+ptx\n",
		"checked: yesterday":                                   "x/Dockerfile:2:12: error: checked: \"yesterday\" is not a day [bad-value]\n    hint: write year, month and day: 2026-11-25\n",
		"constraints: [" + strings.Repeat("a==1, ", 101) + "]": "x/Dockerfile:2:16: error: there are more than 100 constraints [too-large]\n",
		"kernels: [" + strings.Repeat("87, ", 51) + "]":        "x/Dockerfile:2:12: error: there are more than 50 kernels [too-large]\n",
	} {
		cat := scan(t, contextTree(map[string]string{"x/Dockerfile": fmt.Sprintf("#---\n# %s\n#---\nFROM scratch\n", header)}))
		assert.Equal(t, want, allProblems(cat), header)
	}
}
