package platform

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/upstream"
)

func TestRepositories(t *testing.T) {
	tables, problems := BuiltIn().Extend(file("sources.json", `{"repositories": [
		{"name": "robots", "git": "git@host:robots.git", "dir": "packages"},
		{"name": "jetson-containers", "git": "https://mirror.example/jetson-containers.git", "ref": "v2"}]}`))
	require.Empty(t, problems)
	assert.Equal(t, []string{"jetson-containers", "robots"}, tables.Repositories())
	robots, ok := tables.Repository("robots")
	assert.True(t, ok)
	assert.Equal(t, plan.Remote{Git: "git@host:robots.git", Dir: "packages"}, robots)
	mirror, _ := tables.Repository("jetson-containers")
	assert.Equal(t, "https://mirror.example/jetson-containers.git#v2", mirror.String(), "a row takes the place of the built-in one")
	_, ok = tables.Repository("robot")
	assert.False(t, ok)
}

// TestUpstream holds that the names which jetkit knows of jetson-containers are those of the
// commit that its name stands for.
func TestUpstream(t *testing.T) {
	for _, name := range BuiltIn().Repositories() {
		r, _ := BuiltIn().Repository(name)
		assert.True(t, r.Pinned(), "%s is a commit", name)
	}
	r, ok := BuiltIn().Repository(upstream.Name)
	require.True(t, ok)
	assert.Equal(t, upstream.Commit, r.Ref)
}

func TestDigest(t *testing.T) {
	assert.Equal(t, (*Tables)(nil).Digest(), BuiltIn().Digest())
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", BuiltIn().Digest())
	more, problems := BuiltIn().Extend(file("sm.json", `{"capabilities": [{"sm": 115, "devices": "Thor 2", "first_cuda": "13.4"}]}`))
	require.Empty(t, problems)
	assert.NotEqual(t, BuiltIn().Digest(), more.Digest())
}
