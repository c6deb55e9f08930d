package pkgspec

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSynonyms checks that each synonym stands for a key, and is none itself.
func TestSynonyms(t *testing.T) {
	known := []string{"dir"} // of a source
	for _, s := range settings {
		known = append(known, s.key[strings.LastIndex(s.key, ".")+1:])
	}
	for word, key := range synonyms {
		assert.Contains(t, known, key, word)
		assert.False(t, slices.Contains(known, word), word)
		assert.Equal(t, strings.ToLower(word), word)
	}
}
