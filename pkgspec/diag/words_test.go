package diag_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/diag"
)

func TestWords(t *testing.T) {
	words := []string{"a", "b", "c", "d", "e"}
	for n, want := range []string{"", "a", "a and b", "a, b and c"} {
		assert.Equal(t, want, diag.And(words[:n]))
	}
	assert.Equal(t, "a, b or c", diag.Or(words[:3]))
	assert.Equal(t, "a or b", diag.Or([]string{"a", "a", "b"}))
	assert.Equal(t, "a, b and 3 more", diag.Some(words, ", ", 2))
	assert.Equal(t, "a; b; c; d; e", diag.Some(words, "; ", 4), "the last one takes no more room than \"1 more\"")
	assert.Equal(t, "a b", diag.Some(words[:2], " ", 2))
}
