package report

import (
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"

	"jetkit/frontend"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// TestUnseenTests holds that tests of an image that the builder has cached passed: it does not
// look at them again. Where the build fails, what was not seen did not run.
func TestUnseenTests(t *testing.T) {
	t.Parallel()
	c := frontend.Compiled{
		Plan: &plan.Plan{Steps: []plan.Step{{Name: "numpy", Tests: []plan.Test{
			{Name: "test.py", Intermediate: true},
			{Name: "other.py", Intermediate: true},
			{Name: "off.py", Skipped: "--skip-tests"},
		}}}},
		Operations: map[digest.Digest]frontend.Operation{
			"sha256:a": {Kind: frontend.TestOperation, Packages: []string{"numpy"}, Test: "test.py", Where: []teststep.Where{"package"}},
		},
	}
	for _, test := range []struct {
		outcome *Outcome
		want    Result
	}{
		{&Outcome{}, Passed},
		{&Outcome{Err: errors.New("failed")}, NotRun},
		{&Outcome{Interrupted: true}, NotRun},
		{nil, NotRun},
	} {
		b := &BuildRecorder{outcome: test.outcome}
		tests := b.tests(c, nil)
		assert.Equal(t, test.want, tests[0].Result)
		assert.Equal(t, test.want == Passed, tests[0].Cached)
		assert.Equal(t, NotRun, tests[1].Result, "it is no part of what was built")
		assert.Equal(t, Skipped, tests[2].Result)
	}
}
