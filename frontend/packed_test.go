package frontend

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/frontend/pack"
)

// A large tree is read with a few calls where a step can run the frontend's own
// program, and file by file elsewhere.
func TestLargeTreeIsPacked(t *testing.T) {
	files := map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [p0]\n"}
	for i := range minPacked {
		files[fmt.Sprintf("packages/p%d/Dockerfile", i)] = header(fmt.Sprintf("name: p%d", i))
	}
	dir, image := t.TempDir(), llb.Image("frontend")
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for name, test := range map[string]struct {
		build client.BuildFunc
		image *llb.State
		steps int
	}{
		"in an image":         {BuildAs("/bin/program"), &image, 1},
		"in no image":         {BuildAs("/bin/program"), nil, 0},
		"in another's image":  {Build, &image, 0},
		"on a client, called": {Build, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(files, map[string]string{"requestid": requestPlan})
			g.Frontend = test.image
			steps := 0
			g.Run = func(ops []*pb.Op) (fstest.MapFS, error) {
				steps++
				assertConfined(t, ops)
				require.NoError(t, pack.Write(dir, filepath.Join(dir, "pack")))
				dt, err := os.ReadFile(filepath.Join(dir, "pack"))
				return fstest.MapFS{"pack": {Data: dt}}, err
			}
			res, err := test.build(t.Context(), g)
			require.NoError(t, err)
			assert.Contains(t, string(res.Metadata["result.json"]), `"p0"`)
			assert.Equal(t, test.steps, steps)
			assert.Equal(t, test.steps == 0, g.Calls() > minPacked, "%d calls", g.Calls())
		})
	}
}

// assertConfined checks that the step can do nothing but read the folder.
func assertConfined(t *testing.T, ops []*pb.Op) {
	t.Helper()
	for _, op := range ops {
		run := op.GetExec()
		if run == nil {
			continue
		}
		assert.Equal(t, []string{"/bin/program", "pack", "/in", "/out/pack"}, run.Meta.Args)
		assert.Equal(t, pb.NetMode_NONE, run.Network)
		for _, m := range run.Mounts {
			assert.Equal(t, m.Dest != "/out", m.Readonly, m.Dest)
		}
		return
	}
	assert.Fail(t, "no step runs")
}
