package library

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/plan"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// TestReasons holds what the pages say of a name that does not resolve.
func TestReasons(t *testing.T) {
	const from = "#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	tree := fstest.MapFS{
		"packages/new/Dockerfile":   file("#---\n# requires: '>=36'\n" + from),
		"packages/off/Dockerfile":   file("#---\n# disabled: its server is gone\n" + from),
		"packages/one/Dockerfile":   file("#---\n# variants: [{version: 2, requires: '>=36'}]\n" + from),
		"packages/two/Dockerfile":   file("#---\n# requires: '>=36'\n# variants: [{version: 2}, {version: 1}]\n" + from),
		"packages/many/Dockerfile":  file("#---\n# variants: [{version: 2, requires: '>=36'}, {version: 1, disabled: broken}]\n" + from),
		"packages/needs/Dockerfile": file("#---\n# depends: [new, off]\n" + from),
		"packages/lacks/Dockerfile": file("#---\n# depends: [nothing]\n" + from),
	}
	for name, want := range map[string]string{
		"new":   "new needs L4T >=36, the target has 35.4.1",
		"off":   "off is disabled: its server is gone",
		"one":   "one:2 needs L4T >=36, the target has 35.4.1",
		"two":   "no version of two fits the target: needs L4T >=36, the target has 35.4.1",
		"many":  "no version of many fits the target: many:2: needs L4T >=36, the target has 35.4.1; many:1: it is disabled: broken",
		"needs": "new needs L4T >=36, the target has 35.4.1; off is disabled: its server is gone",
	} {
		_, solved, problems, err := load(t.Context(), "jetson.yaml", jetsonYAML(targets()[0], name), "linux/arm64", contexts{root: tree})
		require.NoError(t, err)
		require.Nil(t, solved)
		assert.Equal(t, want, whyNot(answer{problems: problems}), name)
		assert.Empty(t, unexplained(problems), name)
	}
	_, solved, problems, err := load(t.Context(), "jetson.yaml", jetsonYAML(targets()[0], "lacks"), "linux/arm64", contexts{root: tree})
	require.NoError(t, err)
	require.Nil(t, solved)
	assert.Len(t, unexplained(problems), 1, "a missing dependency is a fault")
}

func TestSummary(t *testing.T) {
	for script, want := range map[string]string{
		"#!/usr/bin/env bash\n# Builds one\n# target.\nset -e\n# more\n":                     "Builds one target.",
		"#!/usr/bin/env python3\n\"\"\"Checks it,\nwhole.\n\nAnd more.\n\"\"\"\nimport os\n": "Checks it, whole.",
		"#!/usr/bin/env python3\n# Licence.\n\"\"\"Checks it.\"\"\"\n":                       "Checks it.",
		"#!/bin/sh\nset -e\n":             "",
		"#!/bin/sh\n#\n# Late.\ntrue\n":   "Late.",
		"import x\n\n# Imports x.\nx()\n": "Imports x.",
	} {
		assert.Equal(t, want, summaryOf(script))
	}
}

func TestDeclaredArguments(t *testing.T) {
	const dockerfile = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n# Which one.\nARG A=1 B\n\nARG C=\"x y\"\n"
	assert.Equal(t, []argument{{"BASE_IMAGE", "", ""}, {"A", "1", "Which one."}, {"B", "", ""}, {"C", "x y", ""}}, declared(t, []byte(dockerfile)))
}

func TestRanOnGPU(t *testing.T) {
	families := []family{{name: "cuda", packages: []*catalog.Package{{Origin: plan.Origin{Path: "cuda/cuda"}}}}}
	assert.Contains(t, ranOnGPU(families, "examples/cuda, builtin:cuda/cuda-samples"), "No package of the library has run on a GPU")
	assert.Contains(t, ranOnGPU(families, "| `builtin:cuda/cuda` | works |"), "only `cuda` [ran on a GPU]")
}

func TestTablesLeaveOutWhatSaysNothing(t *testing.T) {
	var b strings.Builder
	writeTable(&b, []string{"a", "b", "c"}, [][]string{{"1", "–", "2"}, {"3", "–", "–"}})
	assert.Equal(t, "\n| a | c |\n| --- | --- |\n| 1 | 2 |\n| 3 | – |\n", b.String())
	b.Reset()
	writeTable(&b, []string{"a", "b"}, [][]string{{"1", "–"}})
	assert.Empty(t, b.String())
}

// TestWarningsAreShown holds that the page says what no change of the package would alter.
func TestWarningsAreShown(t *testing.T) {
	tree := fstest.MapFS{"packages/wheel/Dockerfile": file("#---\n# name: wheel\n# kernels: [120]\n# build_args: {V: 2.8}\n# constraints: ['torch==${V}']\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")}
	f := family{name: "wheel"}
	for _, column := range targets()[1:4] {
		p, solved, problems, err := load(t.Context(), "jetson.yaml", jetsonYAML(column, "wheel"), column.platform, contexts{root: tree})
		require.NoError(t, err)
		require.NotNil(t, solved, problems.Err())
		found, err := p.Catalog(t.Context(), solved.Target)
		require.NoError(t, err)
		f.answers = append(f.answers, answer{column, solved, nil, p.Spec, found, tree})
		f.packages = found.Packages()[:1]
	}
	warnings := f.warnings()
	require.Len(t, warnings, 2)
	assert.Equal(t, "On JetPack 6.0, JetPack 6.2: wheel has code for GPUs of compute capability 12.0, and none that runs on the target's 8.7", warnings[0])
	for _, finding := range findings(t, f, f.answers[0]) {
		assert.NotContains(t, finding, "no-kernels")
	}
	var b strings.Builder
	writeVersions(&b, f)
	assert.Contains(t, b.String(), "| package | later packages keep | code for GPUs |\n| --- | --- | --- |\n| `wheel` | `torch==2.8` | `120` |\n")
	assert.Contains(t, b.String(), "\n- On JetPack 7.0: wheel has code")
}
