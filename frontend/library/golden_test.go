package library

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
)

// TestCompiles compares what the own stage of each package is compiled to with
// testdata/llb/NAME.txt, for one target of each generation. A package without a golden file
// fails, and so does a file without a package.
func TestCompiles(t *testing.T) {
	known := map[string]bool{}
	for _, f := range library(t) {
		known[f.name+".txt"] = true
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			llbtest.Golden(t, filepath.Join("llb", f.name+".txt"), goldenText(t, f))
		})
	}
	onlyOf(t, filepath.Join("testdata", "llb"), known)
}

// section is what a package is compiled to on a target.
type section struct {
	on    string
	lines []string
}

// goldenText has a section for each generation. One that is like another says so.
func goldenText(t *testing.T, f family) string {
	t.Helper()
	var b strings.Builder
	var before []section
	for _, a := range f.answers {
		switch {
		case !a.target.golden:
			continue
		case a.plan == nil:
			fmt.Fprintf(&b, "== %s: %s\n", a.target.name, whyNot(a))
			continue
		}
		text := "no operations: it groups other packages\n"
		if a.step(f.name).Dockerfile != "" {
			c, err := a.compile(t.Context(), f.name)
			require.NoError(t, err)
			text, err = c.text(t.Context())
			require.NoError(t, err)
		}
		own := section{a.target.name, strings.Split(strings.TrimRight(text, "\n"), "\n")}
		fmt.Fprintf(&b, "== %s: %s%s", a.target.name, a.step(f.name).Name, own.after(before))
		before = append(before, own)
	}
	return b.String()
}

// after returns the rest of the section's heading and its lines: all, or where one before it
// has as many and most of them too, those that differ.
func (s section) after(before []section) string {
	for _, other := range before {
		if len(other.lines) != len(s.lines) {
			continue
		}
		var differ []string
		for i, line := range s.lines {
			if line != other.lines[i] {
				differ = append(differ, "-"+other.lines[i], "+"+line)
			}
		}
		switch {
		case len(differ) == 0:
			return ", as on " + other.on + "\n"
		case len(differ) < len(s.lines):
			return ", as on " + other.on + ", but\n" + strings.Join(differ, "\n") + "\n"
		}
	}
	return "\n" + strings.Join(s.lines, "\n") + "\n"
}

// onlyOf holds that a folder has no other files than those. With -update, it removes them.
func onlyOf(t *testing.T, dir string, known map[string]bool) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return // the files that lack say so
	}
	require.NoError(t, err)
	for _, e := range entries {
		if file := filepath.Join(dir, e.Name()); !known[e.Name()] && llbtest.Updating() {
			assert.NoError(t, os.Remove(file))
		} else {
			assert.True(t, known[e.Name()], "%s is of no package of the library: run the test with -update to remove it", file)
		}
	}
}
