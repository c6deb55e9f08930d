package frontend

import (
	"errors"
	"fmt"
	"testing"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/stretchr/testify/assert"
)

func TestWithRemedy(t *testing.T) {
	const full, dead = "the builder's disk is full", "as a rule by the kernel because memory ran out"
	exit := func(code uint32) error {
		return fmt.Errorf(`process "echo : no space left on device" did not complete successfully: %w`, &gwpb.ExitError{ExitCode: code})
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a copy":                   {errors.New("failed to copy files: copy file range failed: no space left on device"), full},
		"with a hint below":        {errors.New("package a failed: write /x: no space left on device\na hint"), full},
		"a file of such a name":    {errors.New(`"/no space left on device": not found`), ""},
		"a command that says so":   {exit(1), ""},
		"a step that is killed":    {exit(137), dead},
		"a command in an error":    {errors.New("exit code: 137"), ""},
		"what is no error of such": {errors.New("not found"), ""},
	} {
		got := withRemedy(test.err)
		assert.ErrorIs(t, got, test.err, name)
		if test.want == "" {
			assert.Equal(t, test.err, got, name)
		} else {
			assert.Contains(t, got.Error(), test.want, name)
		}
	}
	assert.NoError(t, withRemedy(nil))
}
