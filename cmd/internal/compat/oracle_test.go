package compat

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/pylocal"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// oracle is what jetson-containers' own resolver answers on one platform.
type oracle struct {
	Letter string
	Env    map[string]string
	Facts  struct {
		L4T           string `json:"L4T_VERSION"`
		JetPack       string `json:"JETPACK_VERSION"`
		CUDA          string `json:"CUDA_VERSION"`
		Python        string `json:"PYTHON_VERSION"`
		FreeThreading bool   `json:"PYTHON_FREE_THREADING"`
		Ubuntu        string `json:"LSB_RELEASE"`
		Arch          string `json:"CUDA_ARCH"`
		System        string `json:"SYSTEM_ARCH"`
		Architectures []int  `json:"CUDA_ARCHITECTURES"`
		Base          string `json:"base_image"`
	}
	Order     []string
	Packages  map[string]oraclePackage
	Aliases   map[string]string
	Chains    map[string]json.RawMessage
	Canonical map[string][]string
	Combos    []struct {
		Packages, Skip []string
		Chain          json.RawMessage
	}
	Globs    map[string][]string
	Requires map[string]bool
	Rejected []struct {
		Name, Path string
		Requires   []string
	}
	Missing map[string][]string `json:"missing_depends"`
}

// oraclePackage is one package as upstream lists it.
type oraclePackage struct {
	Alias      []string
	Depends    []any
	Requires   []string
	Test       []string
	BuildArgs  map[string]string `json:"build_args"`
	Dockerfile string
	Path       string
}

// readOracle reads one platform's file.
func readOracle(t *testing.T, file string) *oracle {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		text, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	var o oracle
	err = json.NewDecoder(text).Decode(&o)
	require.NoError(t, err, "%v", fmt.Errorf("%s: %w", file, err))
	return &o
}

// answer is what jetkit finds for the same tree on the same platform.
type answer struct {
	target  plan.Target
	base    plan.Value
	facts   platform.TreeFacts
	catalog *catalog.Catalog
}

// ask scans the tree for the platform that the oracle's variables name.
func (o *oracle) ask(t *testing.T, tree fs.FS, dir string, evaluator configpy.Evaluator) *answer {
	t.Helper()
	asked := func(name string) platform.Asked {
		return platform.Asked{Value: o.Env[name], From: "--build-arg " + name}
	}
	oci := map[string]string{"x86_64": "linux/amd64"}[o.Env["CUDA_ARCH"]]
	if oci == "" {
		oci = "linux/arm64"
	}
	target, base, problems := platform.Resolve(platform.Request{
		L4T: asked("L4T_VERSION"), CUDA: asked("CUDA_VERSION"), Python: asked("PYTHON_VERSION"),
		Ubuntu: asked("LSB_RELEASE"), Arch: asked("CUDA_ARCH"), Platform: oci,
	})
	require.False(t, problems.HasErrors(), "%v", problems.Err())
	args := map[string]string{}
	for name, value := range o.Env {
		if name != "SYSTEM_ARCH" {
			args[name] = value
		}
	}
	a := &answer{target: target, base: base, facts: platform.BuiltIn().ForTree(target)}
	a.catalog, problems = pkgmeta.Scan(t.Context(), []pkgmeta.Tree{{FS: tree, Kind: plan.Context, Dir: dir}}, nil,
		pkgmeta.ScanOptions{Evaluator: evaluator, Facts: a.facts, Args: args})
	require.False(t, problems.HasErrors(), "%v", problems.Err())
	return a
}

// treeOf finds the packages of a checkout.
func treeOf(root string) (tree fs.FS, dir string) {
	if info, err := os.Stat(filepath.Join(root, "packages")); err == nil && info.IsDir() {
		return os.DirFS(root), "packages"
	}
	return os.DirFS(filepath.Dir(root)), filepath.Base(root)
}

// localPython returns an evaluator with the Python of this machine.
func localPython(t *testing.T) *pylocal.Evaluator {
	t.Helper()
	python := os.Getenv("JETKIT_PYTHON")
	if python == "" {
		python = "python3"
	}
	_, err := exec.LookPath(python)
	require.NoError(t, err)
	return pylocal.New(python)
}
