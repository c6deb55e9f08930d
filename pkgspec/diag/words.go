package diag

import (
	"fmt"
	"slices"
	"strings"
)

// And lists words as prose does: "a", "a and b", "a, b and c". Neighbours that are
// equal are listed once.
func And(words []string) string { return prose(words, " and ") }

// Or lists alternatives: "a", "a or b", "a, b or c". Neighbours that are equal are
// listed once.
func Or(words []string) string { return prose(words, " or ") }

func prose(words []string, conjunction string) string {
	words = slices.Compact(slices.Clone(words))
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + conjunction + words[last]
}

// Some lists at most so many words, and how many more there are: "a, b and 12
// more". A single one more takes no more room than that, and is listed.
func Some(words []string, separator string, most int) string {
	if more := len(words) - most; more > 1 {
		return strings.Join(words[:most], separator) + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, separator)
}
