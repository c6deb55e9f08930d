package pkgmeta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/internal/spectest"
)

func TestConfig(t *testing.T) {
	const plain = "FROM scratch\nARG V\n"
	const numpy = "#---\n# name: numpy\n# group: math\n# depends: [python]\n# alias: np\n#---\nFROM scratch\nARG V\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			"over the header",
			map[string]string{"a/Dockerfile": numpy, "a/config.yaml": "depends: [cuda]\nbuild_args: {V: 1.10}\n"},
			"numpy in ./a, alias np, depends cuda, args map[V:1.10], at a/Dockerfile:2:9\n",
		},
		{
			"beside a plain Dockerfile",
			map[string]string{"a/Dockerfile": plain, "a/config.yml": "name: b:1\ndepends: x\n"},
			"b:1 in ./a, depends x, at a/config.yml:1:7\n",
		},
		{
			"without a Dockerfile",
			map[string]string{"meta/config.yaml": "depends: [x, y]\n"},
			"meta in ./meta, depends x y, dockerfile \"\", at meta/config.yaml:1:1\n",
		},
		{
			"one nested package",
			map[string]string{"meta/meta.json": "{\"meta:1\": {\"depends\": [\"x\"],\n\t\"test\": \"t.sh\"}}", "meta/t.sh": ""},
			"meta:1 in ./meta, depends x, tests t.sh, dockerfile \"\", at meta/meta.json:1:2\n",
		},
		{
			"nested packages inherit and keep their order",
			map[string]string{
				"a/Dockerfile": numpy, "a/Dockerfile.b": "#---\n# name: ignored\n# depends: [from-b]\n# group: b\n#---\n",
				"a/config.json": `{"numpy:2": {"build_args": {"V": 2}}, "numpy:1": {"dockerfile": "Dockerfile.b", "depends": ["own"]}, "numpy:b": {"dockerfile": "Dockerfile.b"}}`,
			},
			`numpy:2 in ./a, alias np, depends python, args map[V:2], at a/config.json:1:2
numpy:1 in ./a, alias np, depends own, dockerfile "Dockerfile.b", at a/config.json:1:39
numpy:b in ./a, alias np, depends from-b, dockerfile "Dockerfile.b", at a/config.json:1:102
`,
		},
		{"another program's, without a Dockerfile", map[string]string{"a/config.yaml": "model_list: [x]\nname: y\n", "b/config.json": `{"name": "x", "version": 1}`, "c/config.json": `[1]`}, ""},
		{"another program's, with what metadata may not have", map[string]string{"a/config.yaml": "classes: {0: person, 0: cat, [x]: y}\nmodel: !custom z\n"}, ""},
		{"another program's, beside a Dockerfile", map[string]string{"a/Dockerfile": plain, "a/config.yml": "model_list: []\n"}, `a in ./a, at a/Dockerfile:1:1
a/config.yml: warning: config.yml is not used: it holds model_list, which is no metadata key [foreign-config]
    hint: rename it if it belongs to another program
`},
		{
			"the header chooses the file",
			map[string]string{"a/Dockerfile": "#---\n# config: own.yaml\n#---\n", "a/own.yaml": "depends: x", "a/config.py": ""},
			"a in ./a, depends x, at a/Dockerfile:1:1\n",
		},
		{
			"empty",
			map[string]string{"a/Dockerfile": plain, "a/config.yaml": "# nothing\n", "b/Dockerfile": plain, "b/config.json": " "},
			"a in ./a, at a/Dockerfile:1:1\nb in ./b, at b/Dockerfile:1:1\n",
		},
		{
			"JSON with escapes",
			map[string]string{"m/config.json": "{\n\t\"notes\": \"\\ud83d\\ude00 \\/\",\n\t\"depends\": [\"\\u0061\"]}"},
			"m in ./m, depends a, dockerfile \"\", at m/config.json:1:1\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, describePackages(scan(t, contextTree(test.files))))
		})
	}
}

// TestConfigProblems prints everything that can be wrong in configuration files
// into testdata/config.golden.
func TestConfigProblems(t *testing.T) {
	var b strings.Builder
	for _, test := range []struct{ name, file, content string }{
		{"typo", "config.yaml", "depnds: [a]\n"},
		{"known and unknown keys", "config.yaml", "name: x\ncolour: red\n"},
		{"nested", "config.json", "{\n  \"a b\": {\"depends\": 1},\n  \"x:1\": {\"alia\": \"y\",\n   \"build_args\": {\"é\": [1], \"A\": {}}},\n  \"x:1\": {}\n}"},
		{"nested, not all packages", "config.yaml", "x:1: {depends: [a]}\nx:2: [b]\n"},
		{"yaml syntax", "config.yaml", "name: x\n depends: [\n"},
		{"yaml tab", "config.yaml", "build_args:\n\tA: b\n"},
		{"two documents", "config.yaml", "name: x\n---\nname: y\n"},
		{"json syntax", "config.json", "{\n  \"name\": \"x\",\n  \"depends\": [a]\n}"},
		{"json comma", "config.json", "{\n  \"name\": \"x\",\n}"},
		{"json end", "config.json", "{\"name\": \"x\""},
		{"json text after the end", "config.json", "{\"name\": \"x\"}\n{}"},
		{"json depth", "config.json", "{\"name\": " + strings.Repeat("[", 100)},
		{"json duplicate", "config.json", "{\"name\": \"x\",\n \"name\": \"y\"}"},
		{"too large", "config.yaml", "notes: " + strings.Repeat("x", maxDockerfile)},
		{"too many tests", "config.yaml", "test: [" + strings.Repeat("x.sh, ", 501) + "]\n"},
		{"dockerfile missing", "config.yaml", "dockerfile: Dockerfle\n"},
		{"dockerfile missing in one of two", "config.yaml", "x:1: {dockerfile: ../Dockerfile}\nx:2: {dockerfile: Dockerfile.y}\n"},
	} {
		cat := scan(t, contextTree(map[string]string{"x/Dockerfile": "FROM scratch\n", "x/" + test.file: test.content}))
		fmt.Fprintf(&b, "== %s\n%s\n", test.name, describePackages(cat))
	}
	cat := scan(t, contextTree(map[string]string{"x/config.yaml": "name: y\n", "x/config.json": "{}"}))
	fmt.Fprintf(&b, "== two files\n%s\n", describePackages(cat))
	spectest.Golden(t, "config.golden", b.String())
}

func FuzzConfig(f *testing.F) {
	f.Add("{\"a:1\": {\"depends\": [\"x\"]}}", true)
	f.Add("name: x\ndepends: [a, b]\nx: &a [*a]\n", false)
	f.Fuzz(func(t *testing.T, content string, isJSON bool) {
		file := "config.yaml"
		if isJSON {
			file = "config.json"
		}
		first, second := readConfig(file, []byte(content), true), readConfig(file, []byte(content), true)
		assert.Equal(t, printed(second.problems), printed(first.problems), "two reads report different problems")
		lines := strings.Count(content, "\n") + strings.Count(content, "\r") + 1
		for _, problem := range first.problems {
			assert.LessOrEqual(t, problem.At.Start.Line, lines+1, "place %s is outside the file's %d lines", problem.At, lines)
		}
	})
}

// manyPackages makes a tree of n packages.
func manyPackages(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("g%d/p%d/Dockerfile", i%50, i)] = fmt.Sprintf(
			"#---\n# name: p%d:1\n# alias: p%d\n# depends: [p%d]\n# requires: '>=36'\n# test: test.py\n#---\nFROM scratch\n", i, i, max(i-1, 0))
		files[fmt.Sprintf("g%d/p%d/test.py", i%50, i)] = ""
	}
	return files
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		tree := Tree{FS: newDirectory(manyPackages(n)), Dir: "."}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				cat, _ := Scan(b.Context(), []Tree{tree}, nil, ScanOptions{})
				require.Len(b, cat.Packages(), n)
			}
		})
	}
}
