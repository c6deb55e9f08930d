// Package dotted reads and compares versions that are numbers joined by dots: those of
// L4T, JetPack, CUDA, Python and Ubuntu.
package dotted

import (
	"strconv"
	"strings"
)

// Version is a release number: 36.4.3 is {36, 4, 3}. Missing parts count as
// zero when versions are compared, as PEP 440 has it.
type Version []int

// maxVersionParts and maxPartDigits bound what counts as a release number, so
// that every part fits an int and messages stay readable.
const (
	maxVersionParts = 6
	maxPartDigits   = 6
)

// Parse reads decimal numbers joined by dots. It reports false for
// everything else: signs, spaces, letters, empty or over-long parts.
func Parse(text string) (Version, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > maxVersionParts {
		return nil, false
	}
	v := make(Version, len(parts))
	for i, part := range parts {
		if part == "" || len(part) > maxPartDigits || strings.Trim(part, "0123456789") != "" {
			return nil, false
		}
		v[i], _ = strconv.Atoi(part) // only digits, and few of them
	}
	return v, true
}

// Part returns the i-th number, or zero where v is shorter.
func (v Version) Part(i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

// Compare returns -1, 0 or 1 as v is below, equal to or above w.
func (v Version) Compare(w Version) int {
	for i := range max(len(v), len(w)) {
		if v.Part(i) != w.Part(i) {
			if v.Part(i) < w.Part(i) {
				return -1
			}
			return 1
		}
	}
	return 0
}

// HasPrefix reports whether v begins with the parts of w, padding v with zeros:
// 36.4.3 has the prefix 36.4, and 36.4 has the prefix 36.4.0.
func (v Version) HasPrefix(w Version) bool {
	for i := range w {
		if v.Part(i) != w[i] {
			return false
		}
	}
	return true
}

// MajorMinor returns the first two numbers: "12.6" for 12.6.68.
func (v Version) MajorMinor() string {
	return strconv.Itoa(v.Part(0)) + "." + strconv.Itoa(v.Part(1))
}

// SameMinor reports whether the first two numbers are equal.
func (v Version) SameMinor(w Version) bool { return v.Part(0) == w.Part(0) && v.Part(1) == w.Part(1) }

// Of reads a number that was checked before: one of a table, which a test holds to be
// well-formed, or one that Parse took.
func Of(text string) Version {
	v, _ := Parse(text)
	return v
}

// String joins the numbers with dots, without leading zeros.
func (v Version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}
