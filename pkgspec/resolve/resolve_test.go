package resolve

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

const faultyFile = "builtin:faulty/Dockerfile"

func TestChain(t *testing.T) {
	const torch = "build-essential pip_cache:cu126 cuda:12.6 python:3.10 numpy cmake:pip "
	for _, test := range []struct{ name, packages, want string }{
		{"one", "build-essential", "build-essential"},
		{"dependencies in declared order", "numpy", "build-essential python:3.10 numpy"},
		{"requests in order", "numpy cmake", "build-essential python:3.10 numpy cmake:pip"},
		{"requests in the other order", "cmake numpy", "build-essential python:3.10 cmake:pip numpy"},
		{"a request that another needs", "numpy python", "build-essential python:3.10 numpy"},
		{"asked twice, by alias too", "torch pytorch pytorch:2.8 torch:2.8", torch + "pytorch:2.8"},
		{"a chain", "torchvision", torch + "pytorch:2.8 torchvision:0.23"},
		{"a tag decides for all", "numpy cmake:apt pytorch", "build-essential python:3.10 numpy cmake:apt pip_cache:cu126 cuda:12.6 pytorch:2.8"},
		{"a tag decides wherever it stands", "pytorch cmake:apt python:3.12", "build-essential pip_cache:cu126 cuda:12.6 python:3.12 numpy cmake:apt pytorch:2.8"},
		{"a tag decides for another alias", "torch pytorch:2.7", torch + "pytorch:2.7"},
		{"a package's tag decides", "pytorch torchvision:0.22", torch + "pytorch:2.7 torchvision:0.22"},
		{"the normal version gives way", "torchvision pytorch:2.7", torch + "pytorch:2.7 torchvision:0.22"},
		{"all normal versions give way", "torchaudio torchvision torch:2.7", torch + "pytorch:2.7 torchaudio:2.7 torchvision:0.22"},
		{"one decides for the other", "torchaudio torchvision:0.22", torch + "pytorch:2.7 torchaudio:2.7 torchvision:0.22"},
		{"within one package", "both-torches", torch + "pytorch:2.7 torchvision:0.22 both-torches"},
		{"a variant goes with what it builds on", "cuda:samples", "build-essential pip_cache:cu126 cuda:12.6 cuda:12.6-samples"},
		{"and the rest uses the latter", "cuda:samples pytorch", "build-essential pip_cache:cu126 cuda:12.6 cuda:12.6-samples python:3.10 numpy cmake:pip pytorch:2.8"},
		{"and the rest uses that", "uses-langchain langchain:samples", "build-essential python:3.10 numpy langchain uses-langchain langchain:samples"},
		{"a pattern finds the first", "pytorch:2.*", torch + "pytorch:2.7"},
		{"skip", "numpy -python", "build-essential numpy"},
		{"skip takes with it what nothing else needs", "pytorch -cuda", "build-essential python:3.10 numpy cmake:pip pytorch:2.8"},
		{"skip keeps the order", "monitor python -numpy", "build-essential pip_cache:cu126 cuda:12.6 python:3.10 monitor"},
		{"a variant of the untagged package", "langchain:samples langchain", "build-essential python:3.10 numpy langchain langchain:samples"},
		{"skip by pattern and family", "pytorch -c* -build-*", "python:3.10 numpy pytorch:2.8"},
		{"skip a missing package", "needs-missing -pytroch -ros* -cmake", "build-essential python:3.10 numpy needs-missing"},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, problems := Resolve(request(strings.Fields(test.packages)...), scanned(t, libraryTree()), target, base)
			require.NotNil(t, p, printed(problems))
			assert.Equal(t, test.want, chain(p))
			rest := without(problems, faultyFile)
			assert.Empty(t, rest, printed(rest))
		})
	}
}

// TestProblems prints every diagnostic into testdata/problems.golden.
func TestProblems(t *testing.T) {
	var b strings.Builder
	for _, test := range []struct{ name, packages string }{
		{"missing", "nmupy pytorch:9 cmake:* zzz zzz*"},
		{"missing dependency", "needs-missing"},
		{"disabled", "disabled"},
		{"disabled dependency", "numpy needs-disabled"},
		{"requirement", "cuda:12.4"},
		{"nothing that fits", "old"},
		{"requirement of a dependency", "needs-old-cuda"},
		{"bad requirement", "bad-requirement"},
		{"cycle", "a"},
		{"cycle entered elsewhere", "c"},
		{"cycle of one", "self"},
		{"faults of a package in the chain", "faulty"},
		{"conflict of two requests", "pytorch:2.7 pytorch:2.8"},
		{"conflict of three requests", "cmake:apt torchvision:0.22 torchaudio:2.8 cmake:pip"},
		{"conflict of a request and a package", "torchvision:0.23 pytorch:2.7"},
		{"conflict of two packages", "torchvision:0.23 torchaudio:2.7"},
		{"several at once", "nmupy disabled a cuda:12.4 pytorch:2.7 torch:2.8"},
		{"skip that nothing goes by", "numpy -nmupy -torch*"},
		{"skip a request", "numpy python -numpy"},
		{"cycle that skip opens", "a -b"},
	} {
		p, problems := Resolve(request(strings.Fields(test.packages)...), scanned(t, libraryTree()), target, base)
		if !strings.Contains(test.packages, "faulty") {
			problems = without(problems, faultyFile)
		}
		fmt.Fprintf(&b, "== %s: %s\n", test.name, test.packages)
		if p != nil {
			fmt.Fprintf(&b, "chain: %s\n", chain(p))
		}
		fmt.Fprintln(&b, printed(problems))
	}
	spectest.Golden(t, "problems.golden", b.String())
}

func TestBystanders(t *testing.T) {
	p, problems := Resolve(request("numpy"), scanned(t, libraryTree()), target, base)
	want := `builtin:faulty/Dockerfile:3:3: warning: "depnds" is no metadata key [unknown-key]
    hint: did you mean depends?
`
	require.NotNil(t, p)
	assert.Equal(t, want, printed(problems))
}

func TestTwins(t *testing.T) {
	twins := treeOf("name: x\nrequires: '>=35'")
	twins.FS.(fstest.MapFS)["y/Dockerfile"] = &fstest.MapFile{Data: []byte("#---\n# name: x\n# requires: '>=36'\n#---\n")}
	_, problems := Resolve(request("x"), scanned(t, twins), target, base)
	want := `builtin:x/Dockerfile:2:9: error: two packages are named x, and both fit this target [duplicate-package]
    hint: rename one of them, or let their requirements exclude each other
    builtin:y/Dockerfile:2:9: the other x
`
	assert.Equal(t, want, printed(problems))
	older := target
	older.L4T.Value = "35.4.1"
	p, problems := Resolve(request("x"), scanned(t, twins), older, base)
	require.NotNil(t, p, printed(problems))
	assert.Equal(t, "x", p.Steps[0].Origin.Path, printed(problems))
}

func TestFolders(t *testing.T) {
	fsys := fstest.MapFS{
		"robot/Dockerfile":        {Data: []byte("#---\n# depends: numpy\n#---\n")},
		"own/numpy/Dockerfile":    {Data: []byte("FROM scratch\n")},
		"several/config.yaml":     {Data: []byte("x:1: {depends: numpy}\nx:2: {depends: numpy}\n")},
		"mytorch/Dockerfile":      {Data: []byte("#---\n# name: pytorch:mine\n#---\n")},
		"robot/nested/Dockerfile": {Data: []byte("FROM scratch\n")},
	}
	resolve := func(names ...string) (*plan.Plan, string) {
		spec := request(names...)
		var folders []pkgmeta.Folder
		for _, ref := range spec.Packages {
			if ref.Folder != "" {
				folders = append(folders, pkgmeta.Folder{FS: fsys, Path: ref.Folder, At: ref.At})
			}
		}
		cat, _ := pkgmeta.Scan(context.Background(), []pkgmeta.Tree{libraryTree()}, folders, pkgmeta.ScanOptions{})
		p, problems := Resolve(spec, cat, target, base)
		return p, printed(without(problems, faultyFile))
	}
	p, problems := resolve("./robot", "./own/numpy")
	require.NotNil(t, p, problems)
	require.Equal(t, "numpy robot", chain(p))
	assert.Equal(t, "./own/numpy", p.Steps[0].Origin.String())
	assert.Equal(t, "requested at jetson.yaml:3:5", p.Steps[1].Why[0])
	p, problems = resolve("torchaudio", "./mytorch")
	assert.Nil(t, p)
	assert.Contains(t, problems, "version-conflict")
	_, problems = resolve("./several")
	want := "jetson.yaml:3:5: error: the folder several declares two packages: x:1, x:2 [several-packages]\n    hint: ask for one of them by its name\n"
	assert.Equal(t, want, problems)
}

func TestSteps(t *testing.T) {
	spec := request("pytorch:2.*", "torch", "monitor", "camera", "./x")
	spec.Packages = spec.Packages[:4]
	spec.Args = map[string]string{"CUDA_VERSION": "12.5", "JOBS": "4"}
	spec.Tests.Epoch = "7"
	p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
	require.NotNil(t, p, printed(problems))
	dt, err := p.Indented()
	require.NoError(t, err)
	spectest.Golden(t, "plan.golden.json", string(dt))
	first, _ := p.Digest()
	for range 20 {
		again, _ := Resolve(spec, scanned(t, libraryTree()), target, base)
		digest, _ := again.Digest()
		require.Equal(t, first, digest, "the plan differs from run to run")
	}
}

func TestTests(t *testing.T) {
	text := func(values ...string) []diag.Text {
		var texts []diag.Text
		for _, text := range request(values...).Packages {
			texts = append(texts, text.Text)
		}
		return texts
	}
	for _, test := range []struct {
		name  string
		tests pkgspec.Tests
		want  string
	}{
		{"all", pkgspec.Tests{Run: pkgspec.TestAll, GPU: plan.GPUCDI, Device: "d"}, "build-essential:if cuda:12.6:if,if numpy:if monitor:if camera:if device=d"},
		{"intermediate", pkgspec.Tests{Run: pkgspec.TestIntermediate, GPU: plan.GPURuntime}, "build-essential:i cuda:12.6:i,i numpy:i monitor:i camera:i device="},
		{"final", pkgspec.Tests{Run: pkgspec.TestFinal, GPU: plan.GPURuntime, Device: "d"}, "build-essential:f cuda:12.6:f,f numpy:f monitor:f camera:f device="},
		{
			"none",
			pkgspec.Tests{Run: pkgspec.TestNone, GPU: plan.GPUCDI, Device: "d"},
			"build-essential:tests.run is none cuda:12.6:tests.run is none,tests.run is none numpy:tests.run is none monitor:tests.run is none camera:tests.run is none device=",
		},
		{
			"gpu skip",
			pkgspec.Tests{Run: pkgspec.TestAll, GPU: plan.GPUSkip, Device: "d"},
			"build-essential:if cuda:12.6:it needs a GPU, and tests.gpu is skip,it needs a GPU, and tests.gpu is skip numpy:if monitor:if camera:it needs a GPU, and tests.gpu is skip device=",
		},
		{
			"skip",
			pkgspec.Tests{Run: pkgspec.TestAll, GPU: plan.GPUCDI, Device: "d", Skip: text("cuda", "c*a")},
			"build-essential:if cuda:12.6:tests.skip has cuda,tests.skip has cuda numpy:if monitor:if camera:tests.skip has c*a device=",
		},
		{
			"only",
			pkgspec.Tests{Run: pkgspec.TestAll, GPU: plan.GPUCDI, Device: "d", Only: text("num*", "zzz")},
			"build-essential:tests.only does not have build-essential cuda:12.6:tests.only does not have cuda:12.6,tests.only does not have cuda:12.6 numpy:if monitor:tests.only does not have monitor camera:tests.only does not have camera device= warned",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := request("cuda", "monitor", "camera")
			spec.Tests = test.tests
			p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
			require.NotNil(t, p, printed(problems))
			var got []string
			for _, step := range p.Steps {
				var tests []string
				for _, test := range step.Tests {
					where := test.Skipped
					if test.Intermediate {
						where += "i"
					}
					if test.Final {
						where += "f"
					}
					tests = append(tests, where)
				}
				if len(tests) > 0 {
					got = append(got, step.Name+":"+strings.Join(tests, ","))
				}
			}
			got = append(got, "device="+p.Tests.Device)
			if rest := without(problems, faultyFile); len(rest) > 0 {
				got = append(got, "warned")
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}

func TestGPU(t *testing.T) {
	for packages, want := range map[string]string{
		"numpy":                     "",
		"torchvision":               "cuda:12.6 pytorch:2.8 torchvision:0.23",
		"torchvision -cuda":         "pytorch:2.8 torchvision:0.23",
		"torchvision:0.23 -pytorch": "torchvision:0.23",
		"monitor":                   "cuda:12.6",
		"camera":                    "camera",
	} {
		p, problems := Resolve(request(strings.Fields(packages)...), scanned(t, libraryTree()), target, base)
		require.NotNil(t, p, printed(problems))
		var gpu []string
		for _, step := range p.Steps {
			if step.GPU {
				gpu = append(gpu, step.Name)
			}
		}
		assert.Equal(t, want, strings.Join(gpu, " "), packages)
	}
}
