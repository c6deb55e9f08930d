package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
)

// here is the outside of a program that writes its answer to a file.
func here(t *testing.T, answer *os.File, errs *bytes.Buffer) *system {
	t.Helper()
	return &system{
		in: strings.NewReader(""), out: answer, err: errs, machine: machine.At(t.TempDir()),
		env:     func(string) (string, bool) { return "", false },
		session: func() container.Session { return container.Session{} },
	}
}

// TestFullDisk holds that no command ends well whose answer is lost.
func TestFullDisk(t *testing.T) {
	for _, args := range [][]string{
		{"version"},
		{"version", "--format", "json"},
		{"packages", "list"},
		{"packages", "search", "numpy"},
		{"packages", "show", "numpy"},
		{"packages", "tree", "numpy"},
		{"packages", "docs", "numpy"},
		{"plan", "numpy", "--base", "x"},
		{"build", "--simulate", "numpy", "--base", "x"},
		{"build", "--list-packages"},
		{"target"},
		{"init", "numpy", "-o", "-"},
		{"bake", "numpy", "--base", "x", "--l4t", "36.4.3"},
		{"run", "--dry-run", "--engine", "podman", "image"},
		{"schema"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			require.NoError(t, err)
			defer full.Close()
			var errs bytes.Buffer
			assert.Equal(t, exitFailure, run(t.Context(), args, here(t, full, &errs)))
			assert.Contains(t, errs.String(), "no space left on device")
		})
	}
}

// TestCompletionOfHostileNames holds that a shell gets no name that means something to it, and
// that names of a --source are among those that it gets.
func TestCompletionOfHostileNames(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "tree")
	for _, name := range []string{"good", "good$(id)", "good`id`", "good'; id; '", "good name", "good\tname"} {
		require.NoError(t, os.MkdirAll(filepath.Join(tree, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(tree, name, "Dockerfile"), []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"), 0o644))
	}
	answer, err := os.Create(filepath.Join(t.TempDir(), "answer"))
	require.NoError(t, err)
	defer answer.Close()
	var errs bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"__complete", "build", "--source", tree, "goo"}, here(t, answer, &errs)))
	dt, err := os.ReadFile(answer.Name())
	require.NoError(t, err)
	assert.Equal(t, "good\ttree:good\n:4\n", string(dt))
}
