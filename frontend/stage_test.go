package frontend

import (
	"testing"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/testinit"
)

// stageFiles are two packages, the first with a privileged test and a GPU.
func stageFiles() map[string]string {
	return map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [b]\ntests: {network: host, privileged: [a], gpu: cdi}\n" +
			"image: {user: joe, env: {IMAGE: \"yes\"}}\n",
		"packages/a/Dockerfile": header("name: a", "alias: cuda", "test: test.sh") + "ENV A=yes\nUSER nobody\nWORKDIR /srv\n",
		"packages/a/test.sh":    "exit 1",
		"packages/b/Dockerfile": header("name: b", "depends: a"),
	}
}

func destinations(exec *pb.ExecOp) []string {
	var d []string
	for _, m := range exec.Mounts {
		d = append(d, m.Dest)
	}
	return d
}

func TestStageOfAPackageIsWhereItsTestsRun(t *testing.T) {
	made, err := Stage(t.Context(), gateway(stageFiles(), map[string]string{"target": "a"}))
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"/", "/test", "/data", "/out", "/dev/shm", testinit.Program}, destinations(made.Exec))
	assert.Equal(t, "nobody", made.Exec.Meta.User)
	assert.Equal(t, "/srv", made.Exec.Meta.Cwd)
	assert.Contains(t, made.Exec.Meta.Env, "A=yes")
	assert.NotContains(t, made.Exec.Meta.Env, "IMAGE=yes")
	assert.Equal(t, pb.SecurityMode_INSECURE, made.Exec.Security)
	assert.Equal(t, pb.NetMode_HOST, made.Exec.Network)
	assert.Equal(t, "arm64", made.Platform.Architecture)
	require.Len(t, made.Exec.CdiDevices, 1)
	for i, m := range made.Exec.Mounts {
		assert.Equal(t, m.Input >= 0, made.Mounts[i] != client.Reference(nil), "result of %s", m.Dest)
	}
}

func TestStageOfTheImageHasItsConfiguration(t *testing.T) {
	made, err := Stage(t.Context(), gateway(stageFiles(), nil))
	require.NoError(t, err)
	assert.Equal(t, "joe", made.Exec.Meta.User)
	assert.Contains(t, made.Exec.Meta.Env, "IMAGE=yes")
	assert.Equal(t, pb.SecurityMode_SANDBOX, made.Exec.Security)
	assert.Contains(t, destinations(made.Exec), "/test")
}

func TestStageReportsWhatABuildReports(t *testing.T) {
	_, err := Stage(t.Context(), gateway(stageFiles(), map[string]string{"target": "nothing"}))
	require.ErrorContains(t, err, "--target nothing: the chain has no such package")
}
