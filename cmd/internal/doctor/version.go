package doctor

import (
	"regexp"
	"strconv"
	"strings"
)

// version is a number with dots, in parts.
type version []int

// versionText is the first such number in a text.
var versionText = regexp.MustCompile(`\d+(?:\.\d+)+`)

// parseVersion finds the first version in a text: "Docker version 27.5.1, build 9f9e405".
func parseVersion(text string) version {
	var v version
	for part := range strings.SplitSeq(versionText.FindString(text), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return v
		}
		v = append(v, n)
	}
	return v
}

// older reports whether a version is known and below another.
func (v version) older(than ...int) bool {
	if len(v) == 0 {
		return false
	}
	for i, n := range than {
		if i >= len(v) {
			return n > 0
		}
		if v[i] != n {
			return v[i] < n
		}
	}
	return false
}

func (v version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}
