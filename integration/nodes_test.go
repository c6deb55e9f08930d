//go:build integration

package integration

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestTwoNodes builds on a builder of two nodes, a PC and (emulated) a board: each builds its own platform, and buildx
// makes one image of the two results.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	nodes := map[string]*harness.Daemon{
		"linux/amd64": startDaemon(t, "pc", harness.DaemonOptions{}),
		"linux/arm64": startDaemon(t, "board", harness.DaemonOptions{}),
	}
	p := newProject(t, machines("{l4t: 36.4.3}"))
	builder := twoNodes(t, nodes)
	options := []buildOption{push(), forPlatforms(t, bothPlatforms), with("--builder", builder), arg("TEST_DATA=two-nodes")}
	b := p.build(t, options...)

	assert.ElementsMatch(t, slices.Collect(maps.Keys(both)), platformsOf(t, b.image), "platforms of the index")
	b.forPlatform(t, "linux/amd64").assertMade(t, "linux/amd64", "x86_64")
	b.forPlatform(t, arm64).assertMade(t, arm64, "tegra-aarch64")
	b.step(t, "[linux/amd64 test a] test.sh")
	b.step(t, "[linux/arm64 test a] test.sh")
	assert.NotContains(t, b.Stderr, "jetson-release-on-amd64", "the node that builds for amd64 should not take the other platform for forgotten")
	// What a node keeps tells what it ran: the seal, named after the platform, and the tests' cache, after the target.
	assertKeeps(t, nodes["linux/amd64"], "[linux/amd64 internal] seal image", "x86_64", "arm64", "tegra-aarch64")
	assertKeeps(t, nodes["linux/arm64"], "[linux/arm64 internal] seal image", "tegra-aarch64", "amd64", "x86_64")

	p.build(t, options...).assertExecuted(t)
}

// TestCacheOfTwoNodes loses what one of two nodes exports to a reference that both have, and nothing where each platform has one.
func TestCacheOfTwoNodes(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	farm := func() buildOption {
		return with("--builder", twoNodes(t, map[string]*harness.Daemon{
			"linux/amd64": startDaemon(t, "pc", harness.DaemonOptions{}), "linux/arm64": startDaemon(t, "board", harness.DaemonOptions{}),
		}))
	}
	p := newProject(t, machines("{l4t: 36.4.3}"))
	cache := "type=registry,ref=" + shared.Ref("two-nodes:")
	first, second := farm(), farm()
	p.build(t, push(), forPlatforms(t, bothPlatforms), first, with("--cache-to", cache+"both,mode=max"))
	for _, platform := range []string{"linux/amd64", arm64} {
		p.build(t, push(), forPlatforms(t, platform), first, with("--cache-to", cache+path.Base(platform)+",mode=max"))
	}
	p.build(t, push(), forPlatforms(t, bothPlatforms), second, with("--cache-from", cache+"amd64", "--cache-from", cache+"arm64")).assertExecuted(t)
	lost := p.build(t, push(), forPlatforms(t, bothPlatforms), farm(), with("--cache-from", cache+"both")).executed()
	require.NotEmpty(t, lost)
	one, _, _ := strings.Cut(lost[0], " ")
	for _, step := range lost {
		assert.True(t, strings.HasPrefix(step, one+" "), "steps of one platform: %q", lost)
	}
}

// twoNodes makes a builder of daemons by their platforms, and returns its name.
func twoNodes(t *testing.T, nodes map[string]*harness.Daemon) string {
	t.Helper()
	name := "farm-" + nodes["linux/amd64"].Builder
	for i, platform := range slices.Sorted(maps.Keys(nodes)) {
		args := []string{"create", "--name", name, "--driver", "remote", "--platform", platform}
		if i > 0 {
			args = append(args, "--append")
		}
		create := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: append(args, nodes[platform].Addr)})
		require.NoError(t, create.Err())
	}
	return name
}

// assertKeeps checks what a node keeps results of: the seal and the cache of its own platform, and nothing else's.
func assertKeeps(t *testing.T, node *harness.Daemon, seal, arch string, others ...string) {
	t.Helper()
	du := shared.BuildxCommand(t.Context(), harness.BuildxRun{Daemon: node, Args: []string{"du", "--verbose"}})
	require.NoError(t, du.Err())
	var kept []string
	for line := range strings.Lines(du.Stdout) {
		if text, ok := strings.CutPrefix(line, "Description:"); ok {
			kept = append(kept, strings.TrimSpace(text))
		}
	}
	all := strings.Join(kept, "\n")
	assertContains(t, all, seal, `jetkit-data:shared:two-nodes:l4t36.4.3:cuda12.6:`+arch+`"`)
	for _, other := range others {
		assert.NotContains(t, all, other, "a node keeps something")
	}
}
