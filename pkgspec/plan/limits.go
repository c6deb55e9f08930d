package plan

import (
	"strings"
	"time"
)

// Seconds is how long something may take; zero is any time.
type Seconds int64

// The limits of tests of which nothing else is said. BuildKit tells a frontend neither the
// memory nor the processors of a builder, so that they are for a small board.
const (
	DefaultTestTimeout     Seconds = 30 * 60
	DefaultTestParallel            = 2
	DefaultTestGPUParallel         = 1
)

// NoTimeout is how people write that something may take any time.
const NoTimeout = "none"

// The bounds of what people can set.
const (
	maxTimeout = 30 * 24 * time.Hour
	// MaxParallel is how many steps may take turns.
	MaxParallel = 256
	// MaxRetries is how often a test that fails may run again.
	MaxRetries = 10
)

// TimeoutHint tells how a time limit is written.
const TimeoutHint = "write hours, minutes and seconds, up to 720h: 45m, 1h30m; or none"

// ParseTimeout reads a time limit: "none", or a duration in Go's form of whole seconds.
func ParseTimeout(text string) (Seconds, bool) {
	if text == NoTimeout {
		return 0, true
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second || d > maxTimeout || d%time.Second != 0 {
		return 0, false
	}
	return Seconds(d / time.Second), true
}

// TimeoutPattern matches the time limits that people write; [ParseTimeout] is stricter.
const TimeoutPattern = `^(none|([0-9]+(\.[0-9]+)?(h|m|s))+)$`

// Duration returns the limit as a duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// String returns the limit as people write it: "1h30m", "none".
func (s Seconds) String() string {
	if s == 0 {
		return NoTimeout
	}
	text := s.Duration().String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
