package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

func TestExpand(t *testing.T) {
	value := func(name string) string { return map[string]string{"HOME": "/root", "A1": "x", "SIGN": `\$HOME`}[name] }
	for text, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"/opt/x:$HOME":          "/opt/x:/root",
		"${HOME}s $A1-$NONE.":   "/roots x-.",
		`\$HOME \\ \n "$A1"`:    `$HOME \\ \n "x"`,
		"${NONE:-a b}${A1:-c}":  "a bx",
		"${A1:+:}${NONE:+;}end": ":end",
		"${NONE:-}":             "",
		"$SIGN":                 `\$HOME`,
	} {
		got, err := plan.Expand(text, value)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"$", "$5", "a$ b", "${}", "${HOME", "${1}", "$$", "${A-b}", "${A:-$HOME}"} {
		_, err := plan.Expand(text, value)
		assert.Error(t, err, text)
	}
}
