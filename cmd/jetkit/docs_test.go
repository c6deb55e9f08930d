package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/shlex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// TestDocs runs the commands of the pages and compares what they print. In a
// page "..." on a line of its own stands for any lines. JETKIT_UPDATE=1 writes
// the outputs that differ into the pages.
func TestDocs(t *testing.T) {
	pages := map[string]string{
		"jetson-yaml.md": filepath.Join("..", "..", "examples", "robot-arm"),
		"variants.md":    filepath.Join("..", "..", "pkgspec", "resolve", "testdata"),
		// The folder with the checkouts that the page's beginning makes.
		"comparison.md": os.Getenv("JETKIT_TREES"),
	}
	commands, err := filepath.Glob(filepath.Join("..", "..", "docs", "cli", "*.md"))
	require.NoError(t, err)
	for _, page := range commands {
		pages[filepath.Join("cli", filepath.Base(page))] = filepath.Join("..", "..", "examples", "robot-arm")
	}
	for page, dir := range pages {
		t.Run(page, func(t *testing.T) {
			if dir == "" {
				t.Skip("a page about checkouts that are no part of the repository. Set JETKIT_TREES to the folder that the beginning of the page makes")
			}
			testPage(t, filepath.Join("..", "..", "docs", page), dir)
		})
	}
}

func testPage(t *testing.T, file, dir string) {
	t.Helper()
	file, err := filepath.Abs(file)
	require.NoError(t, err)
	dt, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Chdir(dir)
	cache := t.TempDir()
	parts := strings.Split(string(dt), "\n$ jetkit ")
	for i, part := range parts[1:] {
		command, rest, _ := strings.Cut(part, "\n")
		for strings.HasSuffix(command, `\`) {
			var more string
			more, rest, _ = strings.Cut(rest, "\n")
			command = strings.TrimSuffix(command, `\`) + more
		}
		want, after, fenced := strings.Cut(rest, "```")
		if !fenced { // another command of the same block follows
			want, after = rest+"\n", ""
		}
		got := output(t, command, cache)
		if matches(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(got), "\n")) {
			continue
		}
		assert.Fail(t, "the page differs", "%s: jetkit %s prints\n%s\nand not\n%s", filepath.Base(file), command, got, want)
		parts[i+1] = strings.TrimSuffix(part, rest) + got
		if fenced {
			parts[i+1] += "```" + after
		}
	}
	if t.Failed() && os.Getenv("JETKIT_UPDATE") != "" {
		assert.NoError(t, os.WriteFile(file, []byte(strings.Join(parts, "\n$ jetkit ")), 0o600))
	}
}

// output returns everything that a command prints.
func output(t *testing.T, command, cache string) string {
	t.Helper()
	args, err := shlex.Split(command)
	require.NoError(t, err)
	var out bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	run(context.Background(), args, &system{in: &bytes.Buffer{}, out: &out, err: &out, env: none, machine: machine.At(cache), cache: cache})
	return out.String()
}

// matches compares lines, with "..." for any.
func matches(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case strings.TrimSpace(want[0]) == "...":
		for i := range len(got) + 1 {
			if matches(want[1:], got[i:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && strings.TrimRight(want[0], " ") == strings.TrimRight(got[0], " ") && matches(want[1:], got[1:])
}
