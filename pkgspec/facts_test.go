package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/platform"
)

// TestFacts extends the tables by jetson.yaml: versions are as typed, and their
// source is the place of the row.
func TestFacts(t *testing.T) {
	spec := load(t, `packages: a
target: {jetpack: 7.3}
facts:
  l4t:
    releases:
      - {l4t: 39.3.0, jetpack: 7.3, ubuntu: 26.04, cuda: 13.10, sm: [87, 110], source: our own board}
`, nil)
	spec.Target.Platform = "linux/arm64"
	target, _, problems := platform.Resolve(spec.Target)
	require.Empty(t, problems)
	assert.Equal(t, "39.3.0", target.L4T.Value)
	assert.Equal(t, "13.10", target.CUDA.Value)
	assert.Equal(t, "our own board, in jetson.yaml:6:9", target.CUDA.Source)
}

func TestFactsProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"facts as a text", "packages: a\nfacts: l4t.json\n", `
«l4t.json» jetson.yaml:2:8: error: facts must be a mapping of tables, not a text [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
`},
		{"a table as a list", "packages: a\nfacts: {l4t: [39.3.0]}\n", `
«[39.3.0]» jetson.yaml:2:14: error: the table must be a mapping, not a list [wrong-type]
`},
		{"an unknown table", "packages: a\nfacts: {l4: {}}\n", `
«l4» jetson.yaml:2:9: error: unknown key "l4" in facts: the tables are arch, l4t, sm, sources and ubuntu [unknown-key]
    hint: did you mean l4t?
`},
		{"bad facts", "packages: a\nfacts: {l4t: {releases: [{l4t: 39, jetpack: 7.3, ubuntu: 26.04, cuda: 13.4, sm: [87]}, {jetpak: 7.3}]}}\n", `
«l4t» jetson.yaml:2:27: error: l4t: "39" is not an L4T release [bad-facts]
    hint: write three numbers, as in 36.4.3
«jetpak» jetson.yaml:2:89: error: unknown key "jetpak" in a release [unknown-key]
    hint: did you mean jetpack?
`},
	})
}
