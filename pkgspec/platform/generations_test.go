package platform

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/dotted"
)

// TestGenerations holds the table to its form, and to the releases that are known.
func TestGenerations(t *testing.T) {
	for i, g := range Generations() {
		from, ok := dotted.Parse(g.FromL4T)
		require.True(t, ok, g.Name)
		before, ok := dotted.Parse(g.BeforeL4T)
		require.True(t, ok, g.Name)
		assert.Negative(t, from.Compare(before), g.Name)
		assert.NotEmpty(t, g.Source, g.Name)
		assert.Contains(t, []string{"V", "partly"}, g.Verified, g.Name)
		_, err := time.Parse("2006-01", g.Checked)
		require.NoError(t, err, g.Name)
		if i > 0 {
			assert.GreaterOrEqual(t, from.Compare(dotted.Of(Generations()[i-1].BeforeL4T)), 0, g.Name)
		}
	}
	for l4t, want := range map[string]string{
		"32.6.1": "", "32.7.1": "JetPack 4.6.1 and later 4.6", "34.1.1": "JetPack 5.0", "35.6.4": "JetPack 5.1", "36.3.0": "JetPack 6.0", "36": "JetPack 6.0",
		"36.4": "JetPack 6.1 and later 6", "36.5.2": "JetPack 6.1 and later 6", "37.0": "", "38.2.0": "JetPack 7", "39.2.2": "JetPack 7", "40.1": "",
	} {
		name := ""
		if g := GenerationOf(dotted.Of(l4t)); g != nil {
			name = g.Name
		}
		assert.Equal(t, want, name, l4t)
	}
}

func TestL4TOfImage(t *testing.T) {
	for ref, want := range map[string]string{
		"nvcr.io/nvidia/l4t-jetpack:r36.4.0":                       "36.4.0",
		"nvcr.io/nvidia/l4t-ml:r35.2.1-py3":                        "35.2.1",
		"dustynv/pytorch:2.7-r36.4.0-cu128-24.04":                  "36.4.0",
		"dustynv/pytorch:2.8-r36.4.tegra-aarch64-cu128-24.04":      "36.4",
		"localhost:5000/robot:app_r38.2.0@sha256:0123456789abcdef": "38.2.0",
		"example.com:5000/r36.4.0/app":                             "",
		"ubuntu:22.04":                                             "",
		"r36.4.0":                                                  "",
		"python:3.12-r5":                                           "",
		"":                                                         "",
	} {
		assert.Equal(t, want, L4TOfImage(ref), ref)
	}
}
