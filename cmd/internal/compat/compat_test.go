package compat

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestOracle compares with the answers of jetson-containers' own resolver over
// its whole tree: JETKIT_ORACLE is the folder of its answers, JETKIT_TREE the
// checkout that they are about.
func TestOracle(t *testing.T) {
	dir, root := os.Getenv("JETKIT_ORACLE"), os.Getenv("JETKIT_TREE")
	if dir == "" || root == "" {
		t.Skip("JETKIT_ORACLE and JETKIT_TREE are not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no answers", dir)
	}
	tree, folder := treeOf(root)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			o := readOracle(t, file)
			check(t, o.compare(o.ask(t, tree, folder, localPython(t))))
		})
	}
}

// check fails for differences that no reason explains, and logs the counts.
func check(t *testing.T, c *comparison) {
	t.Helper()
	explained := map[string]int{}
	different := map[string]int{}
	for _, d := range c.differences {
		different[d.Field]++
		if reason := c.explain(d); reason != "" {
			explained[reason]++
			continue
		}
		t.Errorf("unexplained: %s", d)
	}
	for _, field := range slices.Sorted(maps.Keys(c.checked)) {
		t.Logf("%-14s %4d compared, %4d equal", field, c.checked[field], c.checked[field]-different[field])
	}
	for _, reason := range slices.Sorted(maps.Keys(explained)) {
		t.Log(fmt.Sprintf("%4d %s", explained[reason], reason))
	}
}
