package pkgmeta

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestUnusedBuildArgs: an argument that no ARG declares is a warning at its key.
func TestUnusedBuildArgs(t *testing.T) {
	const from = "FROM scratch\nARG A B=\"b c\"\nonbuild arg C\nARG \\\n# a comment\n  D=1 \\\n  E\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"declared", map[string]string{"x/Dockerfile": "#---\n# build_args: {A: 1, B: 2, C: 3, D: 4, E: 5, HTTP_PROXY: p, BUILDKIT_X: 1}\n#---\n" + from}, ""},
		{
			"in a header",
			map[string]string{"x/Dockerfile": "#---\n# build_args: {A: 1, VERSION: 2}\n#---\n" + from},
			`x/Dockerfile:2:22: warning: build_args: no ARG of Dockerfile declares VERSION, so it has no effect [unused-build-arg]
    hint: write ARG VERSION in the Dockerfile where it is used, or leave the argument out
`,
		},
		{
			"a typo in a config.json",
			map[string]string{"x/Dockerfile": "FROM scratch\nARG VERSION\n", "x/config.json": `{"build_args": {"VERSON": "2"}}`},
			`x/config.json:1:17: warning: build_args: no ARG of Dockerfile declares VERSON, so it has no effect [unused-build-arg]
    hint: did you mean VERSION?
`,
		},
		{"without a Dockerfile", map[string]string{"x/config.yaml": "depends: y\nbuild_args: {A: 1}\n"}, ""},
		{"the variable of declared versions", map[string]string{"x/Dockerfile": "FROM scratch\n", "x/config.yaml": "variants: [{version: 1}]\n"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, allProblems(scan(t, contextTree(test.files))))
		})
	}
}

// TestNullBuildArg: a null is not given, in YAML and JSON alike.
func TestNullBuildArg(t *testing.T) {
	for file, content := range map[string]string{
		"x/config.yaml": "build_args: {A: ~, B: , C: null, D: 'null', E: ''}\n",
		"x/config.json": `{"build_args": {"A": null, "D": "null", "E": ""}}`,
	} {
		cat := scan(t, contextTree(map[string]string{"x/Dockerfile": "FROM scratch\nARG A B C D E\n", file: content}))
		assert.Empty(t, allProblems(cat), file)
		assert.Equal(t, map[string]string{"D": "null", "E": ""}, cat.Find("x").BuildArgs, file)
	}
	cat := scan(t, contextTree(map[string]string{
		"x/Dockerfile":  "FROM scratch\nARG A\n",
		"x/config.yaml": "build_args: {A: 1}\nvariants: [{version: 2, build_args: {A: ~}}]\n",
	}))
	assert.Equal(t, "1", cat.Find("x:2").BuildArgs["A"], "a null of one version is not given, so the package's value stays")
}

// TestEntryThatIsAMapping: the hint fits what the entry was meant to be.
func TestEntryThatIsAMapping(t *testing.T) {
	cat := scan(t, contextTree(map[string]string{"x/Dockerfile": `#---
# depends:
#  - numpy
#  - buildkit_device: x tensorflow2
#  - python: 3.10
#  - a b: c
# test:
#  - test.sh: --fast
#---
FROM scratch
`}))
	assert.Equal(t, `x/Dockerfile:4:6: error: an entry of depends must be a text, not a mapping [wrong-type]
    hint: buildkit_device is a key: write it on a line of its own, below the list and without the dash
x/Dockerfile:5:6: error: an entry of depends must be a text, not a mapping [wrong-type]
    hint: a name and its version are one word: python:3.10
x/Dockerfile:6:6: error: an entry of depends must be a text, not a mapping [wrong-type]
    hint: a colon and a space make a mapping of it; put the entry in quotes if it is a text
x/Dockerfile:8:6: error: an entry of test must be a text, not a mapping [wrong-type]
    hint: a colon and a space make a mapping of it; put the entry in quotes if it is a text
`, allProblems(cat))
}

// TestDeepMetadata: metadata has jetson.yaml's limit, and its message.
func TestDeepMetadata(t *testing.T) {
	deep := ""
	for range 20_000 {
		deep += "["
	}
	const want = "error: lists and mappings are nested more than 32 deep [too-deep]"
	for file, content := range map[string]string{
		"x/Dockerfile": "#---\n# depends: " + deep + "\n#---\n", "x/config.yaml": "depends: " + deep, "x/config.json": `{"depends": ` + deep,
	} {
		assert.Contains(t, allProblems(scan(t, contextTree(map[string]string{"x/Dockerfile": "FROM scratch\n", file: content}))), want, file)
	}
}
