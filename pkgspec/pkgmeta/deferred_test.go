package pkgmeta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// answers is an evaluator that knows its answers, by folder.
type answers map[string]string

func (a answers) Evaluate(_ context.Context, req configpy.Request) (configpy.Result, error) {
	if text, ok := a["error"]; ok {
		return configpy.Result{}, errors.New(text)
	}
	var b strings.Builder
	for i, folder := range req.Folders {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(a[folder.Dir])
	}
	return configpy.DecodeResult([]byte(`{"folders":[`+b.String()+`]}`), req)
}

// TestEvaluated prints what becomes of the results of config.py files into
// testdata/evaluated.golden.
func TestEvaluated(t *testing.T) {
	const header = "#---\n# name: x:1\n# depends: [a, b]\n# alias: ex\n# test: test.sh\n#---\n"
	var b strings.Builder
	for _, test := range []struct{ name, header, answer string }{
		{"as it was", header, `{"packages":[{"name":"x:1","requires":">=32.6","depends":["a","b"],"alias":["ex"],"test":["test.sh"],"config":["config.py"],"dockerfile":"Dockerfile"}]}`},
		{"changed", header, `{"packages":[{"name":"x:2","requires":["\u003e=36"],"depends":["a","c"],"alias":"ex","test":["test.py --all"],"build_args":{"A":"True"},"dockerfile":"Dockerfile.2"}]}`},
		{"nothing kept", header, `{"packages":[{"name":"x:3"}]}`},
		{"several, the last first", header, `{"packages":[{"name":"x","notes":"1","requires":"<36"},{"name":"y"},{"name":"x","notes":"2","requires":">=36"},{"name":"x","notes":"3","requires":"<36"}]}`},
		{"values that are none", header, `{"packages":[{"name":"a b","depends":[{"a value of type int":"3"}],"build_args":["x"],"test":{"a":"b"},"colour":"red","notes":null,"requires":[]}]}`},
		{"a Dockerfile elsewhere", "", `{"packages":[{"name":"x","dockerfile":"../other/Dockerfile"}]}`},
		{"a Dockerfile outside", "", `{"packages":[{"name":"x","dockerfile":"../../../etc/Dockerfile"},{"name":"y","dockerfile":"/etc/passwd"}]}`},
		{"a script that is missing", "", `{"packages":[{"name":"x","test":["tset.sh"]}]}`},
		{"disabled by None", header, `{"disabled":true}`},
		{"disabled by key", header, `{"packages":[{"name":"x","disabled":"True"}]}`},
		{"empty", header, `{"packages":[]}`},
		{"failed", header, `{"error":{"message":"NameError: x","frames":[{"file":"x/config.py","line":7,"function":"<module>"},{"file":"other/version.py","line":3,"function":"f"}]},"output":"one\ntwo\nthree\nfour\n"}`},
		{"failed outside", "", `{"error":{"message":"no","frames":[{"file":"../../etc/passwd","line":-1}]}}`},
		{"warned", "", `{"packages":[{"name":"x"}],"warnings":[{"message":"package holds a value of type str, which is ignored"},{"message":"it reads the clock","at":{"file":"other/clock.py","line":3}}]}`},
		{"disabled and warned", "", `{"disabled":true,"warnings":[{"message":"it reads the clock","at":{"file":"other/clock.py","line":3}}]}`},
		{"an unknown key in the header", "#---\n# name: y\n# depnds: [a]\n#---\n", `{"packages":[{"name":"x","requires":">=32.6"}]}`},
	} {
		files := map[string]string{
			"p/x/Dockerfile": test.header + "FROM scratch\n", "p/x/config.py": "", "p/x/test.sh": "", "p/x/test.py": "", "p/x/Dockerfile.2": "",
			"p/other/Dockerfile": "#---\n# group: g\n# maintainer: m\n#---\n",
		}
		tree := contextTree(files)
		tree.Dir = "p"
		cat, problems := Scan(t.Context(), []Tree{tree}, nil, ScanOptions{Evaluator: answers{"x": test.answer}})
		fmt.Fprintf(&b, "== %s\n%s", test.name, describePackages(cat))
		for _, problem := range problems {
			fmt.Fprintln(&b, problem)
		}
	}
	spectest.Golden(t, "evaluated.golden", b.String())
}

// TestInitial checks what config.py files begin with.
func TestInitial(t *testing.T) {
	var got configpy.Request
	keep := evaluatorFunc(func(req configpy.Request) (configpy.Result, error) {
		got = req
		return configpy.Result{Folders: make([]configpy.FolderResult, len(req.Folders))}, nil
	})
	tree := Tree{FS: mapFS(map[string]string{
		"t/b/x/Dockerfile": "#---\n# depends: y\n# requires: [a, b]\n# disabled: true\n# gpu: true\n# build_args: {A: 3.10}\n#---\n",
		"t/b/x/config.py":  "", "t/b/x/test.sh": "", "t/a/config.py": "", "t/a/test.py": "",
	}), Kind: plan.Named, Name: "parts", Dir: "t"}
	_, problems := Scan(t.Context(), []Tree{tree}, nil, ScanOptions{
		Evaluator: keep, Facts: platform.TreeFacts{L4T: "36.4.3", Arch: "tegra-aarch64", CUDA: "12.6", Python: "3.14", FreeThreading: true, Ubuntu: "22.04"},
		Args: map[string]string{"PYTORCH_VERSION": "2.5", "CUDA_VERSION": "12.8"},
	})
	assert.Empty(t, problems)
	const postfix = "r36.4.tegra-aarch64-cp314-cu126-22.04"
	want := []configpy.Folder{
		{Dir: "a", Package: map[string]any{
			"name": "a", "requires": ">=32.6", "test": []string{"test.py"}, "config": []string{"config.py"}, "postfix": postfix,
		}},
		{Dir: "b/x", Package: map[string]any{
			"name": "x", "requires": []string{"a", "b"}, "test": []string{"test.sh"}, "config": []string{"config.py"}, "postfix": postfix,
			"dockerfile": "Dockerfile", "depends": []string{"y"}, "disabled": true, "build_args": map[string]string{"A": "3.10"},
		}},
	}
	assert.Equal(t, want, got.Folders)
	assert.Equal(t, "3.14t", got.Env["PYTHON_VERSION"], "environment %v", got.Env)
	assert.Equal(t, "2.5", got.Env["PYTORCH_VERSION"], "environment %v", got.Env)
	assert.Equal(t, "12.8", got.Env["CUDA_VERSION"], "environment %v", got.Env)
	one, err := got.Encode()
	again, err2 := got.Encode()
	require.NoError(t, err, "%s", one)
	require.NoError(t, err2, "%s", one)
	assert.Equal(t, string(again), string(one), "%s", one)
	assert.True(t, json.Valid(one), "%s", one)
}

// evaluatorFunc makes an evaluator of a function.
type evaluatorFunc func(configpy.Request) (configpy.Result, error)

func (f evaluatorFunc) Evaluate(_ context.Context, req configpy.Request) (configpy.Result, error) {
	return f(req)
}

// TestNotEvaluated checks that a tree stays usable where config.py files cannot
// be run.
func TestNotEvaluated(t *testing.T) {
	files := map[string]string{"a/Dockerfile": "", "a/config.py": "", "b/Dockerfile": "#---\n# depends: a\n#---\n"}
	for name, test := range map[string]struct {
		evaluator configpy.Evaluator
		want      string
	}{
		"nobody":   {nil, "configured by config.py, which is not run here"},
		"error":    {answers{"error": "no Python"}, "its config.py could not be run: no Python"},
		"too many": {answers{"a": "{},{}"}, "its config.py could not be run: there are 2 results for 1 config.py files"},
		"nonsense": {answers{"a": `{"x":1}`}, "its config.py could not be run: the result of config.py files cannot be read: json: unknown field \"x\""},
	} {
		t.Run(name, func(t *testing.T) {
			cat, problems := Scan(t.Context(), []Tree{contextTree(files)}, nil, ScanOptions{Evaluator: test.evaluator})
			assert.Equal(t, test.want, cat.Find("a").Disabled, "disabled")
			require.NotNil(t, cat.Find("b"))
			require.False(t, problems.HasErrors())
			require.Len(t, problems, min(1, len(problems)))
			assert.Equal(t, len(problems) == 0, test.evaluator == nil)
		})
	}
}

// TestEvaluatedFolder checks a folder that is asked for by its path: its tree is
// the folder called packages that it is in.
func TestEvaluatedFolder(t *testing.T) {
	tree := mapFS(map[string]string{"repo/packages/ml/x/config.py": "", "repo/packages/ml/y.py": ""})
	var got configpy.Request
	keep := evaluatorFunc(func(req configpy.Request) (configpy.Result, error) {
		got = req
		return configpy.Result{Folders: []configpy.FolderResult{{Packages: []json.RawMessage{[]byte(`{"name":"x:9"}`)}}}}, nil
	})
	cat, problems := Scan(t.Context(), nil, []Folder{{FS: tree, Path: "repo/packages/ml/x"}}, ScanOptions{Evaluator: keep})
	if assert.NotNil(t, cat.Find("x:9"), "%v", cat.Packages()) {
		assert.Empty(t, problems, "%v", cat.Packages())
	}
	assert.Equal(t, "repo/packages", got.Tree.Path)
	assert.Equal(t, "ml/x", got.Folders[0].Dir)
	files, err := got.Files(t.Context())
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, "ml/y.py", files[1].Path)
}

// FuzzDecodeResult checks that no result of an evaluator breaks a scan.
func FuzzDecodeResult(f *testing.F) {
	f.Add(`{"packages":[{"name":"x:1","depends":["a"],"dockerfile":"../other/Dockerfile"}]}`)
	f.Add(`{"error":{"message":"m","frames":[{"file":"a","line":1}]}}`)
	f.Add(`{"packages":[{"build_args":{"A":null},"test":[[["x"]]],"disabled":{}},null,3]}`)
	tree := contextTree(map[string]string{"x/Dockerfile": "#---\n# name: x\n#---\n", "x/config.py": "", "other/Dockerfile": ""})
	f.Fuzz(func(t *testing.T, answer string) {
		cat, _ := Scan(t.Context(), []Tree{tree}, nil, ScanOptions{Evaluator: answers{"x": answer}})
		assert.NotNil(t, cat.Find("other"), "the other package is gone")
	})
}
