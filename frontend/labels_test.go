package frontend

import (
	"testing"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// TestLabelsOfTheBase checks that what a base image of jetkit's says of itself is
// not taken over: the image on top has other packages and another target.
func TestLabelsOfTheBase(t *testing.T) {
	b := &build{ui: &dockerui.Client{}}
	base := map[string]string{"io.jetkit.built-for.cudnn": "8.9", "io.jetkit.packages": "stack", "maintainer": "me"}
	m := &teststep.Manifest{Plan: "sha256:0", BuiltFor: map[string]string{"python": "3.12"}}
	require.Equal(t, map[string]string{
		"maintainer": "me", "io.jetkit.plan": "sha256:0", "io.jetkit.packages": "", "io.jetkit.tests.passed": "0", "io.jetkit.tests.skipped": "0",
		"io.jetkit.built-for.python": "3.12",
	}, b.labels(base, m, &plan.Plan{}))
	require.Len(t, base, 3, "the base's configuration is not changed")
}
