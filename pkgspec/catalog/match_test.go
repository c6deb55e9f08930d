package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"numpy", "numpy", true},
		{"numpy", "Numpy", false},
		{"*", "", true},
		{"*", "ros:humble-desktop", true},
		{"ros:humble*", "ros:humble-desktop", true},
		{"ros:humble*", "ros:humble", true},
		{"ros:humble*", "xros:humble", false},
		{"*:2.?", "pytorch:2.8", true},
		{"*:2.?", "pytorch:2.11", false},
		{"py*ch*8", "pytorch:2.8", true},
		{"[pc]*", "cuda", true},
		{"[!pc]*", "cuda", false},
		{"[a-d]uda", "cuda", true},
		{"[d-a]uda", "cuda", false},
		{"[]x]", "]", true},
		{"[!]x]", "]", false},
		{"[a-]", "-", true},
		{"[abc", "[abc", true},
		{"[", "[", true},
		{"[!", "[!", true},
		{"[]", "[]", true},
		{"ü?", "üx", true},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{`\*`, `\x`, true},
	} {
		assert.Equal(t, test.want, Match(test.pattern, test.name), "Match(%q, %q)", test.pattern, test.name)
	}
}

// Patterns come from files, so none may take long.
func TestMatchIsFast(t *testing.T) {
	start := time.Now()
	Match(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 2000))
	assert.LessOrEqual(t, time.Since(start), time.Second)
}
