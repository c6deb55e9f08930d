package frontend

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCheckNamesThePageOfARule checks that a warning of --check leads to what it means.
func TestCheckNamesThePageOfARule(t *testing.T) {
	g := gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.9}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a"),
	}, nil)
	res, err := call(t, g, "frontend.lint")
	require.NoError(t, err)
	require.Contains(t, string(res.Metadata["result.json"]), `"url": "docs/rules.md#unlisted-l4t"`)
}
