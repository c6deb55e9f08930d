package pkgmeta

import (
	"os"
	"strings"
	"testing"
)

// TestVariantsDocs holds that the example of docs/packages.md is read as the
// page says.
func TestVariantsDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/packages.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(page), "```yaml variants\n")
	example, _, closed := strings.Cut(example, "```")
	if !ok || !closed {
		t.Fatal("docs/packages.md has no example of variants")
	}
	cat := scan(t, contextTree(map[string]string{"pytorch/Dockerfile": "FROM scratch\nARG MAX_JOBS PYTORCH_VERSION\n", "pytorch/config.yaml": example}))
	if problems := allProblems(cat); problems != "" {
		t.Error(problems)
	}
	var names []string
	for _, p := range cat.Packages() {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "pytorch:2.8 pytorch:2.6 pytorch:2.4 pytorch:2.2" {
		t.Errorf("got %s", got)
	}
	for _, key := range variantKeys.names() {
		if !strings.Contains(string(page), "\n| `"+key+"` | ") {
			t.Errorf("docs/packages.md has no row for %s", key)
		}
	}
}
