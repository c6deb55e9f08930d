package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLocked(t *testing.T) {
	for name, test := range map[string]struct {
		text, arg string
		want      *bool
	}{
		"nothing":                {"", "", nil},
		"true":                   {"locked: true\n", "", new(true)},
		"false":                  {"locked: no\n", "", new(false)},
		"the argument wins":      {"locked: true\n", "ignore", new(false)},
		"a lock that is wanted":  {"", "require", new(true)},
		"as the key has it":      {"", "false", new(false)},
		"an argument for nobody": {"locked: true\n", " ", new(true)},
	} {
		args := map[string]string{}
		if test.arg != "" {
			args["LOCK"] = test.arg
		}
		spec, problems := Load("jetson.yaml", []byte("packages: a\n"+test.text), args)
		require.Empty(t, problems, name)
		assert.Equal(t, test.want, spec.Locked, name)
	}
	_, problems := Load("jetson.yaml", []byte("packages: a\nlocked: maybe\n"), map[string]string{"LOCK": "ignor"})
	require.EqualError(t, problems.Err(), `2 problems
error: --build-arg LOCK: "ignor" is not what to do with the lock [bad-value]
    hint: did you mean ignore?
jetson.yaml:2:9: error: locked: "maybe" is neither true nor false [bad-value]
    hint: write true or false`)
}
