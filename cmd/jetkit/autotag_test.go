package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// TestQuestion holds what counts as an answer.
func TestQuestion(t *testing.T) {
	for in, want := range map[string]bool{
		"y\n": true, "YES \n": true, "n\n": false, "\n": true, "": false, "maybe\nno\n": false, "what?\n\n": true, "y": true,
	} {
		var out bytes.Buffer
		sys := &system{in: strings.NewReader(in), err: &out}
		got, err := sys.question(t.Context(), "Take it\x1b[2J?", true)
		require.NoError(t, err)
		assert.Equal(t, want, got, "%q", in)
		assert.Contains(t, out.String(), `Take it\x1b[2J? [Y/n] `)
	}
	sys := &system{in: strings.NewReader("y\n"), err: &bytes.Buffer{}}
	got, err := sys.ask(t.Context(), "?", false)
	require.NoError(t, err)
	assert.False(t, got, "a pipe is no one to ask")

	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = (&system{in: r, err: &bytes.Buffer{}}).question(ctx, "?", true)
	require.ErrorIs(t, err, context.Canceled)
}

// TestBuildArguments holds what autotag hands on to jetkit build: the target, and nothing of
// its own.
func TestBuildArguments(t *testing.T) {
	for _, test := range []struct{ args, env, want string }{
		{"numpy", "", "-- numpy"},
		{"numpy cmake:apt -q=false --explain -o x --user me", "", "-- numpy cmake:apt"},
		{
			"numpy --l4t 36.4.3 --cuda 12.8 --platform linux/arm64 --arg A=1 --arg B=2 --skip x --no-host", "CUDA_VERSION=12.2 PYTHON_VERSION=3.10",
			"--l4t=36.4.3 --cuda=12.8 --platform=linux/arm64 --skip=x --arg=A=1 --arg=B=2 --no-host=true -- numpy",
		},
	} {
		env := map[string]string{}
		for entry := range strings.FieldsSeq(test.env) {
			name, value, _ := strings.Cut(entry, "=")
			env[name] = value
		}
		sys := &system{
			in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, machine: machine.At(t.TempDir()),
			env: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		}
		var flags autotagFlags
		cmd := newAutotag(sys)
		cmd.ResetFlags()
		flags.register(cmd)
		require.NoError(t, cmd.ParseFlags(strings.Fields(test.args)))
		cmd.SetContext(t.Context())
		find, err := flags.finder(cmd, cmd.Flags().Args(), sys)
		require.NoError(t, err)
		t.Cleanup(find.close)
		build := newBuild(sys)
		args := find.buildArguments(build.Flags())
		assert.ElementsMatch(t, strings.Fields(test.want), args)
		require.NoError(t, build.ParseFlags(args), "jetkit build takes them")
		assert.Equal(t, cmd.Flags().Args(), build.Flags().Args())
	}
}
