package platform

import (
	"strings"

	"jetkit/pkgspec/dotted"
)

// version is a release number: 36.4.3 is {36, 4, 3}.
type version = dotted.Version

// parseCUDA reads "12.6", "12.6.68" or "cu126" as major and minor number. The
// last digit after "cu" is the minor number, as jetson-containers joins them.
func parseCUDA(text string) (version, bool) {
	if digits, ok := strings.CutPrefix(strings.ToLower(text), "cu"); ok {
		return parseJoined(digits, 2)
	}
	v, ok := dotted.Parse(text)
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
	return dotted.Parse(digits[:majorDigits] + "." + digits[majorDigits:])
}
