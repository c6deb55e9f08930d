package imagetree

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Explanation is a row of a table of differences that are known and why they are harmless.
type Explanation struct {
	Line    int
	Aspects []Aspect
	Pattern string // of paths: * is anything but a slash, ** anything
	Reason  string

	paths *regexp.Regexp
}

// Table is a list of explanations.
type Table []Explanation

// ParseTable reads rows of three parts divided by " | ": aspects divided by commas, a pattern, and the reason.
// Empty lines, and lines that begin with #, say nothing.
func ParseTable(text string) (Table, error) {
	var table Table
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, "|", 3)
		if len(parts) != 3 || strings.TrimSpace(parts[2]) == "" {
			return nil, fmt.Errorf("line %d: a row is aspects | pattern | reason", number)
		}
		row := Explanation{Line: number, Pattern: strings.TrimSpace(parts[1]), Reason: strings.TrimSpace(parts[2])}
		for aspect := range strings.SplitSeq(parts[0], ",") {
			row.Aspects = append(row.Aspects, Aspect(strings.TrimSpace(aspect)))
		}
		for _, aspect := range row.Aspects {
			if !slices.Contains([]Aspect{Missing, Added, Kind, Mode, Owner, Content, Xattr, Linked}, aspect) {
				return nil, fmt.Errorf("line %d: %q is no aspect", number, aspect)
			}
		}
		row.paths = patternOf(row.Pattern)
		table = append(table, row)
	}
	return table, nil
}

func patternOf(pattern string) *regexp.Regexp {
	escaped := regexp.QuoteMeta(pattern)
	escaped = strings.ReplaceAll(escaped, `\*\*`, `.*`)
	escaped = strings.ReplaceAll(escaped, `\*`, `[^/]*`)
	return regexp.MustCompile("^" + escaped + "$")
}

// Explain divides differences into those that the table does not explain, and counts for each row, by its line, how many
// it explains. The first row that fits counts.
func (t Table) Explain(differences []Difference) (unexplained []Difference, count map[int]int) {
	count = map[int]int{}
	for _, d := range differences {
		i := slices.IndexFunc(t, func(row Explanation) bool {
			return slices.Contains(row.Aspects, d.Aspect) && row.paths.MatchString(d.Path)
		})
		if i < 0 {
			unexplained = append(unexplained, d)
			continue
		}
		count[t[i].Line]++
	}
	return unexplained, count
}
