package project_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/project"
)

// TestLint has what is no fault beside what is one.
func TestLint(t *testing.T) {
	const packages = "\npackages: a\n"
	plain := "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	for name, test := range map[string]struct {
		text  string
		args  map[string]string
		files map[string]string
		want  string
	}{
		"the target's base":                {text: packages},
		"a base without a tag":             {text: "base: debian" + packages, want: "unpinned-image"},
		"a registry's port is no tag":      {text: "base: localhost:5000/debian" + packages, want: "unpinned-image"},
		"the latest":                       {text: "base: debian:latest" + packages, want: "unpinned-image"},
		"as a build argument":              {text: packages, args: map[string]string{"BASE_IMAGE": "debian"}, want: "unpinned-image"},
		"a runtime image's base":           {text: "image: {from: /opt, base: debian}" + packages, want: "unpinned-image"},
		"one of another generation":        {text: "image: {from: /opt, base: 'dustynv/l4t-pytorch:r35.2.1'}" + packages, want: "other-generation"},
		"one that is a context":            {text: "image: {from: /opt, base: other}" + packages},
		"a base with a tag":                {text: "base: localhost:5000/debian:12" + packages},
		"a base with a digest":             {text: "base: debian@sha256:" + strings.Repeat("0", 64) + packages},
		"a base that is a context":         {text: "base: other" + packages},
		"scratch":                          {text: "base: scratch" + packages},
		"a base of another generation":     {text: "base: dustynv/l4t-pytorch:r35.2.1" + packages, want: "other-generation"},
		"36.3 is another one than 36.4":    {text: "base: nvcr.io/nvidia/l4t-jetpack:r36.3.0" + packages, want: "other-generation"},
		"a base of this one":               {text: "base: dustynv/pytorch:2.7-r36.4.0-cu128-24.04" + packages},
		"a base of an unknown one":         {text: "base: robots/app:r99.1" + packages},
		"an argument that is declared":     {text: "args: {FOO: 1}" + packages, files: map[string]string{"a/Dockerfile": plain + "ARG FOO\n"}},
		"by another package of the chain":  {text: "args: {FOO: 1}\npackages: [a, b]\n", files: map[string]string{"b/Dockerfile": plain + "ARG FOO\n"}},
		"an argument that nobody declares": {text: "args: {FOO: 1}" + packages, want: "unused-arg"},
		"an argument of the command line":  {text: packages, args: map[string]string{"FOO": "1"}},
		"one that wins over the file":      {text: "args: {FOO: 1}" + packages, args: map[string]string{"FOO": "1"}},
		"one that selects a version": {
			text: "args: {A_VERSION: 2}" + packages, files: map[string]string{"a/config.yaml": "variants:\n- version: 2\n- version: 3\n"},
		},
		"a test that is skipped is one":     {text: packages + "tests: {skip: a}\n", files: map[string]string{"a/config.yaml": "gpu: true\n", "a/test.py": ""}},
		"a GPU package without a test":      {text: packages, files: map[string]string{"a/config.yaml": "gpu: true\n"}, want: "untested-gpu"},
		"one that needs one":                {text: packages, files: map[string]string{"a/config.yaml": "depends: cuda\n", "cuda/Dockerfile": plain, "cuda/test.sh": ""}, want: "untested-gpu"},
		"one that says it uses none":        {text: packages, files: map[string]string{"a/config.yaml": "depends: cuda\ngpu: false\n", "cuda/Dockerfile": plain, "cuda/test.sh": ""}},
		"one that only groups others":       {text: packages, files: map[string]string{"a/group.yaml": "x", "a/config.yaml": "depends: cuda\n", "cuda/Dockerfile": plain, "cuda/test.sh": ""}},
		"a folder before a package":         {text: "packages: [./x, a]\n", want: "slow-order"},
		"a folder before folders":           {text: "packages: [a, ./x, ./y]\n"},
		"a folder that a package needs":     {text: "packages: [./x, a]\n", files: map[string]string{"a/config.yaml": "depends: x\n"}},
		"or that one needs that it needs":   {text: "packages: [./x, a]\n", files: map[string]string{"a/config.yaml": "depends: b\n", "b/Dockerfile": plain, "b/config.yaml": "depends: x\n"}},
		"a folder in layers":                {text: "packages: [./x, a]\nlayers: packages\n"},
		"a package by its name comes first": {text: "packages: [x, a]\n", files: map[string]string{"x/Dockerfile": plain}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := fstest.MapFS{"x/Dockerfile": file(plain), "y/Dockerfile": file(plain)}
			if test.files["a/group.yaml"] == "" {
				folder["packages/a/Dockerfile"] = file(plain)
			}
			for name, text := range test.files {
				folder["packages/"+name] = file(text)
			}
			loaded, problems := loadText(t, "target: {jetpack: 6.2}\n"+test.text, test.args, folder)
			require.NoError(t, problems.Err())
			p, problems, err := loaded.Solve(t.Context())
			require.NoError(t, err)
			require.NotNil(t, p, "%v", problems)
			var got []string
			for _, d := range append(problems, loaded.Lint(p)...) {
				got = append(got, d.Rule.Name)
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}

// declaring is an evaluator of config.py files that declare nothing new.
type declaring struct{}

func (declaring) Evaluate(_ context.Context, req configpy.Request) (configpy.Result, error) {
	r := configpy.Result{}
	for range req.Folders {
		r.Folders = append(r.Folders, configpy.FolderResult{Packages: []json.RawMessage{[]byte(`{"name": "a"}`)}})
	}
	return r, nil
}

// TestArgsOfConfigPy holds that an argument which a config.py may read is not called unused.
func TestArgsOfConfigPy(t *testing.T) {
	for config, want := range map[string]int{"config.py": 0, "config.yaml": 1} {
		loaded, problems, err := project.Load(t.Context(), project.Options{
			File: "jetson.yaml", Data: []byte("target: {jetpack: 6.2}\npackages: a\nargs: {FOO: 1}\n"),
			Contexts: &contexts{files: map[string]fstest.MapFS{"": {
				"packages/a/Dockerfile": file("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"), "packages/a/" + config: file("name: a\n"),
			}}},
			Complete:  func(s *pkgspec.Spec) error { s.Target.Platform = "linux/arm64"; return nil },
			Evaluator: func(*pkgspec.Spec) configpy.Evaluator { return declaring{} },
		})
		require.NoError(t, err)
		require.Empty(t, problems)
		p, problems, err := loaded.Solve(t.Context())
		require.NoError(t, err)
		require.NotNil(t, p, "%v", problems)
		assert.Len(t, problems, want, config)
	}
}
