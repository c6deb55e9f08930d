//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/integration/harness"
)

// What jetkit makes of a project must not depend on the BuildKit that runs it, or an upgraded builder would build and push
// everything anew.
func TestBuildKitOfTheMinorVersionBefore(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	daemons := map[string]*harness.Daemon{
		"current":  shared.Daemon,
		"previous": startDaemon(t, "previous", harness.DaemonOptions{Program: "buildkitd-previous"}),
	}
	graphs, images := map[string]string{}, map[string]string{}
	for name, d := range daemons {
		// The text begins with the digests of the plan and of the LLB.
		graphs[name] = p.build(t, on(d), with("--call", "jetson.llb")).Stdout
		images[name] = p.build(t, on(d), pushTimeless(name)).digest(t)
	}
	assert.Contains(t, graphs["current"], "plan sha256:")
	assert.Equal(t, graphs["previous"], graphs["current"])
	assert.Equal(t, images["previous"], images["current"])
}
