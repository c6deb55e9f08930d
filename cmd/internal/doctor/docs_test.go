package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// begins is where the generated part of the page begins. It goes on to the end.
const begins = "## Findings\n"

// TestDocs holds that docs/doctor.md has each finding, as the checks have it.
// JETKIT_UPDATE=1 writes it.
func TestDocs(t *testing.T) {
	file := filepath.Join("..", "..", "..", "docs", "doctor.md")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	own, _, found := strings.Cut(string(text), begins)
	require.True(t, found, "%s has no line %q", file, begins)
	want := own + begins + findings()
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		return
	}
	assert.Equal(t, want, string(text), "JETKIT_UPDATE=1 go test ./cmd/internal/doctor writes %s anew", file)
}

// findings describes the checks and what they find.
func findings() string {
	var b strings.Builder
	group := ""
	fmt.Fprint(&b, "\n| check | group | looks at | findings |\n| --- | --- | --- | --- |\n")
	for _, check := range Checks() {
		var ids []string
		for _, kind := range check.Kinds() {
			ids = append(ids, fmt.Sprintf("[%s](#%s)", kind.ID, kind.ID))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", check.Name(), check.Group(), check.Description(), strings.Join(ids, ", "))
	}
	for _, check := range Checks() {
		if check.Group() != group {
			group = check.Group()
		}
		for _, kind := range check.Kinds() {
			fmt.Fprintf(&b, "\n### %s\n\n%s. %s\n\n- **Remedy:** %s.\n- **Source:** %s.\n", kind.ID, word(kind.Severity), kind.Meaning, kind.Remedy, kind.Source)
		}
	}
	return b.String()
}

// word begins the description of a finding.
func word(s Severity) string { return strings.ToUpper(string(s[:1])) + string(s[1:]) }

// TestKinds holds that a finding's name is a heading's anchor, and stands for one
// thing.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, check := range Checks() {
		assert.NotEmpty(t, check.Description())
		for _, kind := range check.Kinds() {
			assert.Regexp(t, `^[a-z0-9-]+$`, kind.ID)
			assert.False(t, seen[kind.ID], "%s is there twice", kind.ID)
			seen[kind.ID] = true
			assert.Contains(t, severities, kind.Severity)
			assert.True(t, strings.HasSuffix(kind.Meaning, "."), "%s: %s", kind.ID, kind.Meaning)
			assert.NotEmpty(t, kind.Remedy)
			assert.NotEmpty(t, kind.Source)
			assert.False(t, strings.HasSuffix(kind.Remedy, "."), "%s: %s", kind.ID, kind.Remedy)
		}
	}
}
