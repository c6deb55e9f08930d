package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/shlex"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
)

// TestRunDocs makes the command lines of docs/run.md on the Orin of run_dry.txtar. JETKIT_UPDATE=1 writes what differs
// into the page.
func TestRunDocs(t *testing.T) {
	root := t.TempDir()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "script", "run_dry.txtar"))
	require.NoError(t, err)
	for _, file := range archive.Files {
		if name, found := strings.CutPrefix(file.Name, "orin/"); found {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, name), file.Data, 0o600))
		}
	}
	page := filepath.Join("..", "..", "docs", "run.md")
	dt, err := os.ReadFile(page)
	require.NoError(t, err)
	parts := strings.Split(string(dt), "\n$ jetkit run ")
	require.Greater(t, len(parts), 1)
	for i, part := range parts[1:] {
		command, rest, _ := strings.Cut(part, "\n")
		want, after, _ := strings.Cut(rest, "```")
		got := dryRun(t, root, command)
		if os.Getenv("JETKIT_UPDATE") == "" {
			assert.Equal(t, want, got, command)
		}
		parts[i+1] = command + "\n" + got + "```" + after
	}
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(page, []byte(strings.Join(parts, "\n$ jetkit run ")), 0o600))
	}
}

// dryRun prints a command line as on a machine whose files are below root, without that folder.
func dryRun(t *testing.T, root, command string) string {
	t.Helper()
	args, err := shlex.Split(command)
	require.NoError(t, err)
	line, err := container.Parse(args)
	require.NoError(t, err)
	require.True(t, line.Own.DryRun, command)
	env := map[string]string{"HOME": "/home/nvidia"}
	plan, err := container.Make(&container.Facts{
		Line: line, Machine: machine.At(root), Engine: container.Engine{Name: line.Own.Engine},
		Env:      func(name string) (string, bool) { value, set := env[name]; return value, set },
		Terminal: true, Now: time.Date(2026, 11, 26, 9, 30, 5, 0, time.UTC), WorkDir: "/home/nvidia", State: "/run/user/1000/jetkit",
		ReadFile: os.ReadFile, LookPath: func(string) (string, error) { return "", errors.New("not here") },
	})
	require.NoError(t, err)
	for i := range plan.Options {
		option := &plan.Options[i]
		if name, found := strings.CutPrefix(option.Value, root+"/"); found && option.Flag == "--device" {
			_, name, _ = strings.Cut(name, ":")
			option.Value = name
		}
		option.Value = strings.ReplaceAll(option.Value, root, "")
	}
	var b strings.Builder
	plan.Print(&b)
	return b.String()
}
