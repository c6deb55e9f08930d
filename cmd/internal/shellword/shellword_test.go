package shellword

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestQuote has a shell read the words.
func TestQuote(t *testing.T) {
	for _, word := range []string{
		"", "plain", "a b", "it's", `"$HOME"`, "a\tb\nc", "\x1b[31m", "`id`", "ünï", "\xff\xfe", `back\slash`, "a\x7f", "*?[x]", "~", "#x", "!x", "a\x1b'\\",
	} {
		quoted := Quote(word)
		assert.NotContains(t, quoted, "\x1b")
		for _, written := range []string{quoted, QuoteLines(word)} {
			out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+written).Output()
			require.NoError(t, err)
			assert.Equal(t, word, string(out), written)
		}
	}
	assert.Equal(t, `a-b/c=1 'a b' '' $'\x0a'`, Join([]string{"a-b/c=1", "a b", "", "\n"}))
	assert.Equal(t, "'one\ntwo'", QuoteLines("one\ntwo"))
}
