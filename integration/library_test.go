//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// TestLibraryPythonIsTheTargets checks that an image holds the Python that its
// manifest and labels say it was built for: the library's python package refuses
// a distribution that has another one, with what would help.
func TestLibraryPythonIsTheTargets(t *testing.T) {
	t.Parallel()
	version, err := shared.BasePython()
	require.NoError(t, err)
	p := newProject(t, files{"jetson.yaml": "target: {jetpack: '6.2', python: '3.12'}\npackages: [python]\ntests: {run: none}\n"})
	require.NotEqual(t, "3.12", version)
	assertContains(t, p.fail(t).Stderr, "the target has Python 3.12, but the distribution of this image has Python "+version+":",
		`write python: "`+version+`" under target`)
}

// TestLibraryOnDebian builds what of the library needs nothing but a distribution's archive, in one chain, and runs all its tests on the
// finished image. The chain is a file, as the library's pages say of each package what was done with it.
func TestLibraryOnDebian(t *testing.T) {
	t.Parallel()
	assert.GreaterOrEqual(t, buildLibrary(t, "amd64.yaml"), 11)
}

// buildLibrary builds a chain of the library's packages for linux/amd64 with all their tests, and returns how many packages it has.
func buildLibrary(t *testing.T, file string) int {
	t.Helper()
	needsAMD64(t)
	p := newProject(t, files{"jetson.yaml": libraryFile(t, file)})
	chain := p.planOf(t)
	b := p.build(t)
	var want []string
	for _, step := range chain.Steps {
		require.NotEmpty(t, step.Tests, "%s has no test", step.Name)
		for _, test := range step.Tests {
			want = append(want, "[test "+step.Name+" on image] "+test.Name)
		}
	}
	slices.Sort(want)
	assert.Equal(t, want, b.tests())
	t.Logf("library: %d packages built on linux/amd64, %d tests of theirs passed", len(chain.Steps), len(want))
	return len(chain.Steps)
}

// libraryFile returns one of the files that say what of the library is tried, without the comment in front.
func libraryFile(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "library", name))
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(file), "\ntarget:")
	require.True(t, ok)
	return "target:" + body
}

// planOf returns the plan of the project, as the frontend has it.
func (p *project) planOf(t *testing.T, options ...buildOption) *plan.Plan {
	t.Helper()
	var answer plan.Plan
	out := p.build(t, append(options, with("--call", "jetson.plan,format=json"))...).Stdout
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	return &answer
}
