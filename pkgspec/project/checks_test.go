package project_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/project"
)

// TestChecks has a warning in jetson.yaml, in a Dockerfile and in a configuration beside one.
func TestChecks(t *testing.T) {
	const unusedName, unusedArg, unusedFlags = "unused-name jetson.yaml", "unused-build-arg packages/a/Dockerfile", "unused-build-flags packages/b/config.yaml"
	all := []string{unusedName, unusedArg, unusedFlags}
	for name, test := range map[string]struct {
		file, a, b, arg string
		warnings        []string
		failed          []string
	}{
		"all":                          {warnings: all},
		"the file skips its own":       {file: "# check=skip=unused-name,unused-build-arg", warnings: []string{unusedArg, unusedFlags}},
		"the file skips all of its":    {file: "# syntax=x\n# check=skip=all", warnings: []string{unusedArg, unusedFlags}},
		"a Dockerfile skips its own":   {a: "# check=skip=unused-name,unused-build-arg\n", warnings: []string{unusedName, unusedFlags}},
		"a configuration beside it":    {b: "# check=skip=unused-build-flags\n", warnings: []string{unusedName, unusedArg}},
		"a Dockerfile skips all":       {b: "# check=skip=all\n", warnings: []string{unusedName, unusedArg}},
		"not a directive":              {a: "# of ours\n# check=skip=all\n", warnings: all},
		"an error of the file":         {file: "# check=error=true", warnings: all, failed: []string{unusedName}},
		"an error, nothing left":       {file: "# check=skip=all;error=true", warnings: []string{unusedArg, unusedFlags}},
		"an error of a Dockerfile":     {a: "# check=error=true\n", warnings: all, failed: []string{unusedArg}},
		"the argument skips":           {arg: "skip=unused-build-arg,unused-name", warnings: []string{unusedFlags}},
		"the argument is an error":     {arg: "skip=unused-name;error=true", file: "# check=skip=all", warnings: []string{unusedArg, unusedFlags}, failed: []string{unusedArg, unusedFlags}},
		"the argument wins over files": {arg: "skip=x", file: "# check=skip=all", a: "# check=error=true\n", warnings: all},
	} {
		t.Run(name, func(t *testing.T) {
			folder := fstest.MapFS{
				"packages/a/Dockerfile":  file(test.a + "#---\n# name: a\n# depends: b\n# build_args: {X: 1}\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"),
				"packages/b/Dockerfile":  file(test.b + "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"),
				"packages/b/config.yaml": file("name: b\nbuild_flags: --x\n"),
			}
			args := map[string]string{}
			if test.arg != "" {
				args["BUILDKIT_DOCKERFILE_CHECK"] = test.arg
			}
			loaded, problems := loadText(t, test.file+"\ntarget: {jetpack: 6.2}\npackages: a\nskip: [zz]\n", args, folder)
			require.NoError(t, problems.Err())
			p, problems, err := loaded.Solve(t.Context())
			require.NoError(t, err)
			require.NotNil(t, p)
			assert.ElementsMatch(t, test.warnings, inFiles(problems))
			strict := loaded.Strict(problems)
			assert.ElementsMatch(t, test.failed, inFiles(diag.FromError(strict.Err())))
		})
	}
}

// TestBadChecks holds that options which nobody can read are reported where they stand.
func TestBadChecks(t *testing.T) {
	_, problems := loadText(t, "# syntax=x\n# check=eror=true\ntarget: {jetpack: 6.2}\npackages: a\n", nil, fstest.MapFS{})
	require.Equal(t, []string{"bad-value jetson.yaml"}, inFiles(problems))
	assert.Equal(t, 2, problems[0].At.Start.Line)
	_, problems = loadText(t, "packages: a\n", map[string]string{"BUILDKIT_DOCKERFILE_CHECK": "skip"}, fstest.MapFS{})
	require.EqualError(t, problems.Err(), `error: --build-arg BUILDKIT_DOCKERFILE_CHECK: "skip" is no option [bad-value]
    hint: write skip=RULE,… and error=true, with a semicolon between them`)
}

func loadText(t *testing.T, text string, args map[string]string, folder fstest.MapFS) (*project.Project, diag.List) {
	t.Helper()
	loaded, problems, err := project.Load(t.Context(), project.Options{
		File: "jetson.yaml", Data: []byte(text), Args: args, Contexts: &contexts{files: map[string]fstest.MapFS{"": folder, "other": {}}},
		Complete: func(s *pkgspec.Spec) error {
			s.Target.Platform = "linux/arm64"
			return nil
		},
	})
	require.NoError(t, err)
	return loaded, problems
}

func inFiles(problems diag.List) []string {
	var all []string
	for _, d := range problems {
		all = append(all, strings.TrimSpace(d.Rule.Name+" "+d.At.File))
	}
	return all
}
