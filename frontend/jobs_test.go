package frontend

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan/jobs"
)

// jobsOf asks for the jobs of a build.
func jobsOf(t *testing.T, g *llbtest.Gateway) (found jobs.Jobs, text string) {
	t.Helper()
	res, err := call(t, g, requestJobs)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &found))
	return found, string(res.Metadata["result.txt"])
}

func TestJobs(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":           "layers: packages\npackages: [c]\ntarget: {l4t: 36.4.3}\ntests: {skip: [zz]}\n",
		"packages/a/Dockerfile": header("name: a"), "packages/b/Dockerfile": header("name: b"),
		"packages/c/Dockerfile": header("name: c", "depends: [a, b]"),
	}
	opts := map[string]string{"build-arg:JETKIT_JOBS_CACHE": "example.com/c:{job}"}
	found, text := jobsOf(t, gateway(files, opts))
	require.Len(t, found.Waves, 2)
	assert.Equal(t, []string{"a-linux-arm64", "b-linux-arm64"}, found.Waves[1].Include[0].Needs)
	assert.Equal(t, "example.com/c:c-linux-arm64", found.Waves[1].Include[0].CacheTo)
	assert.Contains(t, text, "  c  after a, b; cache example.com/c:c-linux-arm64\n")
	assert.Contains(t, text, "tests.skip: no package of the chain goes by zz", "warnings are shown")

	// Every platform has jobs of its own.
	opts["platform"] = "linux/arm64,linux/amd64"
	found, text = jobsOf(t, gateway(files, opts))
	require.Len(t, found.Waves, 2)
	assert.Len(t, found.Waves[0].Include, 4)
	assert.Equal(t, "linux/amd64", found.Image.Include[1].Platform)
	assert.Contains(t, text, "c on linux/amd64  after a on linux/amd64, b on linux/amd64;")

	// A part of the image has jobs too.
	opts["platform"], opts["target"] = "linux/arm64", "b"
	found, _ = jobsOf(t, gateway(files, opts))
	require.Len(t, found.Waves, 1)
	require.Len(t, found.Waves[0].Include, 1)
	assert.Equal(t, "b", found.Waves[0].Include[0].Target)

	opts["build-arg:JETKIT_JOBS_CACHE"] = "example.com/c"
	_, err := call(t, gateway(files, opts), requestJobs)
	require.ErrorContains(t, err, "has no {job}")
}
