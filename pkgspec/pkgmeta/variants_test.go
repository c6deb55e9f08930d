package pkgmeta

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/internal/spectest"
)

// variantProblems are faults of declared versions.
var variantProblems = []struct{ name, file, content string }{
	{"unknown key", "config.yaml", "name: x\nvariants:\n- {version: 1, dependz: a}\n- {version: 2, colour: red}\n"},
	{"duplicate version", "config.yaml", "name: x\nvariants:\n- version: 1\n- version: \"1\"\n"},
	{"no version", "config.yaml", "name: x\nvariants:\n- depends: a\n- {version: }\n"},
	{"no list", "config.yaml", "name: x\nvariants: {version: 1}\n"},
	{"empty list", "config.yaml", "name: x\nvariants: []\n"},
	{"no mapping", "config.yaml", "name: x\nvariants: [1, [2], {version: 3}]\n"},
	{"versions that are none", "config.yaml", "name: x\nvariants: [{version: 'a b'}, {version: '*'}, {version: 'x:1'}, {version: [1]}, {version: -1}]\n"},
	{"conditions that are none", "config.yaml", "name: x\nvariants: [{version: 1, default: maybe}, {version: 2, default: ['>=36', true]}, {version: 3, default: {a: b}}]\n"},
	{"a name with a tag", "config.yaml", "name: x:1\nvariants: [{version: 1}]\n"},
	{"an alias with a tag", "config.yaml", "name: x\nalias: y:1\nvariants: [{version: 1}]\n"},
	{"a bad variable", "config.yaml", "name: x\nvariable: X-VERSION\nvariants: [{version: 1}]\n"},
	{"variable alone", "config.yaml", "name: x\nvariable: X_VERSION\n"},
	{"JSON", "config.json", "{\n  \"name\": \"x\",\n  \"variants\": [{\"version\": \"1\"}, {\"version\": 1, \"default\": 5}, 7]\n}\n"},
	{"too many", "config.yaml", "name: x\nvariants: [" + strings.Repeat("{version: 1}, ", maxVariants+1) + "]\n"},
	{"beside config.py", "config.py", "package = None\n"},
}

func TestVariantProblems(t *testing.T) {
	var b strings.Builder
	for _, test := range variantProblems {
		files := map[string]string{"x/Dockerfile": "FROM scratch\n", "x/" + test.file: test.content}
		options := ScanOptions{}
		if test.file == "config.py" {
			files["x/Dockerfile"] = "#---\n# variants: [{version: 1}]\n#---\n"
		}
		cat, _ := Scan(t.Context(), []Tree{contextTree(files)}, nil, options)
		fmt.Fprintf(&b, "== %s\n%s\n", test.name, allProblems(cat))
	}
	spectest.Golden(t, "variants.golden", b.String())
}

// pytorchArgs is the Dockerfile of pytorchVersions.
const pytorchArgs = "FROM scratch\nARG INDEX JOBS PYTORCH_VERSION\n"

// pytorchVersions declares versions with each key that there is.
const pytorchVersions = `name: pytorch
alias: torch
group: ml
depends: [python, cuda]
requires: '>=35'
build_args: {INDEX: "jp6", JOBS: 2}
variants:
  - version: "2.8"
    requires: '>=cu126'
    depends: cudnn:9.3
    build_args: {JOBS: 4}
    default: '>=36.4'
  - version: "2.7"
    alias: pytorch:stable
    default: true
  - version: 2.10
    disabled: wheels are missing
    build_args: {PYTORCH_VERSION: 2.10.0}
    default: false
  - version: "2.6"
`

// described returns what a package's metadata came out as.
func described(p *catalog.Package) string {
	args, _ := json.Marshal(p.BuildArgs)
	return fmt.Sprintf("%s alias=%v depends=%v requires=%v args=%s disabled=%q rule=%d when=%v variable=%s at=%s",
		p.Name, p.Alias, texts(p.Depends), texts(p.Requires), args, p.Disabled, p.Variant.Default, texts(p.Variant.When), p.Variant.Set.Variable, p.At)
}

func TestVariants(t *testing.T) {
	want := strings.TrimSpace(`
pytorch:2.8 alias=[pytorch torch torch:2.8] depends=[python cuda cudnn:9.3] requires=[>=35 >=cu126] args={"INDEX":"jp6","JOBS":"4","PYTORCH_VERSION":"2.8"} disabled="" rule=2 when=[>=36.4] variable=PYTORCH_VERSION at=
pytorch:2.7 alias=[pytorch torch torch:2.7 pytorch:stable] depends=[python cuda] requires=[>=35] args={"INDEX":"jp6","JOBS":"2","PYTORCH_VERSION":"2.7"} disabled="" rule=2 when=[] variable=PYTORCH_VERSION at=
pytorch:2.10 alias=[torch:2.10] depends=[python cuda] requires=[>=35] args={"INDEX":"jp6","JOBS":"2","PYTORCH_VERSION":"2.10.0"} disabled="wheels are missing" rule=1 when=[] variable=PYTORCH_VERSION at=
pytorch:2.6 alias=[pytorch torch torch:2.6] depends=[python cuda] requires=[>=35] args={"INDEX":"jp6","JOBS":"2","PYTORCH_VERSION":"2.6"} disabled="" rule=0 when=[] variable=PYTORCH_VERSION at=`)
	header := "#---\n# " + strings.ReplaceAll(strings.TrimSpace(pytorchVersions), "\n", "\n# ") + "\n#---\n" + pytorchArgs
	nested := "pytorch:\n  " + strings.ReplaceAll(strings.TrimPrefix(pytorchVersions, "name: pytorch\n"), "\n", "\n  ")
	for _, test := range []struct {
		name, place string
		files       map[string]string
	}{
		{"header", "ml/pytorch/Dockerfile:9:16", map[string]string{"ml/pytorch/Dockerfile": header}},
		{"config.yaml", "ml/pytorch/config.yaml:8:14", map[string]string{"ml/pytorch/Dockerfile": pytorchArgs, "ml/pytorch/config.yaml": pytorchVersions}},
		{"no name", "ml/pytorch/config.yaml:7:14", map[string]string{"ml/pytorch/Dockerfile": pytorchArgs, "ml/pytorch/config.yaml": strings.TrimPrefix(pytorchVersions, "name: pytorch\n")}},
		{"named in a file", "ml/x/config.yaml:8:16", map[string]string{"ml/x/Dockerfile": pytorchArgs, "ml/x/config.yaml": nested}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cat := scan(t, contextTree(test.files))
			require.Empty(t, allProblems(cat))
			var got []string
			for _, p := range cat.Packages() {
				line, _, _ := strings.Cut(described(p), " at=")
				got = append(got, line+" at=")
			}
			assert.Equal(t, want, strings.Join(got, "\n"))
			assert.Equal(t, test.place, cat.Packages()[0].At.String(), "declared at")
			set := cat.Packages()[0].Variant.Set
			assert.Equal(t, cat.Packages(), set.Packages, "the set of versions is not the packages")
		})
	}
}

func TestVariableOf(t *testing.T) {
	for family, want := range map[string]string{"pytorch": "PYTORCH_VERSION", "l4t-ml": "L4T_ML_VERSION", "3d-tools": "", "a.b+c": "A_B_C_VERSION"} {
		assert.Equal(t, want, variableOf(family), family)
	}
}

func TestVariantsSuggest(t *testing.T) {
	cat := scan(t, contextTree(map[string]string{"pytorch/Dockerfile": "", "pytorch/config.yaml": pytorchVersions}))
	for name, want := range map[string]string{
		"pytorch:2.9": "there is pytorch:2.8, pytorch:2.7, pytorch:2.10, pytorch:2.6", "pytroch": "did you mean pytorch?",
	} {
		assert.Equal(t, want, cat.Suggest(name), name)
	}
}

func FuzzVariants(f *testing.F) {
	f.Add(pytorchVersions)
	for _, test := range variantProblems {
		if len(test.content) < 1000 {
			f.Add(test.content)
		}
	}
	f.Fuzz(func(t *testing.T, config string) {
		files := map[string]string{"x/Dockerfile": "FROM scratch\n", "x/config.yaml": config}
		cat, again := scan(t, contextTree(files)), scan(t, contextTree(files))
		assert.Equal(t, allProblems(again), allProblems(cat), "two reads report different problems")
		lines := strings.Count(config, "\n") + 1
		for i, p := range cat.Packages() {
			for _, problem := range p.Problems {
				assert.LessOrEqual(t, problem.At.Start.Line, lines, "place %s is outside the file's %d lines", problem.At, lines)
			}
			if p.Variant == nil {
				continue
			}
			set := p.Variant.Set
			assert.Equal(t, set.Family+":"+p.Variant.Version, p.Name, "%s is not version %s of %s", p.Name, p.Variant.Version, set.Family)
			assert.Contains(t, set.Packages, p, "%s is not version %s of %s", p.Name, p.Variant.Version, set.Family)
			assert.Equal(t, described(again.Packages()[i]), described(p), "two reads differ")
		}
	})
}
