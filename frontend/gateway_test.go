package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/llb/pyeval"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/plan"
)

// gateway is a fake builder with a build context in memory. A content that begins
// with "-> " makes a link.
func gateway(files map[string]string, opts map[string]string) *llbtest.Gateway {
	folder := folderOf(files)
	g := &llbtest.Gateway{Locals: map[string]fstest.MapFS{"context": folder, "dockerfile": folder}}
	g.Opts = map[string]string{"filename": "jetson.yaml", "platform": "linux/arm64"}
	maps.Copy(g.Opts, opts)
	g.Config = *llbtest.Debian()
	return g
}

func folderOf(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			m[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		}
	}
	return m
}

// header makes a Dockerfile with metadata.
func header(lines ...string) string {
	return "#---\n# " + strings.Join(lines, "\n# ") + "\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY . /" + "\n"
}

// call answers a subrequest, or builds without one.
func call(t *testing.T, g *llbtest.Gateway, request string) (*client.Result, error) {
	t.Helper()
	if request != "" {
		g.Opts["requestid"] = request
	}
	return Build(t.Context(), g)
}

// planOf returns the names of a plan's steps.
func planOf(t *testing.T, g *llbtest.Gateway) []string {
	t.Helper()
	res, err := call(t, g, requestPlan)
	require.NoError(t, err)
	var p plan.Plan
	require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &p))
	var names []string
	for _, s := range p.Steps {
		names = append(names, s.Name)
	}
	return names
}

func TestBuildOnFakeGateway(t *testing.T) {
	g := gateway(map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [b, ./robot]\n",
		"packages/a/Dockerfile": header("name: a"), "packages/b/Dockerfile": header("name: b", "depends: a", "test: test.sh"), "packages/b/test.sh": "true",
		"robot/Dockerfile": header("name: robot"),
	}, nil)
	res, err := call(t, g, "")
	require.NoError(t, err)
	assert.NotEmpty(t, res.Metadata["containerimage.config"])
	assert.Empty(t, g.Warnings())
	assert.Equal(t, []string{"a", "b", "robot"}, planOf(t, g))
	for _, request := range []string{"frontend.outline", "frontend.targets", "frontend.lint", requestGraph, requestLLB, requestLock, "frontend.subrequests.describe"} {
		res, err := call(t, g, request)
		require.NoError(t, err, request)
		assert.NotEmpty(t, res.Metadata["result.json"], request)
	}
}

// TestTargets checks what each target is said to be built on.
func TestTargets(t *testing.T) {
	for form, want := range map[string]string{
		"chain":                      "a on debian:12; b on a; c on b; d on c (default)",
		"packages":                   "a on debian:12; b on debian:12; c on a, b; d on a",
		"{form: packages, chain: d}": "a on debian:12; b on debian:12; c on a, b; d on c",
	} {
		g := gateway(map[string]string{
			"jetson.yaml":           "target: {l4t: 36.4.3}\nbase: debian:12\npackages: [c, d]\nlayers: " + form + "\n",
			"packages/a/Dockerfile": header("name: a"), "packages/b/Dockerfile": header("name: b"),
			"packages/c/Dockerfile": header("name: c", "depends: [a, b]"), "packages/d/Dockerfile": header("name: d", "depends: a"),
		}, nil)
		res, err := call(t, g, "frontend.targets")
		require.NoError(t, err)
		var list targets.List
		require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &list))
		var got []string
		for _, target := range list.Targets {
			text := target.Name + " on " + target.Base
			if target.Default {
				text += " (default)"
			}
			got = append(got, text)
		}
		assert.Equal(t, want, strings.Join(got, "; "), form)
	}
}

// Before the plan, only what describes packages is transferred.
func TestTransferIsBounded(t *testing.T) {
	big := strings.Repeat("x", 5<<20)
	g := gateway(map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a]\n",
		"packages/a/Dockerfile": header("name: a", "test: [test.sh, testsuite/run]"), "packages/a/test.sh": "true", "packages/a/testsuite/run": big,
		"packages/other/test_data/model.bin": big, "packages/other/model.json": big, "packages/other/weights.json/part1": big,
		"packages/other/dockerfiles/Dockerfile": header("name: kept"), "packages/other/dockerfiles/data": big, "packages/other/dockerfiles/deep/data": big,
		"elsewhere/Dockerfile": header("name: elsewhere"), "packages/!odd/x.json/data": big, "packages/ odd /x.json/data": big,
	}, nil)
	assert.Equal(t, []string{"a"}, planOf(t, g))
	sent := slices.Sorted(maps.Keys(g.Sent()))
	assert.Equal(t, []string{"jetson.yaml", "packages/a/Dockerfile", "packages/other/dockerfiles/Dockerfile"}, sent)
	assert.Less(t, g.Calls(), 12)
}

// No pattern at all would match everything.
func TestNothingToTransfer(t *testing.T) {
	for _, more := range []string{"packages/data", "data"} {
		g := gateway(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [cmake]\n", more: "x"}, nil)
		planOf(t, g)
		assert.Equal(t, map[string]int{"jetson.yaml": len(g.Locals["context"]["jetson.yaml"].Data)}, g.Sent())
	}
}

// Docker's own template for an ignore file has "**/Dockerfile*".
func TestIgnoreFileHidesNoPackage(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":   "target: {l4t: 36.4.3}\npackages: [a, extra]\nsources: [{dir: packages}, {context: parts}]\n",
		".dockerignore": "**/Dockerfile*\n**/*.yaml\n**/test*\n**/old\n", "old/Dockerfile": "x",
		"packages/a/Dockerfile": header("name: a"), "packages/a/test.sh": "true", "packages/a/config.yaml": "depends: [c]\n",
		"packages/c/Dockerfile": header("name: c"),
	}
	g := gateway(files, map[string]string{"context:parts": "local:parts"})
	g.Locals["parts"] = folderOf(map[string]string{".dockerignore": "*\n!src\n", "src/extra/Dockerfile": header("name: extra"), "hidden/x/Dockerfile": header("name: hidden")})
	assert.Equal(t, []string{"c", "a", "extra"}, planOf(t, g))

	for file, want := range map[string]string{
		"packages: [./old]\n":                        "there is no folder old in the build context [missing-folder]\n    hint: .dockerignore leaves it out",
		"packages: [b]\nsources: [{dir: old}]\n":     "there is no folder old to search for packages [missing-source]\n    hint: .dockerignore leaves it out",
		"packages: [x]\nsources: [{dir: left}]\n":    "there is no package x [missing-package]\n    hint: not searched, as .dockerignore leaves it out: left/old",
		"packages: [a]\nsources: [{dir: checked}]\n": "the package's folder has no test script test.sh [missing-file]\n    hint: .dockerignore leaves it out",
	} {
		files["jetson.yaml"] = "target: {l4t: 36.4.3}\n" + file
		files["left/README"], files["left/old/x/Dockerfile"] = "", header("name: x")
		files["checked/Dockerfile"], files["checked/test.sh"] = header("name: a", "test: test.sh"), "true"
		_, err := call(t, gateway(files, nil), requestPlan)
		require.ErrorContains(t, err, want)
	}
}

// A test may be a link inside its package, to a file of any name.
func TestLinkInsidePackage(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":                     "target: {l4t: 36.4.3}\npackages: [./a]\n",
		"a/Dockerfile":                    header("name: a", "test: tests/run.sh"),
		"a/tests/run.sh":                  "-> ../bin/run",
		"a/bin/run":                       "true",
		"linked":                          "-> elsewhere/packages",
		"elsewhere/nobody":                "",
		"elsewhere/packages/d/Dockerfile": header("name: d"),
	}
	assert.Equal(t, []string{"a"}, planOf(t, gateway(files, nil)))
	files["jetson.yaml"] = "target: {l4t: 36.4.3}\npackages: [d]\nsources: [{dir: linked}]\n"
	assert.Equal(t, []string{"d"}, planOf(t, gateway(files, nil)))
}

// Whatever its name, a Dockerfile is read.
func TestUnusualDockerfileName(t *testing.T) {
	_, err := call(t, gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a", "dockerfile: build.txt"), "packages/a/build.txt": "FROM scratch\n",
	}, nil), "")
	require.NoError(t, err)
}

// configured is a tree whose packages are declared by config.py files.
func configured(more map[string]string) map[string]string {
	files := map[string]string{
		"jetson.yaml":      "target: {l4t: 36.4.3}\npackages: [x]\nsources: [{dir: one}, {dir: two}, builtin]\n",
		"one/x/Dockerfile": header("name: x"), "one/x/config.py": "package['name'] = 'x'\n",
		"two/y/Dockerfile": header("name: y"), "two/y/config.py": "package['name'] = 'y'\n",
	}
	maps.Copy(files, more)
	return files
}

// evaluated answers the config.py file of a tree with its package.
func evaluated(ops []*pb.Op) (fstest.MapFS, error) {
	if !slices.ContainsFunc(ops, func(op *pb.Op) bool { return op.GetExec() != nil }) {
		return fstest.MapFS{}, nil
	}
	name := `{"name": "y"}`
	if strings.Contains(fmt.Sprint(ops), "/one") {
		name = `{"name": "x"}`
	}
	dt, err := json.Marshal(configpy.Result{Folders: []configpy.FolderResult{{Packages: []json.RawMessage{json.RawMessage(name)}}}})
	return fstest.MapFS{pyeval.Result: {Data: dt}}, err
}

// A named context that is called as the image with Python may be anything.
func TestPythonContextIsNoImage(t *testing.T) {
	for name, from := range map[string]string{
		"folder": "local:python", "git": "https://example.com/x.git", "download": "https://example.com/x.tar", "scratch": "docker-image://scratch",
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(configured(nil), map[string]string{"context:python": from})
			g.Locals["python"] = fstest.MapFS{}
			g.Run = evaluated
			_, err := call(t, g, requestPlan)
			require.ErrorContains(t, err, "the named context is no image")
		})
	}
	t.Run("tree", func(t *testing.T) {
		g := gateway(configured(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [z]\nsources: [{context: python}, {dir: one}]\n"}),
			map[string]string{"context:python": "local:python"})
		g.Locals["python"] = folderOf(map[string]string{"z/Dockerfile": header("name: z")})
		g.Run = evaluated
		assert.Equal(t, []string{"z"}, planOf(t, g))
	})
}

// An image with Python that cannot run the step is named in the error, with how to
// give another one.
func TestPythonImageThatFails(t *testing.T) {
	g := gateway(configured(nil), map[string]string{"context:python": "docker-image://docker.io/library/nopython"})
	g.Run = func([]*pb.Op) (fstest.MapFS, error) { return nil, errors.New("exit code: 127") }
	_, err := call(t, g, requestPlan)
	require.ErrorContains(t, err, "its config.py could not be run: image python, which runs config.py files: exit code: 127 (another image with Python 3.8 or later can be given as")
}

// Trees are evaluated at once; which ends first does not matter.
func TestEvaluationOrder(t *testing.T) {
	digests := map[string]bool{}
	for _, slow := range []string{"one", "two"} {
		first := make(chan struct{})
		g := gateway(configured(nil), nil)
		g.Run = func(ops []*pb.Op) (fstest.MapFS, error) {
			if strings.Contains(fmt.Sprint(ops), "/"+slow) {
				<-first
			} else {
				defer close(first)
			}
			return evaluated(ops)
		}
		res, err := call(t, g, requestLLB)
		require.NoError(t, err)
		digests[string(res.Metadata["result.txt"])] = true
	}
	assert.Len(t, digests, 1)
}

// A linked target of bake has a context for each platform, and none without.
func TestContextOfPlatform(t *testing.T) {
	g := gateway(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\nsources: [{context: parts}]\n"}, map[string]string{"context:parts::linux/arm64": "local:parts"})
	g.Locals["parts"] = folderOf(map[string]string{"a/Dockerfile": header("name: a")})
	assert.Equal(t, []string{"a"}, planOf(t, g))
}

// panicking is a client that fails as no client should.
type panicking struct {
	*llbtest.Gateway
	at string
}

func (p panicking) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	for _, meta := range req.Definition.GetMetadata() {
		if strings.Contains(meta.GetDescription()["llb.customname"], p.at) {
			panic("out of cheese")
		}
	}
	return p.Gateway.Solve(ctx, req)
}

func TestPanicBecomesAnError(t *testing.T) {
	for at, request := range map[string]string{
		"load package names": "", "seal image": "", "load package folders": requestPlan + " none", "load package metadata": "frontend.outline",
	} {
		t.Run(at, func(t *testing.T) {
			request, none := strings.CutSuffix(request, " none")
			g := gateway(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [./a]\n", "a/Dockerfile": header("name: a")}, map[string]string{"requestid": request})
			_, err := Build(t.Context(), panicking{g, at})
			if none {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "please report it")
			require.ErrorContains(t, err, "out of cheese")
		})
	}
	t.Run("config.py", func(t *testing.T) {
		g := gateway(configured(nil), nil)
		g.Run = func([]*pb.Op) (fstest.MapFS, error) { panic("out of cheese") }
		_, err := call(t, g, requestPlan)
		require.ErrorContains(t, err, "out of cheese")
	})
}

// Errors show the lines that they are about.
func TestErrorsHaveSources(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		at    []string
	}{
		"jetson.yaml":  {map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [nothing]\n"}, []string{"jetson.yaml:2"}},
		"a header":     {map[string]string{"jetson.yaml": "packages: [a]\ntarget: {l4t: 36.4.3}\n", "packages/a/Dockerfile": header("name: a", "depends: nothing")}, []string{"jetson.yaml:1", "packages/a/Dockerfile:3"}},
		"a Dockerfile": {map[string]string{"jetson.yaml": "packages: [a]\ntarget: {l4t: 36.4.3}\n", "packages/a/Dockerfile": header("name: a") + "RUNN x\n"}, []string{"packages/a/Dockerfile:7"}},
		"no context":   {map[string]string{"jetson.yaml": "packages: [a]\ntarget: {l4t: 36.4.3}\nsources:\n- context: parts\n"}, []string{"jetson.yaml:4"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := call(t, gateway(test.files, nil), "")
			require.Error(t, err)
			var at []string
			for _, s := range errdefs.Sources(err) {
				at = append(at, fmt.Sprintf("%s:%d", s.Info.Filename, s.Ranges[0].Start.Line))
			}
			assert.Equal(t, test.at, at, err)
		})
	}
}

var errGone = errors.New("the builder is gone")

// An error of the builder's is no problem of the file's.
func TestBuilderErrors(t *testing.T) {
	g := gateway(map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\nsources: [{context: parts}]\n"}, map[string]string{"context:parts": "https://example.com/parts.git"})
	g.Run = func([]*pb.Op) (fstest.MapFS, error) { return nil, errGone }
	_, err := call(t, g, requestPlan)
	require.ErrorIs(t, err, errGone)
	require.ErrorContains(t, err, "reading package metadata")
}

// A base for another platform is a warning, once.
func TestBaseOfAnotherPlatform(t *testing.T) {
	g := gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\nbase: debian:12\npackages: [a]\n", "packages/a/Dockerfile": header("name: a"),
	}, nil)
	g.Config.Architecture = "amd64"
	_, err := call(t, g, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"base-platform: the base image debian:12 is for linux/amd64, but the build is for linux/arm64 (jetson.yaml:2:7)"}, g.Warnings())

	g = gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\nbase: scratch\npackages: [a]\nimage: {from: /opt, base: 'debian:12'}\n", "packages/a/Dockerfile": header("name: a"),
	}, nil)
	g.Config.Architecture = "amd64"
	_, err = call(t, g, "")
	require.NoError(t, err)
	assert.Contains(t, g.Warnings(), "base-platform: the base image debian:12 is for linux/amd64, but the build is for linux/arm64 (jetson.yaml:4:27)")

	g = gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a"),
	}, map[string]string{"context:base": "docker-image://debian:12"})
	g.Config.Architecture = "amd64"
	_, err = call(t, g, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"base-platform: the base image of the context base is for linux/amd64, but the build is for linux/arm64"}, g.Warnings())
}

// Facts of the user's own come in a named context.
func TestFactsContext(t *testing.T) {
	with := func(facts map[string]string) *llbtest.Gateway {
		g := gateway(map[string]string{"jetson.yaml": "target: {jetpack: 7.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a")},
			map[string]string{"context:facts": "local:facts"})
		g.Locals["facts"] = folderOf(facts)
		return g
	}
	g := with(map[string]string{"l4t.json": `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "24.04", "cuda": "13.4", "sm": [87], "source": "our own board"}]}`, "huge.bin": "not read"})
	res, err := call(t, g, requestPlan)
	require.NoError(t, err)
	assert.Contains(t, string(res.Metadata["result.json"]), "our own board, in facts:l4t.json:1")
	assert.NotContains(t, g.Sent(), "huge.bin")

	_, err = call(t, with(map[string]string{"l4t.json": `{"releases": [{"l4t": "x"}]}`}), requestPlan)
	require.ErrorContains(t, err, "facts:l4t.json:1")
	assert.Equal(t, "facts:l4t.json", errdefs.Sources(err)[0].Info.Filename)

	_, err = call(t, with(map[string]string{"README.md": ""}), requestPlan)
	require.ErrorContains(t, err, "the named context facts holds none of the tables")
}

// old is a builder that cannot list files without their contents.
type old struct{ *llbtest.Gateway }

func (o old) BuildOpts() client.BuildOpts {
	opts := o.Gateway.BuildOpts()
	opts.LLBCaps = pb.Caps.CapSet(slices.DeleteFunc(pb.Caps.All(), func(c *apicapspb.APICap) bool { return c.ID == string(pb.CapSourceMetadataTransfer) }))
	return opts
}

func TestOldBuilder(t *testing.T) {
	g := gateway(map[string]string{
		"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [a]\n", "packages/a/Dockerfile": header("name: a", "test: selfcheck"), "packages/a/selfcheck": "true",
		"packages/old/Dockerfile": header("name: old"), ".dockerignore": "packages/old\n**/Dockerfile*\n", "elsewhere/data": "not sent",
	}, map[string]string{"requestid": requestPlan})
	_, err := Build(t.Context(), old{g})
	require.NoError(t, err)
	assert.NotContains(t, g.Sent(), "elsewhere/data")
}
