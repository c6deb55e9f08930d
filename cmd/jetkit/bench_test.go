package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// generatedTree writes a tree of packages, each of which depends on one before
// it so that chains have up to depth packages.
func generatedTree(b *testing.B, packages, depth int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range packages {
		folder := filepath.Join(dir, fmt.Sprintf("group%d", i%20), fmt.Sprintf("p%d", i))
		depends := "[]"
		if i%depth > 0 {
			depends = fmt.Sprintf("[p%d]", i-1)
		}
		text := fmt.Sprintf("#---\n# name: p%d\n# alias: alias%d\n# depends: %s\n# requires: '>=35'\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n", i, i, depends)
		require.NoError(b, os.MkdirAll(folder, 0o755))
		for name, content := range map[string]string{"Dockerfile": text, "test.sh": "true\n"} {
			require.NoError(b, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
		}
	}
	return dir
}

// BenchmarkPlan is one command line from the first to the last, but for the
// start of the program.
func BenchmarkPlan(b *testing.B) {
	for _, packages := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(packages), func(b *testing.B) {
			tree := generatedTree(b, packages, 50)
			benchmark(b, "plan", "p49", "--source", "tree="+tree, "--l4t", "36.4.3", "--platform", "linux/arm64", "--format", "json")
		})
	}
}

// BenchmarkChain is a plan of a long chain.
func BenchmarkChain(b *testing.B) {
	for _, steps := range []int{10, 100, 300} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			tree := generatedTree(b, 300, steps)
			benchmark(b, "plan", fmt.Sprintf("p%d", steps-1), "--source", "tree="+tree, "--l4t", "36.4.3", "--platform", "linux/arm64")
		})
	}
}

// BenchmarkChains resolves every package of a tree.
func BenchmarkChains(b *testing.B) {
	for _, packages := range []int{100, 1000} {
		b.Run(fmt.Sprint(packages), func(b *testing.B) {
			tree := generatedTree(b, packages, 50)
			benchmark(b, "packages", "list", "--chains", "--source", "tree="+tree, "--l4t", "36.4.3", "--platform", "linux/arm64", "--format", "json")
		})
	}
}

// BenchmarkUpstream plans from the tree of jetson-containers in $JETKIT_TREE,
// with the results of its config.py files kept.
func BenchmarkUpstream(b *testing.B) {
	tree := os.Getenv("JETKIT_TREE")
	if tree == "" {
		b.Skip("JETKIT_TREE is not set")
	}
	target := []string{"--run-config-py", "--source", "jc=" + tree, "--l4t", "36.4.3", "--platform", "linux/arm64", "--format", "json"}
	b.Run("plan", func(b *testing.B) { benchmark(b, append([]string{"plan", "pytorch"}, target...)...) })
	b.Run("chains", func(b *testing.B) { benchmark(b, append([]string{"packages", "list", "--chains"}, target...)...) })
}

func benchmark(b *testing.B, args ...string) {
	b.Helper()
	b.Chdir(b.TempDir())
	cache := b.TempDir()
	command := func() {
		var out, errs bytes.Buffer
		code := run(context.Background(), args, &system{out: &out, err: &errs, env: os.LookupEnv, cache: cache})
		require.Equal(b, exitOK, code, "exit code %d: %s", code, errs.String())
	}
	command() // so that kept results are there
	b.ReportAllocs()
	for b.Loop() {
		command()
	}
}
