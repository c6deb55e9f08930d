package diag

import (
	"slices"
	"strings"
)

// DidYouMean returns a hint naming the candidate nearest to got ("did you mean
// pytorch?"), or "" when none is near enough to be a likely typing mistake.
// Among equally near candidates the first wins, so give them in a fixed order.
func DidYouMean(got string, candidates []string) string {
	if near := Nearest(got, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// Meant returns the candidate that got is another word for, else the nearest one
// as Nearest has it. The synonyms are in lower case, with "_" between words.
func Meant(got string, candidates []string, synonyms map[string]string) string {
	word := strings.ReplaceAll(strings.ToLower(got), "-", "_")
	if key := synonyms[word]; slices.Contains(candidates, key) {
		return key
	}
	return Nearest(got, candidates)
}

// Nearest returns the candidate with the smallest edit distance to got, not
// counting case, or "" when more than a third of it would have to change.
func Nearest(got string, candidates []string) string {
	lower := strings.ToLower(got)
	best, bestDistance := "", max(len(got)/3, 1)+1
	for _, c := range candidates {
		if d := editDistance(lower, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbouring bytes that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	before := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
