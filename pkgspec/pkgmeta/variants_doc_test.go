package pkgmeta

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVariantsDocs holds that the example of docs/packages.md is read as the
// page says.
func TestVariantsDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/packages.md")
	require.NoError(t, err)
	_, example, ok := strings.Cut(string(page), "```yaml variants\n")
	example, _, closed := strings.Cut(example, "```")
	require.True(t, ok, "docs/packages.md has no example of variants")
	require.True(t, closed, "docs/packages.md has no example of variants")
	cat := scan(t, contextTree(map[string]string{"pytorch/Dockerfile": "FROM scratch\nARG MAX_JOBS PYTORCH_VERSION\n", "pytorch/config.yaml": example}))
	assert.Empty(t, allProblems(cat))
	var names []string
	for _, p := range cat.Packages() {
		names = append(names, p.Name)
	}
	assert.Equal(t, "pytorch:2.8 pytorch:2.6 pytorch:2.4 pytorch:2.2", strings.Join(names, " "))
	for _, key := range variantKeys.names() {
		assert.Contains(t, string(page), "\n| `"+key+"` | ", "docs/packages.md has no row for %s", key)
	}
}
