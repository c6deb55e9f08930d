package project_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/project"
)

// TestPythonNotInUbuntu checks who gets no warning of a Python that the Ubuntu lacks:
// a base of the user's may have it, and so may a package of the user's.
func TestPythonNotInUbuntu(t *testing.T) {
	own := map[string]fstest.MapFS{"": {"packages/python/Dockerfile": file("#---\n# name: python\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")}}
	none := map[string]fstest.MapFS{"": {}}
	const warning = "asks for Python 3.11, but Ubuntu 22.04 has 3.10, and the built-in package python installs no other"
	for name, test := range map[string]struct {
		text, arg string
		files     map[string]fstest.MapFS
		want      string
	}{
		"in the file":       {"target: {jetpack: 6.2, python: 3.11}\npackages: [numpy]\n", "", none, "the target " + warning},
		"an argument":       {"target: {jetpack: 6.2}\npackages: [numpy]\n", "3.11", none, "--build-arg PYTHON_VERSION " + warning},
		"another Ubuntu":    {"target: {jetpack: 7.0, python: 3.12}\npackages: [numpy]\n", "", none, ""},
		"no python":         {"target: {jetpack: 6.2, python: 3.11}\npackages: [ninja]\n", "", none, ""},
		"a base":            {"target: {jetpack: 6.2, python: 3.11}\nbase: debian:12\npackages: [numpy]\n", "", none, ""},
		"a package":         {"target: {jetpack: 6.2, python: 3.11}\npackages: [numpy]\n", "", own, ""},
		"left out":          {"target: {jetpack: 6.2, python: 3.11}\npackages: [numpy]\nskip: [python]\n", "", none, ""},
		"an unknown Ubuntu": {"target: {jetpack: 7.2, ubuntu: 26.10, python: 3.11}\npackages: [numpy]\n", "", none, "Ubuntu 26.10 is in no table; it is taken as given"},
	} {
		args := map[string]string{}
		if test.arg != "" {
			args["PYTHON_VERSION"] = test.arg
		}
		p, problems, err := project.Load(t.Context(), project.Options{Data: []byte(test.text), Args: args, Contexts: &contexts{files: test.files}})
		require.NoError(t, err)
		require.NotNil(t, p.Spec, problems)
		_, problems, err = p.Solve(t.Context())
		require.NoError(t, err)
		var got []string
		for _, d := range problems {
			got = append(got, d.Message)
		}
		assert.Equal(t, test.want, strings.Join(got, "\n"), name)
	}
}
