package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/manual"
)

// TestManual holds that docs/cli and docs/man say what the help of the commands says.
// JETKIT_UPDATE=1 writes them anew; in docs/cli it keeps what people wrote below.
func TestManual(t *testing.T) {
	root := newRoot(&system{})
	for dir, pages := range map[string][]manual.Page{
		filepath.Join("..", "..", "docs", "cli"): manual.Pages(root, manual.Markdown),
		filepath.Join("..", "..", "docs", "man"): manual.Pages(root, manual.Man),
	} {
		var names []string
		for _, page := range pages {
			names = append(names, page.File)
			comparePage(t, filepath.Join(dir, page.File), page)
		}
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, file := range files {
			assert.True(t, slices.Contains(names, file.Name()), "%s is of no command: remove it", filepath.Join(dir, file.Name()))
		}
	}
}

func comparePage(t *testing.T, file string, page manual.Page) {
	t.Helper()
	update := os.Getenv("JETKIT_UPDATE") != ""
	dt, err := os.ReadFile(file)
	if !update {
		require.NoError(t, err)
	}
	page = page.WithKept(string(dt))
	if update && string(dt) != page.Text {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(page.Text), 0o644))
		return
	}
	assert.Equal(t, page.Text, string(dt), "JETKIT_UPDATE=1 go test ./cmd/jetkit -run TestManual writes %s anew", file)
}
