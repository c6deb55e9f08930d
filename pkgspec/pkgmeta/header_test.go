package pkgmeta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/rules"
)

func TestHeader(t *testing.T) {
	cat := scan(t, contextTree(map[string]string{
		"packages/math/numpy/Dockerfile": `# syntax=docker/dockerfile:1
# some comment
#---
# name: numpy:2
# alias: [np, numpy]
# group: math
# depends: python
# requires: ['>=36', 3.10]
# test: [check.py --fast, test.sh]
# build_args:
#   VERSION: 2.10
#   FAST: true
# buildkit_device: true
# gpu: off
# layers: chain
# notes: |
#   two
#   lines
# docs:
# prefix: a
# postfix: b
# build_flags: --squash
#---
FROM scratch
ARG VERSION FAST
# name: no longer the header
`,
		"packages/math/numpy/check.py": "", "packages/math/numpy/test.sh": "",
	}))
	p := cat.Find("numpy:2")
	require.NotNil(t, p, "package")
	require.Len(t, p.Problems, 1, "package")
	require.Equal(t, rules.UnusedBuildFlags, p.Problems[0].Rule, "package")
	got := fmt.Sprint(p.Name, p.Alias, p.Group, values(p.Depends), values(p.Requires), values(p.Tests), p.BuildArgs,
		p.BuildkitDevice, *p.GPU, p.Dockerfile, p.Prefix, p.Postfix, p.Disabled, p.Origin, p.At, p.Docs)
	want := "numpy:2[np numpy]math[python][>=36 3.10][check.py --fast test.sh]map[FAST:true VERSION:2.10]" +
		"nvidia.com/gpu=all false Dockerfile a b  ./packages/math/numpy packages/math/numpy/Dockerfile:4:9 "
	assert.False(t, strings.ReplaceAll(got, " [", "[") != strings.ReplaceAll(want, " [", "[") && !sameText(got, want), "\n got %s\nwant %s", got, want)
	require.NotNil(t, p.AfterAll)
	assert.Equal(t, "packages/math/numpy/Dockerfile:15:11", p.AfterAll.String())
	assert.Equal(t, "two\nlines\n", p.Notes, "notes")
	for _, place := range []string{p.Depends[0].At.String(), p.Requires[1].At.String(), p.Tests[1].At.String()} {
		assert.Contains(t, []string{"packages/math/numpy/Dockerfile:7:12", "packages/math/numpy/Dockerfile:8:22", "packages/math/numpy/Dockerfile:9:27"}, place, "unexpected place")
	}
}

// sameText compares texts without their spaces.
func sameText(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

func values(texts []diag.Text) []string {
	var values []string
	for _, text := range texts {
		values = append(values, text.Value)
	}
	return values
}

func TestHeaderForms(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, want string }{
		{"none", "FROM scratch\n", "x"},
		{"empty file", "", "x"},
		{"empty header", "#---\n#---\nFROM scratch\n", "x"},
		{"comments only", "#---\n# # nothing\n#---\n", "x"},
		{"windows line ends", "#---\r\n# name: win\r\n#---\r\nFROM scratch\r\n", "win"},
		{"byte order mark", "\ufeff#---\n# name: bom\n#---\n", "bom"},
		{"empty lines before", "# syntax=x\n\n#---\n# name: late\n#---\n", "late"},
		{"no space after the hash", "#---\n#name: tight\n#---\n", "tight"},
		{"after the first instruction", "FROM scratch\n#---\n# name: body\n#---\n", "x"},
		{"a line of dashes is no fence", "#-----\n# license\n#-----\nFROM scratch\n", "x"},
		{"second header is ignored", "#---\n# name: first\n#---\n#---\n# name: second\n#---\n", "first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cat := scan(t, contextTree(map[string]string{"x/Dockerfile": test.dockerfile}))
			p := cat.Packages()[0]
			assert.Equal(t, test.want, p.Name, "name %q, problems %s", p.Name, printed(p.Problems))
			assert.Empty(t, p.Problems, "name %q, problems %s", p.Name, printed(p.Problems))
		})
	}
}

// headerProblems are headers with everything that can be wrong in them; what is
// printed for each is in testdata/header.golden.
var headerProblems = []struct{ name, dockerfile string }{
	{"unknown key", "#---\n# name: x\n# depnds: [a]\n# colour: red\n#---\n"},
	{"words of other tools", "#---\n# name: x\n# dependencies: [a]\n# requirements: '>=36'\n# tests: test.sh\n# args: {A: 1}\n# version: 1\n#---\n"},
	{"duplicate key", "#---\n# group: a\n# notes: n\n# group: b\n#---\n"},
	{"unterminated, at an instruction", "#---\n# name: x\nFROM scratch\n"},
	{"unterminated, at the end", "# syntax=docker/dockerfile:1\n#---\n# name: x\n"},
	{"a carriage return alone", "#---\n# name: x\r# group: y\n#---\n"},
	{"a line separator", "#---\n# name: x\n# notes: a\u2028b\n#---\n"},
	{"not a mapping", "#---\n# just words\n#---\n"},
	{"a list", "#---\n# - name\n#---\n"},
	{"wrong types", "#---\n# name: [a]\n# alias: {a: b}\n# depends: [python: 3.10, [a]]\n# test: [~]\n# build_args: [A]\n# gpu: maybe\n#---\n"},
	{"build arguments", "#---\n# build_args:\n#   A: [1]\n#   B:\n#   9C: x\n#   A-B: x\n#   D: 1\n#   D: 2\n#   [e]: f\n#---\n"},
	{"several names in one text", "#---\n# depends: numpy, pytorch\n# alias: 'a b'\n#---\n"},
	{"empty entries", "#---\n# depends: ['', numpy]\n#---\n"},
	{"bad name", "#---\n# name: a b\n#---\n"},
	{"pattern as name", "#---\n# name: ros:*\n#---\n"},
	{"yaml syntax", "#---\n# name: x\n# requires: >=36\n# depends: [a\n# group: b\n#---\n"},
	{"yaml tab", "#---\n# build_args:\n# \tA: b\n#---\n"},
	{"yaml aliases", "#---\n# depends: &d [a]\n# alias: *d\n# <<: {group: x}\n#---\n"},
	{"a fence with a space", "# ---\n# name: x\n# ---\nFROM scratch\n"},
	{"path", "#---\n# path: /etc\n#---\n"},
	{"files outside", "#---\n# dockerfile: ../Dockerfile\n# config: /etc/config.yaml\n# test: [../run.sh, /bin/true]\n#---\n"},
	{"missing files", "#---\n# dockerfile: Dockerfil.gpu\n# config: conf.yaml\n# test: [tst.sh, python3 test.sh, 'unclosed \"']\n#---\n"},
	{"no device", "#---\n# buildkit_device: gpu0\n# notes: x\n#---\n"},
	{"a device that is a list", "#---\n# buildkit_device: [nvidia.com/gpu=0]\n#---\n"},
	{"limits", "#---\n# test_timeout: 30\n# build_timeout: [1h]\n# test_retries: 11\n# timeout: 1h\n#---\n"},
	{"layers", "#---\n# layers: packages\n#---\n"},
	{"layers in other letters", "#---\n# layers: Chain\n#---\n"},
	{"layers that are a list", "#---\n# layers: [chain]\n#---\n"},
	{"config that is none", "#---\n# config: test.sh\n#---\n"},
	{"positions count bytes", "#---\n# notes: {ü: [a]}\n# depends: ['ü', {é: é}]\n#---\n"},
}

func TestHeaderProblems(t *testing.T) {
	var b strings.Builder
	for _, test := range headerProblems {
		cat := scan(t, contextTree(map[string]string{"x/Dockerfile": test.dockerfile, "x/test.sh": "", "x/Dockerfile.gpu": ""}))
		fmt.Fprintf(&b, "== %s\n%s\n", test.name, allProblems(cat))
	}
	spectest.Golden(t, "header.golden", b.String())
}

func TestHeaderLimits(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, want string }{
		{"header", "#---\n# notes: " + strings.Repeat("x", maxHeader) + "\n#---\n", "x/Dockerfile:1:1: error: the header is larger than 64 KiB [too-large]\n"},
		{"Dockerfile", "#---\n# name: y\n#---\n" + strings.Repeat("#", maxDockerfile), "x/Dockerfile: error: the Dockerfile is larger than 1024 KiB [too-large]\n"},
		{"alias bomb", "#---\n# a: &a [x]\n# b: &b [*a, *a]\n# depends: [*b, *b]\n#---\n", ""},
		{"deep", "#---\n# depends: " + strings.Repeat("[", 20000) + "\n#---\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cat := scan(t, contextTree(map[string]string{"x/Dockerfile": test.dockerfile}))
			got := allProblems(cat)
			assert.NotEmpty(t, got)
			assert.False(t, test.want != "" && got != test.want)
		})
	}
	many := "#---\n" + strings.Repeat("# [x]: y\n", 1000) + "#---\n"
	got := readHeader("x", []byte(many)).problems
	assert.Len(t, got, maxProblems, "%d problems", len(got))
}

func FuzzHeader(f *testing.F) {
	for _, test := range headerProblems {
		f.Add(test.dockerfile)
	}
	f.Add("#---\n# a: &a [*a]\n# ? [x]\n# : y\n# !!binary x: y\n#---\n")
	f.Fuzz(func(t *testing.T, dockerfile string) {
		h := readHeader("Dockerfile", []byte(dockerfile))
		again := readHeader("Dockerfile", []byte(dockerfile))
		assert.Equal(t, printed(again.problems), printed(h.problems), "two reads report different problems")
		lines := strings.Count(dockerfile, "\n") + 1
		check := func(at diag.Range) {
			require.GreaterOrEqual(t, at.Start.Line, 0, "place %s is outside the file's %d lines", at, lines)
			assert.LessOrEqual(t, at.Start.Line, lines, "place %s is outside the file's %d lines", at, lines)
		}
		for _, problem := range h.problems {
			check(problem.At)
		}
		for _, field := range h.fields {
			check(field.at)
			for _, item := range field.items {
				check(item.At)
			}
		}
	})
}
