package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/pkgspec/diag"
)

// recorder is a fake builder that keeps everything that reaches a terminal.
type recorder struct {
	*llbtest.Gateway
	shown []string
	// warned are the warnings' texts, each after the step it belongs to.
	warned []string
	steps  map[digest.Digest]string
	final  *pb.Definition
	fail   error
}

func (r *recorder) Warn(_ context.Context, step digest.Digest, text string, opts client.WarnOpts) error {
	r.warned = append(r.warned, r.steps[step]+" | "+text)
	r.shown = append(r.shown, text, opts.URL, opts.SourceInfo.GetFilename(), string(opts.SourceInfo.GetData()))
	for _, d := range opts.Detail {
		r.shown = append(r.shown, string(d))
	}
	return nil
}

func (r *recorder) ResolveSourceMetadata(_ context.Context, op *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	r.shown = append(r.shown, opt.LogName)
	if r.steps == nil {
		r.steps = map[digest.Digest]string{}
	}
	r.steps[digest.FromString(op.Identifier+"linux/arm64")] = opt.LogName
	return &sourceresolver.MetaResponse{Op: op}, nil
}

func (r *recorder) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	r.shown = append(r.shown, opt.LogName)
	return r.Gateway.ResolveImageConfig(ctx, ref, opt)
}

func (r *recorder) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	for _, md := range req.Definition.GetMetadata() {
		r.shown = append(r.shown, md.GetProgressGroup().GetName())
		for _, text := range md.GetDescription() {
			r.shown = append(r.shown, text)
		}
	}
	for _, info := range req.Definition.GetSource().GetInfos() {
		r.shown = append(r.shown, info.Filename, string(info.Data))
	}
	if req.Evaluate {
		r.final = req.Definition
		if r.fail != nil {
			return nil, r.fail
		}
	}
	return r.Gateway.Solve(ctx, req)
}

// record builds, and adds what the result or the error shows.
func record(g *llbtest.Gateway, request string, fail error) (*recorder, *client.Result, error) {
	r := &recorder{Gateway: g, fail: fail}
	if request != "" {
		g.Opts["requestid"] = request
	}
	res, err := Build(context.Background(), r)
	if err != nil {
		r.shown = append(r.shown, err.Error())
		for _, s := range errdefs.Sources(err) {
			r.shown = append(r.shown, s.Info.GetFilename(), string(s.Info.GetData()))
		}
	}
	if res != nil {
		r.shown = append(r.shown, string(res.Metadata["result.txt"]))
	}
	return r, res, err
}

// TestHostileOutput has packages whose every name and text is hostile. Whatever is
// asked of them, no line is forged and no command reaches the terminal.
func TestHostileOutput(t *testing.T) {
	const forged = "x\nERROR: build succeeded\x1b[2K\r\u202e\u200b"
	const folder = "x ERROR\x1b[2K\u202e\u200b" // BuildKit's patterns find no folder with a line break in its name
	const yamlForged = `"x\nERROR: build succeeded\e[2K\r\u202e\u200b"`
	files := map[string]string{
		"jetson.yaml":                         "target: {l4t: 36.4.3}\npackages: [a, b, c]\n",
		"packages/" + folder + "/Dockerfile":  "#---\n# name: a\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD \x1b[31m\nARG FOO=\"\x1b[31m\"\nRUN echo \u202e $FOO\n",
		"packages/b/Dockerfile":               header("name: b", "test: "+yamlForged, "docs: "+yamlForged, "depends: [a]") + "RUN --mount=type=secret,id=\x1b[31m true\n",
		"packages/b/x":                        "",
		"packages/c/Dockerfile":               header("name: c", "notes: "+yamlForged, "build_args: {X: "+yamlForged+"}"),
		"packages/d/Dockerfile":               header("name: " + yamlForged),
		"packages/e/Dockerfile":               header("name: e", "requires: "+yamlForged),
		"packages/f" + folder + "/Dockerfile": header("name: f") + "RUNN\n",
		"packages/g" + folder + "/Dockerfile": header("name: g", "depends: nothing"),
		"packages/h/Dockerfile":               header("name: h", "test: test.sh") + "RUN x\n",
		"packages/h/test.sh":                  "",
	}
	check := func(t *testing.T, r *recorder) {
		t.Helper()
		require.NotEmpty(t, r.shown)
		for _, text := range r.shown {
			assert.Equal(t, diag.CleanLines(text), text)
			assert.NotRegexp(t, `(?m)^\s*ERROR: build succeeded`, text)
		}
	}
	for _, request := range []string{"", requestPlan, requestGraph, requestLLB, "frontend.outline", "frontend.targets", "frontend.lint"} {
		for _, packages := range []string{"a,b,c", "d", "e", "f", "g", "h", "nothing", "../" + forged, forged} {
			t.Run(request+" "+diag.Clean(packages), func(t *testing.T) {
				r, _, err := record(gateway(files, map[string]string{"build-arg:PACKAGES": packages}), request, nil)
				check(t, r)
				if packages == "a,b,c" {
					require.NoError(t, err)
				}
			})
		}
	}
	t.Run("jetson.yaml", func(t *testing.T) {
		hostile := maps.Clone(files)
		hostile["jetson.yaml"] = "target: {l4t: 36.4.3, cuda: " + yamlForged + "}\npackages: [a, " + yamlForged + "]\n" + yamlForged + ": 1\n"
		r, _, err := record(gateway(hostile, nil), "", nil)
		require.Error(t, err)
		check(t, r)
	})
	t.Run("an error of the builder", func(t *testing.T) {
		r, _, err := record(gateway(files, nil), "", fmt.Errorf("cannot read \x1b[31m%s", forged))
		require.Error(t, err)
		for _, text := range r.shown {
			assert.Equal(t, diag.CleanLines(text), text)
		}
	})
}

// Warnings name their file and line, and are shown in the progress: with a step that
// is shown before them and after them.
func TestWarnings(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a, b]\ntests: {skip: [zz]}\n",
		"packages/a/Dockerfile": header("name: a") + "CMD x\n", "packages/b/Dockerfile": header("name: b") + "\nCMD x\n",
	}
	r, _, err := record(gateway(files, nil), "", nil)
	require.NoError(t, err)
	step := "[internal] check jetson.yaml and packages | "
	cmd := "JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals "
	assert.Equal(t, []string{
		step + "unused-name: tests.skip: no package of the chain goes by zz (jetson.yaml:3:16)",
		step + cmd + "(packages/a/Dockerfile:7)", step + cmd + "(packages/b/Dockerfile:8)",
	}, r.warned)
	resolved := slices.DeleteFunc(slices.Clone(r.shown), func(text string) bool { return !strings.HasPrefix(text, "[internal] check") })
	assert.Len(t, resolved, 4, "once before and once after each batch")
}

// An error without a place shows no excerpt, rather than the line with "# syntax=".
func TestErrorWithoutPlace(t *testing.T) {
	files := map[string]string{"jetson.yaml": "# syntax=x\ntarget: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a")}
	_, _, err := record(gateway(files, map[string]string{"build-arg:TEST_GPU": "x"}), "", nil)
	require.ErrorContains(t, err, "--build-arg TEST_GPU")
	require.Len(t, errdefs.Sources(err), 1)
	assert.Empty(t, errdefs.Sources(err)[0].Ranges)

	_, _, err = record(gateway(files, map[string]string{"target": "aa"}), "", nil)
	require.ErrorContains(t, err, "did you mean a?")
	assert.Equal(t, []string{"jetson.yaml:3"}, placesIn(err))
}

// A problem shows its related places too.
func TestRelatedPlaces(t *testing.T) {
	files := map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a", "depends: b"),
		"packages/b/Dockerfile": header("name: b", "depends: nothing"),
	}
	_, _, err := record(gateway(files, nil), "", nil)
	require.Error(t, err)
	assert.ElementsMatch(t, []string{"packages/b/Dockerfile:3", "packages/a/Dockerfile:3", "jetson.yaml:2"}, placesIn(err))
}

func placesIn(err error) []string {
	var at []string
	for _, s := range errdefs.Sources(err) {
		at = append(at, fmt.Sprintf("%s:%d", s.Info.Filename, s.Ranges[0].Start.Line))
	}
	return at
}

// Every operation of a build has a place in the sources.
func TestEveryOperationHasAPlace(t *testing.T) {
	files := map[string]string{
		"jetson.yaml": "packages:\n- a\n- numpy\ntarget: {l4t: 36.4.3}\n", "packages/a/test.sh": "",
		"packages/a/Dockerfile": header("name: a", "test: test.sh") + "ADD https://example.com/x /x\nCOPY --from=busybox /bin/sh /y\n",
	}
	for name, file := range map[string]string{"a file": files["jetson.yaml"], "arguments alone": "target: {l4t: 36.4.3}\n"} {
		t.Run(name, func(t *testing.T) {
			files["jetson.yaml"] = file
			r, _, err := record(gateway(files, map[string]string{"build-arg:PACKAGES": "a,numpy"}), "", nil)
			require.NoError(t, err)
			for _, dt := range r.final.Def[:len(r.final.Def)-1] {
				op := &pb.Op{}
				require.NoError(t, op.UnmarshalVT(dt))
				at := r.final.Source.Locations[digest.FromBytes(dt).String()].GetLocations()
				require.NotEmpty(t, at, "%s has no place", op)
				assert.NotEmpty(t, at[0].Ranges)
			}
		})
	}
}

// An operation that runs for two states, as a test does on its own stage and on a finished
// image with the same files, has its place once: errors show an excerpt for each.
func TestPlaceOfATestIsShownOnce(t *testing.T) {
	files := map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a, b]\nimage: {cmd: [x]}\n", "packages/a/Dockerfile": header("name: a"), "packages/a/test.sh": "",
		"packages/b/Dockerfile": header("name: b", "depends: a", "test: test.sh"), "packages/b/test.sh": "",
	}
	r, _, err := record(gateway(files, nil), "", nil)
	require.NoError(t, err)
	for id, places := range r.final.Source.Locations {
		name := r.final.Metadata[id].GetDescription()["llb.customname"]
		assert.Len(t, places.Locations, 1, name)
	}
}

func TestCheck(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a, b]\n",
		"packages/a/Dockerfile": header("name: a") + "CMD x\n", "packages/b/Dockerfile": header("name: b") + "\nCMD x\nCOPY big /\nCOPY kept gone /\n", "packages/b/.dockerignore": "big\n",
		".dockerignore": "**/gone\n",
	}
	for options, want := range map[string]struct {
		found []string
		fails string
	}{
		"":                         {found: []string{"packages/a/Dockerfile:7: JSON", "packages/b/Dockerfile:8: JSON", "packages/b/Dockerfile:9: Attempting", "packages/b/Dockerfile:10: Attempting"}},
		"skip=JSONArgsRecommended": {found: []string{"packages/b/Dockerfile:9: Attempting", "packages/b/Dockerfile:10: Attempting"}},
		"skip=all":                 {},
		"error=true": {
			found: []string{"packages/a/Dockerfile:7: JSON", "packages/b/Dockerfile:8: JSON", "packages/b/Dockerfile:9: Attempting", "packages/b/Dockerfile:10: Attempting"},
			fails: "packages/a/Dockerfile:7: lint violation found for rules: JSONArgsRecommended",
		},
	} {
		t.Run(options, func(t *testing.T) {
			opts := map[string]string{}
			if options != "" {
				opts["build-arg:BUILDKIT_DOCKERFILE_CHECK"] = options
			}
			_, res, err := record(gateway(files, opts), "frontend.lint", nil)
			require.NoError(t, err)
			var results lint.LintResults
			require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &results))
			var found []string
			for _, w := range results.Warnings {
				found = append(found, strings.Join(strings.Fields(w.Detail)[:2], " "))
			}
			assert.ElementsMatch(t, want.found, found)
			if want.fails != "" {
				require.NotNil(t, results.Error)
				assert.Equal(t, want.fails, results.Error.Message)
			} else {
				assert.Nil(t, results.Error)
			}
		})
	}
}

func TestOutlineOfPackages(t *testing.T) {
	files := map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a, b]\n",
		"packages/a/Dockerfile": header("name: a", "build_args: {JOBS: 3}") + "# MODEL the network to load\nARG MODEL=small\nARG CUDA_VERSION\nARG JOBS\nARG CUDNN_VERSION\n" +
			"RUN --mount=type=secret,id=token --mount=type=ssh make $MODEL $CUDA_VERSION $JOBS $CUDNN_VERSION\n",
		"packages/b/Dockerfile": header("name: b") + "ARG MODEL=small\nARG JOBS=4\nRUN --mount=type=secret,id=token,required=true make $MODEL $JOBS\n",
	}
	_, res, err := record(gateway(files, map[string]string{"build-arg:MODEL": "big"}), "frontend.outline", nil)
	require.NoError(t, err)
	var o outline.Outline
	require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &o))
	args := map[string][]string{}
	for _, a := range o.Args {
		args[a.Name] = append(args[a.Name], a.Value+" | "+a.Description)
		if a.Location != nil {
			assert.Contains(t, string(o.Sources[a.Location.SourceIndex]), "ARG "+a.Name)
		}
	}
	assert.Equal(t, []string{"big | of a, b: the network to load"}, args["MODEL"])
	assert.Equal(t, []string{"3 | of a", "4 | of b"}, args["JOBS"])
	assert.Equal(t, []string{"9.3.0.75 | of a"}, args["CUDNN_VERSION"])
	assert.Len(t, args["CUDA_VERSION"], 1, "it is listed as jetkit's own")
	require.Len(t, o.Secrets, 1)
	assert.Equal(t, "token", o.Secrets[0].Name)
	assert.True(t, o.Secrets[0].Required)
	require.Len(t, o.SSH, 1)
	assert.Equal(t, "default", o.SSH[0].Name)
	assert.Equal(t, "secret token for a, b; SSH agent default for a", o.Description)
}
