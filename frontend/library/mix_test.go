package library

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/upstream"
)

// mixed resolves packages from two trees: the library and one like jetson-containers.
func mixed(t *testing.T, sources string, names ...string) (*plan.Plan, string) {
	t.Helper()
	theirs := os.DirFS("testdata/jetson-containers")
	text := fmt.Sprintf("target: {jetpack: '6.2'}\nsources: [%s]\npackages: [%s]\n", sources, strings.Join(names, ", "))
	_, solved, problems, err := load(t.Context(), "jetson.yaml", text, "linux/arm64", contexts{fstest.MapFS{}, map[string]fs.FS{"theirs": theirs}})
	require.NoError(t, err)
	require.NotNil(t, solved, problems.Err())
	var chain []string
	for _, s := range solved.Steps {
		chain = append(chain, s.Origin.Tree()+" "+s.Name)
	}
	return solved, strings.Join(chain, ", ")
}

// TestMixedWithUpstream holds how a package of jetson-containers is built on those of the
// library: what both have comes from the source that is first, and its tags can still be asked for.
func TestMixedWithUpstream(t *testing.T) {
	var ours []string
	for _, f := range library(t) {
		ours = append(ours, append(f.aliases(), f.name)...)
	}
	solved, chain := mixed(t, "builtin, {context: theirs}", "nano_llm")
	for _, s := range solved.Steps {
		want := plan.Named
		if slices.ContainsFunc(ours, func(name string) bool { return isOf(name, s) }) {
			want = plan.Builtin
		}
		assert.Equal(t, want, s.Origin.Kind, "%s in %s", s.Name, chain)
	}
	for _, want := range []string{"builtin build-essential", "builtin python", "builtin numpy", "builtin cmake:apt", "theirs nano_llm"} {
		assert.Contains(t, chain, want)
	}

	_, chain = mixed(t, "{context: theirs}, builtin", "nano_llm")
	for _, want := range []string{"builtin python", "theirs numpy", "theirs pytorch:2.99", "theirs transformers", "theirs cmake:pip", "theirs nano_llm"} {
		assert.Contains(t, chain, want)
	}

	// A tag that only they have is theirs, for all who need the package.
	_, chain = mixed(t, "builtin, {context: theirs}", "pytorch:2.99", "cmake:pip", "nano_llm")
	for _, want := range []string{"builtin numpy", "theirs pytorch:2.99", "theirs cmake:pip", "theirs nano_llm"} {
		assert.Contains(t, chain, want)
	}
	assert.Equal(t, 1, strings.Count(chain, "pytorch:"), chain)
	assert.Equal(t, 1, strings.Count(chain, "cmake:"), chain)
}

// onlyOurs are packages that jetson-containers has by no name: an alias would mean another thing
// there.
func onlyOurs() []string {
	return []string{
		"cuda-samples",      // there cuda:12.6-samples and others
		"cudnn", "tensorrt", // there parts of cudastack
		"eigen", "pandas", "pillow", "scipy", "uv",
		"jupyter",                        // the distribution's, without JupyterLab
		"pytorch-cpu", "torchvision-cpu", // the distribution's, without CUDA
	}
}

// TestUpstreamNames holds that packages of jetson-containers find those of the library which
// they depend on: each has the name that it has there.
func TestUpstreamNames(t *testing.T) {
	theirs := upstream.Names()
	for _, f := range library(t) {
		known := slices.ContainsFunc(append(f.aliases(), f.name), func(name string) bool { return slices.Contains(theirs, name) })
		if slices.Contains(onlyOurs(), f.name) {
			assert.False(t, known, "jetson-containers has %s", f.name)
			continue
		}
		assert.True(t, known, "jetson-containers has %s by no name: add the alias that it has there, or list it above", f.name)
	}
}
