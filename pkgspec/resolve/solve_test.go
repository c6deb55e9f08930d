package resolve

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/printer"
)

// declaredTree is a tree of packages whose versions are declared, after the
// version matrices of the projects themselves.
func declaredTree() pkgmeta.Tree {
	return pkgmeta.Tree{FS: os.DirFS("testdata/declared"), Kind: plan.Builtin, Dir: "."}
}

// solveFile solves a jetson.yaml with build arguments ("NAME=value") against
// trees.
func solveFile(t *testing.T, file string, args []string, trees ...pkgmeta.Tree) (Solution, diag.List) {
	t.Helper()
	given := map[string]string{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		given[name] = value
	}
	spec, problems := pkgspec.Load("jetson.yaml", []byte(file), given)
	require.NotNil(t, spec, printed(problems))
	spec.Target.Platform = "linux/arm64"
	solution, problems, err := Solve(spec, func(plan.Target) (*catalog.Catalog, diag.List, error) {
		cat, problems := pkgmeta.Scan(context.Background(), trees, nil, pkgmeta.ScanOptions{})
		return cat, problems, nil
	})
	require.NoError(t, err)
	return solution, problems
}

// solveCases are the cases of the published comparison with jetson-containers,
// and those of moving CUDA. The chain is empty where there is none.
var solveCases = []struct {
	name, file, args    string
	cuda, python, chain string
}{
	{
		"JetPack 5", "packages: [pytorch, torchvision]", "L4T_VERSION=35.2.1 CUDA_VERSION=11.4 PYTHON_VERSION=3.8",
		"11.4", "3.8", "python:3.8 cuda:11.4 cudnn:8.6 pytorch:2.2 torchvision:0.17",
	},
	{
		"JetPack 5, older PyTorch", "packages: [pytorch, torchvision]", "L4T_VERSION=35.2.1 CUDA_VERSION=11.4 PYTHON_VERSION=3.8 PYTORCH_VERSION=2.0",
		"11.4", "3.8", "python:3.8 cuda:11.4 cudnn:8.6 pytorch:2.0 torchvision:0.15",
	},
	{
		"the rest follows from L4T", "packages: [pytorch, torchvision]", "L4T_VERSION=36.2 CUDA_VERSION=12.4",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.4 torchvision:0.19",
	},
	{"CUDA too old", "packages: [pytorch, torchvision]", "L4T_VERSION=36.2 CUDA_VERSION=11.4 PYTHON_VERSION=3.10", "11.4", "3.10", ""},
	{
		"all given", "packages: [pytorch, torchvision]", "L4T_VERSION=36.2 CUDA_VERSION=12.4 PYTHON_VERSION=3.10",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.4 torchvision:0.19",
	},
	{
		"all given, newer PyTorch", "packages: [pytorch, torchvision]", "L4T_VERSION=36.2 CUDA_VERSION=12.4 PYTHON_VERSION=3.10 PYTORCH_VERSION=2.5",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.5 torchvision:0.20",
	},
	{
		"JetPack alone", "packages: [pytorch, torchvision]", "JETPACK_VERSION=6.0",
		"12.2", "3.10", "python:3.10 cuda:12.2 cudnn:8.9 pytorch:2.4 torchvision:0.19",
	},
	{
		"newer JetPack", "packages: [torchaudio, torchvision]", "JETPACK_VERSION=6.2",
		"12.6", "3.10", "python:3.10 cuda:12.6 cudnn:9.3 pytorch:2.8 torchaudio:2.8 torchvision:0.23",
	},
	{
		"TensorRT moves CUDA", "packages: [tensorrt, torchvision]", "JETPACK_VERSION=6.0 TENSORRT_VERSION=10.3",
		"12.6", "3.10", "cuda:12.6 python:3.10 cudnn:9.3 tensorrt:10.3 pytorch:2.8 torchvision:0.23",
	},
	{"TensorRT against CUDA", "target: {jetpack: 6.0, cuda: 12.4}\npackages: tensorrt", "TENSORRT_VERSION=10.3", "12.4", "3.10", ""},
	{"TensorRT on a board with its own CUDA", "packages: tensorrt", "L4T_VERSION=35.4.1 TENSORRT_VERSION=10.3", "11.4", "3.8", ""},
	{
		"PyTorch moves CUDA", "target: {jetpack: 6.0}\npackages: [torchvision]\nargs: {PYTORCH_VERSION: 2.5}", "",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.5 torchvision:0.20",
	},
	{
		"a tag moves CUDA", "target: {jetpack: 6.0}\npackages: [torchvision, cuda:12.4]", "",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.4 torchvision:0.19",
	},
	{
		"a package moves CUDA", "target: {jetpack: 6.0}\npackages: [robot]", "",
		"12.6", "3.10", "python:3.10 cuda:12.6 cudnn:9.3 pytorch:2.8 torchvision:0.23 tensorrt:10.3 robot",
	},
	{"cuDNN selects", "packages: cudnn", "L4T_VERSION=36.3 CUDNN_VERSION=9.3", "12.4", "3.10", "cuda:12.4 cudnn:9.3"},
	{"two that no CUDA brings together", "target: {jetpack: 6.0}\npackages: [tensorrt, torchvision]", "TENSORRT_VERSION=8.6 PYTORCH_VERSION=2.8", "12.2", "3.10", ""},
	{
		"two that agree one after the other", "target: {jetpack: 6.0}\npackages: [torchaudio:2.6, tensorrt]", "CUDNN_VERSION=9.3",
		"12.4", "3.10", "python:3.10 cuda:12.4 cudnn:9.3 pytorch:2.6 torchaudio:2.6 tensorrt:10.0",
	},
	{"no version for a CUDA", "target: {jetpack: 6.2, cuda: 12.5}\npackages: [pytorch:2.5]", "", "12.5", "3.10", ""},
	{"no version for a default", "target: {jetpack: 7.2}\npackages: [robot, torchvision]\nskip: [robot, tensorrt]", "", "13.2", "3.12", ""},
	{"Python too new", "target: {jetpack: 5.1.2, python: 3.12}\npackages: [pytorch]", "", "11.4", "3.12", ""},
	{
		"an argument over the file", "target: {jetpack: 6.2, cuda: 12.2}\npackages: [pytorch]\nargs: {PYTORCH_VERSION: 2.5}", "CUDA_VERSION=12.4 PYTORCH_VERSION=2.8",
		"12.4", "3.10", "",
	},
	{
		"nothing given", "target: {jetpack: 6.2}\npackages: [pytorch]\nargs: {PYTORCH_VERSION: ''}", "",
		"12.6", "3.10", "python:3.10 cuda:12.6 cudnn:9.3 pytorch:2.8",
	},
	{"unknown version", "target: {jetpack: 6.2}\npackages: [torchvision]\nargs: {PYTORCH_VERSION: 2.7}", "", "12.6", "3.10", ""},
	{"variable against tag", "target: {jetpack: 6.2}\npackages: [pytorch:2.5, torchvision]", "PYTORCH_VERSION=2.4", "12.6", "3.10", ""},
	{"a variable of no family here", "target: {jetpack: 6.2}\npackages: [python]", "PYTORCH_VERSION=2.4", "12.6", "3.10", "python:3.10"},
	{"never the default", "target: {jetpack: 6.2}\npackages: [pytorch:2.6]", "", "12.6", "3.10", "python:3.10 cuda:12.6 cudnn:9.3 pytorch:2.6"},
	{"unknown name", "target: {jetpack: 6.2}\npackages: [pytroch, pytorch:2.7]", "", "12.6", "3.10", ""},
	{"left out", "target: {jetpack: 6.2}\npackages: [torchvision]\nskip: [pytorch]", "PYTORCH_VERSION=2.5", "12.6", "3.10", "python:3.10 torchvision:0.23"},
	{"a pattern", "target: {jetpack: 6.2}\npackages: ['pytor*']", "", "12.6", "3.10", "python:3.10 cuda:12.6 cudnn:9.3 pytorch:2.8"},
}

func TestSolve(t *testing.T) {
	var b strings.Builder
	for _, test := range solveCases {
		t.Run(test.name, func(t *testing.T) {
			s, problems := solveFile(t, test.file, strings.Fields(test.args), declaredTree())
			got := ""
			fmt.Fprintf(&b, "== %s: %s %s\n", test.name, strings.ReplaceAll(test.file, "\n", " / "), test.args)
			if s.Plan != nil {
				got = chain(s.Plan)
				b.WriteString(printer.Text(s.Plan))
				assert.Equal(t, s.Target.CUDA, s.Plan.Target.CUDA, "plan for CUDA %v, solution for", s.Plan.Target.CUDA)
			}
			b.WriteString(printed(problems) + "\n")
			assert.Equal(t, test.chain, got, "got chain %q, want %q\n%s", got, test.chain, printed(problems))
			assert.Equal(t, test.chain == "", problems.HasErrors(), "got chain %q, want %q\n%s", got, test.chain, printed(problems))
			assert.Equal(t, test.cuda, s.Target.CUDA.Value, "got CUDA %s, Python %s", s.Target.CUDA, s.Target.Python)
			assert.Equal(t, test.python, s.Target.Python.Value, "got CUDA %s, Python %s", s.Target.CUDA, s.Target.Python)
		})
	}
	spectest.Golden(t, "solve.golden", b.String())
}
