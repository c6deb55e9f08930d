package chain_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/pkgspec/plan"
)

// needing returns a step with what it needs.
func needing(name string, needs ...string) plan.Step {
	s := step(name, nil)
	s.Needs = needs
	return s
}

// compilePackages compiles packages to layers of their own. base is nil for scratch.
func compilePackages(t *testing.T, base *chain.Base, files fstest.MapFS, steps ...plan.Step) *chain.Result {
	t.Helper()
	if base == nil {
		base = &chain.Base{State: llb.Image("docker.io/library/debian:12@sha256:"+strings.Repeat("0", 64), llb.Platform(llbtest.Platform)), Image: llbtest.Debian()}
	}
	res, err := chain.Compile(context.Background(), chain.Options{
		Plan: &plan.Plan{Steps: steps, Layers: plan.Layers{Form: plan.LayersPackages}}, Base: *base,
		Sources: llbtest.Sources(files), Client: &llbtest.Client{}, Platform: llbtest.Platform,
	})
	require.NoError(t, err)
	return res
}

func treeOf(t *testing.T, res *chain.Result, st llb.State) string {
	t.Helper()
	def, err := st.Marshal(context.Background(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	chain.Label(def, res.Stages, "")
	tr, err := llbtree.New(def)
	require.NoError(t, err)
	return tr.String()
}

// run is a package that runs one command.
func run(command string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(header + "RUN " + command + "\n")}
}

var graph = fstest.MapFS{
	"packages/python/Dockerfile": run("python"), "packages/numpy/Dockerfile": run("numpy"), "packages/cmake/Dockerfile": run("cmake"),
	"packages/opencv/Dockerfile": run("opencv"), "packages/node/Dockerfile": run("node"),
	"packages/env/Dockerfile": {Data: []byte(header + "ENV A=b\n")},
	"packages/own/Dockerfile": {Data: []byte("FROM scratch\nCOPY . /\n")},
}

func TestPackagesGoldenTree(t *testing.T) {
	res := compilePackages(t, nil, graph, step("python", nil), needing("numpy", "python"), step("cmake", nil),
		needing("opencv", "cmake", "numpy"), step("node", nil))
	tree := treeOf(t, res, res.Finished.State)
	tree = regexp.MustCompile(`(mkfile \S+ \S+) \d+ bytes`).ReplaceAllString(tree, "$1 N bytes") // of the program and its rules
	llbtest.Golden(t, "packages.txt", regexp.MustCompile(`exclude ("[^"]+" ?)+`).ReplaceAllString(tree, "exclude … "))
}

// TestPackageIsBuiltOnWhatItNeeds checks that no other package is in its stage.
func TestPackageIsBuiltOnWhatItNeeds(t *testing.T) {
	res := compilePackages(t, nil, graph, step("python", nil), step("node", nil), needing("numpy", "python"))
	numpy := treeOf(t, res, res.Stages[2].State)
	assert.Contains(t, numpy, "[python 1/1]")
	assert.NotContains(t, numpy, "node")
}

func TestUnrelatedPackageChangesNoKey(t *testing.T) {
	alone := compilePackages(t, nil, graph, step("python", nil), needing("numpy", "python"))
	among := compilePackages(t, nil, graph, step("cmake", nil), step("python", nil), step("env", nil), step("node", nil), needing("numpy", "python"))
	assert.Equal(t, treeOf(t, alone, alone.Stages[1].State), treeOf(t, among, among.Stages[4].State))
}

// TestLongLine checks that a line of packages costs a join of one layer each, but for one in
// eight.
func TestLongLine(t *testing.T) {
	files, steps := fstest.MapFS{}, []plan.Step{}
	for i := range 100 {
		name := "p" + strings.Repeat("i", i)
		files["packages/"+name+"/Dockerfile"] = run(name)
		steps = append(steps, needing(name))
		if i > 0 {
			steps[i].Needs = []string{steps[i-1].Name}
		}
	}
	res := compilePackages(t, nil, files, steps...)
	require.Len(t, res.Joins, 100, "one for each package with needs, and the image's")
	var sizes []int
	for _, j := range res.Joins {
		sizes = append(sizes, len(j.Packages))
	}
	assert.Equal(t, 1, sizes[7])
	assert.Equal(t, 9, sizes[8], "begins anew on the base")
	assert.Equal(t, 1, sizes[9])
	assert.Equal(t, 65, sizes[64], "begins anew on the base")
	assert.Equal(t, 1, sizes[65])
	assert.Equal(t, 100, sizes[99], "the image has all layers on the base")
}

// TestLayerIsAtItsDockerfile checks where an error of what makes a layer is shown: not at what
// is built on the layer.
func TestLayerIsAtItsDockerfile(t *testing.T) {
	res := compilePackages(t, nil, graph, step("python", nil), needing("numpy", "python"))
	def, err := res.Finished.State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	require.NoError(t, chain.Locate(def, nil))
	found := 0
	for _, op := range res.Operations {
		dgst, err := op.Digest(t.Context(), llb.NewConstraints(llb.Platform(llbtest.Platform)))
		require.NoError(t, err)
		if op.Package == "" {
			continue
		}
		at := def.Source.Locations[dgst.String()].GetLocations()
		require.Len(t, at, 1)
		assert.Equal(t, "packages/"+op.Package+"/Dockerfile", def.Source.Infos[at[0].SourceIndex].Filename)
		assert.EqualValues(t, 3, at[0].Ranges[0].Start.Line)
		found++
	}
	assert.Equal(t, 6, found, "find, record and copy changes of two packages")
}

func TestLayerHistory(t *testing.T) {
	app := needing("opencv", "python")
	app.Origin.Kind = plan.Context
	node := step("node", nil)
	for _, s := range []*plan.Step{&node} {
		s.Origin.Kind = plan.Context
	}
	python := step("python", nil)
	env := step("env", nil)
	res := compilePackages(t, nil, graph, node, python, env, app)
	var layers, instructions []string
	for _, h := range res.Finished.Image.History[len(llbtest.Debian().History):] {
		if h.EmptyLayer {
			instructions = append(instructions, h.CreatedBy)
		} else {
			layers = append(layers, h.CreatedBy)
		}
	}
	assert.Equal(t, []string{"jetkit layer # python", "jetkit layer # node", "jetkit layer # opencv", "jetkit join"}, layers, "what is needed most comes first")
	assert.Contains(t, instructions, "ENV A=b", "a package without files has no layer")
}

// TestScratchBase checks that the first package is the base where there is none.
func TestScratchBase(t *testing.T) {
	files := fstest.MapFS{"packages/root/Dockerfile": {Data: []byte("FROM debian AS d\nFROM scratch\nCOPY --from=d / /\n")}, "packages/node/Dockerfile": run("node")}
	res := compilePackages(t, &chain.Base{State: llb.Scratch()}, files, step("root", nil), step("node", nil))
	assert.Contains(t, treeOf(t, res, res.Stages[1].State), "[root")
	assert.Len(t, res.Joins, 1)
}

func TestDetachedPackageIsTheBase(t *testing.T) {
	res := compilePackages(t, nil, graph, step("python", nil), step("own", nil), needing("numpy", "python"))
	require.True(t, res.Stages[1].Detached)
	assert.NotContains(t, treeOf(t, res, res.Finished.State), "python", "as in a chain")
}

func TestNoLayersElsewhere(t *testing.T) {
	_, err := chain.Compile(context.Background(), chain.Options{
		Plan: &plan.Plan{Steps: []plan.Step{step("python", nil)}, Layers: plan.Layers{Form: plan.LayersPackages}}, Base: chain.Base{State: llb.Scratch()},
		Sources: llbtest.Sources(graph), Client: &llbtest.Client{}, Platform: ocispecs.Platform{OS: "linux", Architecture: "riscv64"},
	})
	require.ErrorContains(t, err, "write layers: chain")
}

// Instructions of stages on BASE_IMAGE run on what the package was built on, whatever it
// is; those of other images do not.
func TestRunsOn(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "RUN a\n")},
		"packages/b/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM golang AS go\nRUN compile\nFROM ${BASE_IMAGE} AS below\nRUN below\nFROM below\nCOPY --from=go /x /x\nRUN last\n")},
	}
	for _, b := range []plan.Step{needing("b"), needing("b", "a")} {
		res := compilePackages(t, nil, files, step("a", nil), b)
		def, err := res.Finished.State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
		require.NoError(t, err)
		on := map[string]bool{}
		for id, i := range chain.Label(def, res.Stages, "") {
			if i.Packages[0] == "b" {
				on[i.Command], err = chain.RunsOn(t.Context(), def, id, res.Stages[1].On)
				require.NoError(t, err)
			}
		}
		require.Equal(t, map[string]bool{"RUN compile": false, "RUN below": true, "COPY --from=go /x /x": true, "RUN last": true}, on)
	}
}
