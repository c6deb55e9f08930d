package compat

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/upstream"
)

var update = flag.Bool("update", false, "write docs/compat.md anew")

// page is what the comparison says to people.
const page = "../../../docs/compat.md"

// The generated parts of the page lie between such comments.
const (
	reasonsPart = "reasons"
	countsPart  = "counts"
)

// TestOracle compares with the answers of jetson-containers' own resolver over
// its whole tree: JETKIT_ORACLE is the folder of its answers, JETKIT_TREE the
// checkout that they are about.
func TestOracle(t *testing.T) {
	dir, root := os.Getenv("JETKIT_ORACLE"), os.Getenv("JETKIT_TREE")
	if dir == "" || root == "" {
		t.Skip("the comparison with answers of jetson-containers' own resolver. Set JETKIT_ORACLE to the folder that holds them, JETKIT_TREE to a checkout")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	require.NoError(t, err, "%s holds no answers", dir)
	require.NotEmpty(t, files, "%s holds no answers", dir)
	tree, folder := treeOf(root)
	var done []*comparison
	names := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			o := readOracle(t, file)
			c := o.compare(o.ask(t, tree, folder, localPython(t)))
			check(t, c)
			done = append(done, c)
			for name := range o.Packages {
				names[catalog.Base(name)] = true
			}
			for name := range o.Aliases {
				names[catalog.Base(name)] = true
			}
		})
	}
	assert.Equal(t, slices.Sorted(maps.Keys(names)), upstream.Names(), "pkgspec/upstream/names.txt")
	holdPage(t, countsPart, countsText(done))
}

// TestOwnTree does the same for a tree of jetkit's own, with a package of every
// form, and what jetson-containers' resolver (commit dd206bfe) answered for it.
func TestOwnTree(t *testing.T) {
	files, err := filepath.Glob("testdata/oracle-*.json")
	require.NoError(t, err, "there are no answers in testdata")
	require.NotEmpty(t, files, "there are no answers in testdata")
	tree, folder := treeOf("testdata/tree")
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
		assert.Fail(t, "unexplained", "%s", d)
	}
	for _, field := range slices.Sorted(maps.Keys(c.checked)) {
		t.Logf("%-14s %4d compared, %4d equal", field, c.checked[field], c.checked[field]-different[field])
	}
	for _, reason := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("%4d %s", explained[reason], reason)
	}
}

// TestReasons checks that the page gives every reason.
func TestReasons(t *testing.T) {
	var b strings.Builder
	for _, r := range reasons {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", r.Title, r.Why)
	}
	holdPage(t, reasonsPart, b.String())
}

// countsText makes the page's table: a row for what was compared and one for
// each reason, a column for each platform.
func countsText(done []*comparison) string {
	var b strings.Builder
	head, line := "| compared |", "| --- |"
	equal := map[string][]string{}
	explained := map[string][]string{}
	for i, c := range done {
		head += fmt.Sprintf(" L4T %s, CUDA %s, Python %s, %s |", c.facts.L4T, c.facts.CUDA, c.target.Python.Value, c.facts.Arch)
		line += " --- |"
		different := map[string]int{}
		reason := map[string]int{}
		for _, d := range c.differences {
			different[d.Field]++
			reason[c.explain(d)]++
		}
		for field, n := range c.checked {
			equal[field] = append(equal[field], fmt.Sprintf("%d of %d", n-different[field], n))
		}
		for _, r := range reasons {
			explained[r.Title] = append(slices.Clip(explained[r.Title][:min(i, len(explained[r.Title]))]), fmt.Sprint(reason[r.Title]))
		}
	}
	fmt.Fprintf(&b, "%s\n%s\n", head, line)
	for _, field := range slices.Sorted(maps.Keys(equal)) {
		fmt.Fprintf(&b, "| %s | %s |\n", field, strings.Join(equal[field], " | "))
	}
	for _, r := range reasons {
		fmt.Fprintf(&b, "| *%s* | %s |\n", r.Title, strings.Join(explained[r.Title], " | "))
	}
	return b.String()
}

// holdPage compares a generated part of the page, or writes it with -update.
func holdPage(t *testing.T, part, want string) {
	t.Helper()
	dt, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, begun := strings.Cut(string(dt), "<!-- "+part+" -->\n")
	got, after, ended := strings.Cut(rest, "<!-- end of "+part+" -->\n")
	require.True(t, begun && ended, "%s has no part for %s", page, part)
	if *update {
		text := before + "<!-- " + part + " -->\n" + want + "<!-- end of " + part + " -->\n" + after
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		return
	}
	assert.Equal(t, want, got, "%s differs in its %s (go test -run 'Oracle|Reasons' -update writes it anew)", page, part)
}
