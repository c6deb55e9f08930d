package library

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planSentence is the sentence in which an example names the releases that it plans for.
var planSentence = regexp.MustCompile(`(?m)^# Plans for JetPack (.*)\. Build it with`)

// TestExamplesPlan holds that examples plan for the releases that they name, and for no others of the pages.
func TestExamplesPlan(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/jetson.yaml")
	require.NoError(t, err)
	named := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		m := planSentence.FindStringSubmatch(string(text))
		if m == nil {
			continue
		}
		named++
		releases := strings.Split(strings.ReplaceAll(m[1], " and ", ", "), ", ")
		for _, target := range targets() {
			release, ok := strings.CutPrefix(target.name, "JetPack ")
			if !ok {
				continue
			}
			body := strings.Replace(string(text), `jetpack: "6.2"`, `jetpack: "`+release+`"`, 1)
			_, plan, problems, err := load(t.Context(), "jetson.yaml", body, target.platform, contexts{root: os.DirFS(filepath.Dir(file))})
			require.NoError(t, err)
			assert.Equal(t, slices.Contains(releases, release), plan != nil, "%s on %s: %v", file, target.name, problems)
		}
	}
	assert.Equal(t, 4, named)
}
