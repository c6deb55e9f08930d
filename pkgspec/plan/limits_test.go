package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

func TestTimeouts(t *testing.T) {
	for text, c := range map[string]struct {
		want    plan.Seconds
		written string
	}{
		"none": {0, "none"}, "45s": {45, "45s"}, "30m": {1800, "30m"}, "90m": {5400, "1h30m"}, "2h": {7200, "2h"},
		"1h0m5s": {3605, "1h0m5s"}, "1.5h": {5400, "1h30m"}, "720h": {2592000, "720h"},
	} {
		got, ok := plan.ParseTimeout(text)
		require.True(t, ok, text)
		assert.Equal(t, c.want, got, text)
		assert.Equal(t, c.written, got.String())
		assert.Regexp(t, plan.TimeoutPattern, text)
	}
	for _, text := range []string{"", "0", "0s", "30", "-1m", "500ms", "1.5s", "721h", "1d", "None", "30 m", "9999999999999h"} {
		_, ok := plan.ParseTimeout(text)
		assert.False(t, ok, text)
	}
}
