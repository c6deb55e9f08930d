package frontend

import (
	"strings"
	"testing"
	"testing/fstest"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

func TestUndeclared(t *testing.T) {
	at := diag.Range{File: "packages/app/Dockerfile", Start: diag.Position{Line: 3, Column: 3}}
	steps := []plan.Step{
		{Name: "python", Dockerfile: "Dockerfile"},
		{Name: "build", Needs: []string{"python"}}, // a group
		{Name: "node:20", Aliases: []string{"nodejs"}, Dockerfile: "Dockerfile"},
		{Name: "cmake", Dockerfile: "Dockerfile", Origin: plan.Origin{Kind: plan.Builtin}},
		{Name: "app", Needs: []string{"build"}, Dockerfile: "Dockerfile", Origin: plan.Origin{Kind: plan.Context}, At: at},
		{Name: "late", Needs: []string{"app"}, AfterAll: true, Dockerfile: "Dockerfile"},
		{Name: "after", Dockerfile: "Dockerfile"},
	}
	const fix = "\n  if it uses one of them, add that to the depends of app (packages/app/Dockerfile:3:3), or list app in layers.chain of jetson.yaml"
	const app = "package app is built on what it needs. In a chain it would also have had: "
	for _, tc := range []struct{ name, command, want string }{
		{"app", "RUN make", app + "node:20, cmake" + fix},
		{"app", "RUN cmake -B /b && make", app + "cmake, node:20" + fix},
		{"app", `RUN ["cmake"]`, app + "cmake, node:20" + fix},
		{"app", "RUN my-cmake", app + "node:20, cmake" + fix},
		{"cmake", "RUN nodejs", "package cmake is built on what it needs. In a chain it would also have had: node:20, python" +
			"\n  if it uses one of them, list cmake in layers.chain of jetson.yaml"},
		{"python", "RUN make", ""},
		{"late", "RUN make", ""},
		{"", "", ""},
	} {
		p := &plan.Plan{Steps: steps, Layers: plan.Layers{Form: plan.LayersPackages}}
		assert.Equal(t, tc.want, undeclared(p, tc.name, tc.command), "%s: %s", tc.name, tc.command)
		p.Layers = plan.Layers{}
		assert.Empty(t, undeclared(p, tc.name, tc.command), "a chain has all")
	}
	assert.Empty(t, undeclared(nil, "app", "RUN make"), "there was no plan")
}

// What --target leaves out is named too, and nothing where a program was killed or ran in
// an image of its own.
func TestUndeclaredOfAFailedBuild(t *testing.T) {
	for name, tc := range map[string]struct {
		opts map[string]string
		code uint32
		of   string
		hint bool
	}{
		"a build":       {nil, 1, "app", true},
		"a target":      {map[string]string{"target": "app"}, 127, "app", true},
		"killed":        {nil, 137, "app", false},
		"Perl's die":    {nil, 255, "app", true},
		"another image": {nil, 1, "compile", false},
		"a chain":       {map[string]string{"build-arg:LAYERS": "chain"}, 1, "app", false},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(map[string]string{
				"jetson.yaml":               "target: {l4t: 36.4.3}\npackages: [paper, app]\nlayers: packages\nbase: debian\n",
				"packages/paper/Dockerfile": header("name: paper"),
				"packages/app/Dockerfile":   header("name: app") + "RUN app\nFROM golang AS go\nRUN compile\nFROM ${BASE_IMAGE}\nCOPY --from=go /x /x\nRUN app\n",
			}, tc.opts)
			g.Run = func(ops []*pb.Op) (fstest.MapFS, error) {
				for _, op := range ops {
					if args := op.GetExec().GetMeta().GetArgs(); len(args) > 0 && args[len(args)-1] == tc.of {
						dt, err := op.MarshalVT()
						require.NoError(t, err)
						return nil, errdefs.WrapVertex(&gwpb.ExitError{ExitCode: tc.code}, digest.FromBytes(dt))
					}
				}
				return fstest.MapFS{}, nil
			}
			_, err := Build(t.Context(), g)
			require.ErrorContains(t, err, "package app failed in step")
			assert.Equal(t, tc.hint, strings.Contains(err.Error(), "In a chain it would also have had: paper\n"), err)
		})
	}
}
