//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"
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
