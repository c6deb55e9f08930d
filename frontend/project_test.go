package frontend

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A clone on a desk, one in CI and the remote context itself are one project.
func TestRepository(t *testing.T) {
	for source, want := range map[string]string{
		"https://github.com/acme/robot.git":                "github.com/acme/robot",
		"https://github.com/acme/robot":                    "github.com/acme/robot",
		"https://me:secret@GitHub.com/acme/robot.git#main": "github.com/acme/robot",
		"https://github.com/acme/robot.git?ref=main":       "github.com/acme/robot",
		"git@github.com:acme/robot.git":                    "github.com/acme/robot",
		"ssh://git@github.com/acme/robot.git":              "github.com/acme/robot",
		"github.com/acme/robot":                            "github.com/acme/robot",
		"https://example.com/trees/robot.tar.gz":           "example.com/trees/robot.tar.gz",
		"local":                                            "", "": "", "input:x": "", "/srv/git/robot.git": "",
	} {
		require.Equal(t, want, repository(source), source)
	}
}
