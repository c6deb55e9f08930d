package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTable compares the page's table of things with the program's. JETKIT_UPDATE=1 writes it.
func TestTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| name | passed | when | why | risk |\n| --- | --- | --- | --- | --- |\n")
	for _, thing := range Things() {
		risk := thing.Risk
		if risk == "" {
			risk = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", thing.Name, thing.Passes, thing.When, thing.Reason, risk)
	}
	page := filepath.Join("..", "..", "..", "docs", "run.md")
	dt, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(dt), "<!-- table -->\n")
	require.True(t, found)
	got, after, found := strings.Cut(rest, "<!-- /table -->\n")
	require.True(t, found)
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(page, []byte(before+"<!-- table -->\n"+b.String()+"<!-- /table -->\n"+after), 0o600))
		return
	}
	assert.Equal(t, b.String(), got, "run JETKIT_UPDATE=1 go test ./cmd/internal/run -run TestTable")
}
