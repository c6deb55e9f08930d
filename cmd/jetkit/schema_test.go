package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSchemaCopies compares the schemas in docs/schema with what the command prints.
// JETKIT_UPDATE=1 writes them anew.
func TestSchemaCopies(t *testing.T) {
	for file, command := range map[string]string{"jetson.schema.json": "schema", "metadata.schema.json": "schema metadata"} {
		path := filepath.Join("..", "..", "docs", "schema", file)
		want := output(t, command, t.TempDir())
		if os.Getenv("JETKIT_UPDATE") != "" {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), "JETKIT_UPDATE=1 go test ./cmd/jetkit -run TestSchemaCopies writes it anew")
	}
	assert.Contains(t, output(t, "schema jetson", t.TempDir()), "there is no schema of jetson")
}

// TestExamplesNameTheirSchema checks that editors find the schema, and that
// BuildKit still finds the frontend's image in the first line.
func TestExamplesNameTheirSchema(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/jetson.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		image, _, _, ok := parser.DetectSyntax(data)
		assert.True(t, ok, file)
		assert.Contains(t, image, "jetkit", file)
		_, rest, found := strings.Cut(string(data), "# yaml-language-server: $schema=")
		require.True(t, found, file)
		schema, _, _ := strings.Cut(rest, "\n")
		assert.FileExists(t, filepath.Join(filepath.Dir(file), schema))
	}
}
