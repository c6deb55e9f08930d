package pkgmeta

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSynonyms checks that each synonym stands for a key of packages, and is none.
func TestSynonyms(t *testing.T) {
	for word, key := range synonyms {
		assert.NotNil(t, packageKeys.find(key), word)
		assert.Nil(t, packageKeys.find(word), word)
	}
}
