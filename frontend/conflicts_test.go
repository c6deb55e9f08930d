package frontend

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
)

// What does not fit together is the error's text, once, and without the exit code of the join
// unless nobody can say more.
func TestConflictsAreTheError(t *testing.T) {
	const said = "a and b do not fit together:\n  /etc/motd"
	for name, tc := range map[string]struct {
		platforms string
		command   string
		code      uint32
		unread    error
		want      string
	}{
		"one platform":    {"linux/arm64", "join", layers.ConflictCode, nil, said},
		"several":         {"linux/arm64,linux/amd64", "join", layers.ConflictCode, nil, "for linux/amd64: " + said},
		"no text":         {"linux/arm64", "join", layers.ConflictCode, errors.New("no space left"), "layers do not fit together: exit code: 3\nwhat of them could not be read: no space left"},
		"a broken join":   {"linux/arm64", "join", 1, nil, "joining layers failed: exit code: 1"},
		"a broken record": {"linux/arm64,linux/amd64", "record", 1, nil, "making the layer of package a failed for linux/amd64: exit code: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(map[string]string{
				"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a, b]\nlayers: packages\nbase: debian\n",
				"packages/a/Dockerfile": header("name: a"),
				"packages/b/Dockerfile": header("name: b"),
			}, map[string]string{"platform": tc.platforms})
			g.Run = func(ops []*pb.Op) (fstest.MapFS, error) {
				for _, op := range ops {
					args := op.GetExec().GetMeta().GetArgs()
					if !slices.Contains(args, tc.command) || len(args) == 0 || op.GetPlatform().GetArchitecture() == "arm64" && tc.platforms != "linux/arm64" {
						continue
					}
					if slices.Contains(args, "--report") {
						return fstest.MapFS{layers.ConflictsFile: {Data: []byte(said + "\n")}}, tc.unread
					}
					dt, err := op.MarshalVT()
					require.NoError(t, err)
					failed := errdefs.WithSource(&gwpb.ExitError{ExitCode: tc.code}, &errdefs.Source{Info: &pb.SourceInfo{Filename: "Dockerfile"}})
					failed = errdefs.WithSolveError(failed, nil, nil, []string{"root"})
					return nil, errdefs.WrapVertex(failed, digest.FromBytes(dt))
				}
				return fstest.MapFS{}, nil
			}
			_, err := Build(t.Context(), g)
			require.Error(t, err)
			assert.Equal(t, tc.want, err.Error())
			if tc.unread == nil && tc.code == layers.ConflictCode {
				require.Len(t, errdefs.Sources(err), 1)
				failed, ok := errors.AsType[*errdefs.SolveError](err)
				require.True(t, ok, "no shell can be opened in the step")
				assert.Equal(t, []string{"root"}, failed.GetMountIDs())
				assert.EqualValues(t, 2, errdefs.Sources(err)[0].Ranges[0].Start.Line)
			}
		})
	}
}
