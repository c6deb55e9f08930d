package frontend

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
)

// constrainedFiles is a chain in which torch must stay what it is.
func constrainedFiles(jetson string, torch ...string) map[string]string {
	return map[string]string{
		"jetson.yaml":               "target: {l4t: 36.4.3}\npackages: [app]\nbase: debian\n" + jetson,
		"packages/torch/Dockerfile": header("name: torch", "constraints:", "- numpy<2", "- torch==2.8.0") + strings.Join(torch, "\n") + "\n",
		"packages/app/Dockerfile":   header("name: app", "depends: torch"),
	}
}

// A constraint that does not hold is the error's text, with who broke it and where it is declared.
func TestBrokenConstraintsAreTheError(t *testing.T) {
	const (
		said  = "torch needs torch==2.8.0, and the image has 2.9.0; package app did that"
		where = "packages/torch/Dockerfile:5:5"
		found = `[{"constraint": 1, "text": "` + said + `"}]`
		first = "packages/torch/Dockerfile:4:5"

		emulate = "the builder does not list linux/arm64 among its platforms (docker buildx inspect)\n" +
			"  if the step says \"exec format error\", let the builder's machine emulate it:\n" +
			"  docker run --privileged --rm tonistiigi/binfmt --install arm64\n" +
			"  or use a builder with a node of that platform"
	)
	for name, c := range map[string]struct {
		platforms string
		code      uint32
		report    string
		unread    error
		want      string
		line      int32
	}{
		"one platform": {
			"linux/arm64", teststep.CheckBroken, found, nil,
			"in the finished image, constraints of package torch do not hold:\n  " + said + " (declared at " + where + ")\n" + constraintsHelp, 5,
		},
		"several platforms": {
			"linux/arm64,linux/amd64", teststep.CheckBroken, found, nil,
			"in the finished image for linux/amd64, constraints of package torch do not hold:\n  " + said + " (declared at " + where + ")\n" + constraintsHelp, 5,
		},
		"no report": {
			"linux/arm64", teststep.CheckBroken, "", errors.New("no space left"),
			"in the finished image, constraints of package torch (declared at " + first + ") do not hold: exit code: 3\nwhat broke them could not be read: no space left\n" +
				"the output of the step says which; " + constraintsHelp, 4,
		},
		"a report of others": {
			"linux/arm64", teststep.CheckBroken, `[{"constraint": 2}]`, nil,
			"in the finished image, constraints of package torch (declared at " + first + ") do not hold: exit code: 3\nwhat broke them could not be read: there is no constraint 2\n" +
				"the output of the step says which; " + constraintsHelp, 4,
		},
		"an empty report": {
			"linux/arm64", teststep.CheckBroken, `[]`, nil,
			"in the finished image, constraints of package torch (declared at " + first + ") do not hold: exit code: 3\nwhat broke them could not be read: run once more, the check finds that all hold\n" +
				"the output of the step says which; " + constraintsHelp, 4,
		},
		"no Python": {
			"linux/arm64", 1, found, nil,
			"the constraints of package torch (declared at " + first + ") could not be checked in the finished image: exit code: 1\n" +
				"the check needs python3 there, of version 3.8 or later, or with setuptools\n" + emulate, 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(constrainedFiles(""), map[string]string{"platform": c.platforms})
			g.Run = func(ops []*pb.Op) (fstest.MapFS, error) {
				for _, op := range ops {
					args := op.GetExec().GetMeta().GetArgs()
					if !slices.Contains(args, "/.jetkit-check/check.py") || op.GetPlatform().GetArchitecture() == "arm64" && c.platforms != "linux/arm64" {
						continue
					}
					if slices.Contains(args, "/out/"+teststep.FaultsFile) {
						return fstest.MapFS{teststep.FaultsFile: {Data: []byte(c.report)}}, c.unread
					}
					dt, err := op.MarshalVT()
					require.NoError(t, err)
					failed := errdefs.WithSolveError(&gwpb.ExitError{ExitCode: c.code}, nil, nil, []string{"root"})
					return nil, errdefs.WrapVertex(failed, digest.FromBytes(dt))
				}
				return fstest.MapFS{}, nil
			}
			_, err := Build(t.Context(), g)
			require.Error(t, err)
			assert.Equal(t, c.want, err.Error())
			require.Len(t, errdefs.Sources(err), 1)
			assert.Equal(t, "packages/torch/Dockerfile", errdefs.Sources(err)[0].Info.Filename)
			assert.Equal(t, c.line, errdefs.Sources(err)[0].Ranges[0].Start.Line)
			failed, ok := errors.AsType[*errdefs.SolveError](err)
			require.True(t, ok, "no shell can be opened in the step")
			assert.Equal(t, []string{"root"}, failed.GetMountIDs())
		})
	}
}

// What the image says to pip and uv: the constraints beside what packages set, and what the user
// sets above all.
func TestImagesNameConstraints(t *testing.T) {
	const file = "/usr/share/jetkit/constraints.txt"
	for name, c := range map[string]struct {
		jetson   string
		torch    string
		pip, uv  string
		packages []string
	}{
		"none said":           {pip: file, uv: file},
		"a package's own":     {torch: "ENV PIP_CONSTRAINT=/own.txt UV_CONSTRAINT=", pip: "/own.txt " + file, uv: file},
		"the user's":          {jetson: "image: {env: {PIP_CONSTRAINT: ''}}\n", torch: "ENV PIP_CONSTRAINT=/own.txt", pip: "", uv: file},
		"the user's, and all": {jetson: "image: {env: {PIP_CONSTRAINT: '$PIP_CONSTRAINT /user.txt'}}\n", torch: "ENV PIP_CONSTRAINT=/own.txt", pip: "/own.txt " + file + " /user.txt", uv: file},
		"a runtime image":     {jetson: "image: {from: [/opt]}\n", pip: file, uv: file},
		"layers of packages":  {jetson: "layers: packages\n", pip: file, uv: file},
	} {
		t.Run(name, func(t *testing.T) {
			var compiled Compiled
			res, err := BuildWith(Options{Compiled: func(c Compiled) { compiled = c }})(t.Context(), gateway(constrainedFiles(c.jetson, c.torch), nil))
			require.NoError(t, err)
			var image dockerspec.DockerOCIImage
			require.NoError(t, json.Unmarshal(res.Metadata["containerimage.config"], &image))
			env := image.Config.Env
			assert.Contains(t, env, "PIP_CONSTRAINT="+c.pip)
			assert.Contains(t, env, "UV_CONSTRAINT="+c.uv)
			assert.Contains(t, operationsOf(compiled.Operations), Operation{Kind: CheckOperation, Packages: []string{"torch"}})
		})
	}
	t.Run("target", func(t *testing.T) {
		g := gateway(constrainedFiles(""), map[string]string{"target": "torch"})
		res, err := Build(t.Context(), g)
		require.NoError(t, err)
		assert.Contains(t, string(res.Metadata["containerimage.config"]), "PIP_CONSTRAINT="+file)
	})
	t.Run("no constraints", func(t *testing.T) {
		g := gateway(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a")}, nil)
		res, err := Build(t.Context(), g)
		require.NoError(t, err)
		assert.NotContains(t, string(res.Metadata["containerimage.config"]), "_CONSTRAINT=")
	})
}
