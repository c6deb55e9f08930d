package platform

import (
	"strconv"
	"strings"
)

// version is a release number: 36.4.3 is {36, 4, 3}. Missing parts count as
// zero when versions are compared, as PEP 440 has it.
type version []int

// maxVersionParts and maxPartDigits bound what counts as a release number, so
// that every part fits an int and messages stay readable.
const (
	maxVersionParts = 6
	maxPartDigits   = 6
)

// parseVersion reads decimal numbers joined by dots. It reports false for
// everything else: signs, spaces, letters, empty or over-long parts.
func parseVersion(text string) (version, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > maxVersionParts {
		return nil, false
	}
	v := make(version, len(parts))
	for i, part := range parts {
		if part == "" || len(part) > maxPartDigits || strings.Trim(part, "0123456789") != "" {
			return nil, false
		}
		v[i], _ = strconv.Atoi(part) // only digits, and few of them
	}
	return v, true
}

// versionOf reads a number that was checked before: one of the tables, which tests
// hold to be well-formed, or of the target.
func versionOf(text string) version {
	v, _ := parseVersion(text)
	return v
}

// part returns the i-th number, or zero where v is shorter.
func (v version) part(i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

// compare returns -1, 0 or 1 as v is below, equal to or above w.
func (v version) compare(w version) int {
	for i := range max(len(v), len(w)) {
		if v.part(i) != w.part(i) {
			if v.part(i) < w.part(i) {
				return -1
			}
			return 1
		}
	}
	return 0
}

// hasPrefix reports whether v begins with the parts of w, padding v with zeros:
// 36.4.3 has the prefix 36.4, and 36.4 has the prefix 36.4.0.
func (v version) hasPrefix(w version) bool {
	for i := range w {
		if v.part(i) != w[i] {
			return false
		}
	}
	return true
}

// majorMinor returns the first two numbers: "12.6" for 12.6.68.
func (v version) majorMinor() string {
	return strconv.Itoa(v.part(0)) + "." + strconv.Itoa(v.part(1))
}

// String joins the numbers with dots, without leading zeros.
func (v version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// parseCUDA reads "12.6", "12.6.68" or "cu126" as major and minor number. The
// last digit after "cu" is the minor number, as jetson-containers joins them.
func parseCUDA(text string) (version, bool) {
	if digits, ok := strings.CutPrefix(strings.ToLower(text), "cu"); ok {
		return parseJoined(digits, 2)
	}
	v, ok := parseVersion(text)
	if !ok || len(v) < 2 || len(v) > 4 {
		return nil, false
	}
	return v[:2], true
}

// parseJoined reads a major and a minor number written without the dot, the
// major number taking majorDigits: 126 is 12.6, and 310 with one digit is 3.10.
func parseJoined(digits string, majorDigits int) (version, bool) {
	if len(digits) <= majorDigits || len(digits) > majorDigits+2 {
		return nil, false
	}
	return parseVersion(digits[:majorDigits] + "." + digits[majorDigits:])
}
