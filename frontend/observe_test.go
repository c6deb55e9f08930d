package frontend

import (
	"maps"
	"strings"
	"sync"
	"testing"

	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
)

// A runtime image consists of its base and of what is copied out of the chain.
func TestCompiledRuntimeImage(t *testing.T) {
	g := gateway(map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a]\nimage: {from: [/opt, python]}\n",
		"packages/a/Dockerfile": header("name: a") + "RUN make a\n",
	}, nil)
	var c Compiled
	_, err := BuildWith(Options{Compiled: func(compiled Compiled) { c = compiled }})(t.Context(), g)
	require.NoError(t, err)
	assert.ElementsMatch(t, []Operation{
		{Kind: BaseOperation},
		{Kind: InstructionOperation, Packages: []string{"a"}, Instruction: "COPY . /", Number: "1/2"},
		{Kind: InstructionOperation, Packages: []string{"a"}, Instruction: "RUN make a", Number: "2/2"},
		{Kind: CopyOperation},
		{Kind: CopyOperation},
		{Kind: SealOperation},
	}, operationsOf(c.Operations))
	assert.Equal(t, []Owner{{Kind: CopyOperation}, {Kind: CopyOperation}, {Kind: SealOperation}}, c.History)
}

func TestCompiled(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [b]\n",
		"packages/a/Dockerfile": header("name: a", "test: [test.sh, test.py]") + "ENV A=1\nRUN make a\n",
		"packages/a/test.sh":    "",
		"packages/a/test.py":    "",
		"packages/b/Dockerfile": header("name: b", "depends: a", "test: test.sh") + "RUN make b\n",
		"packages/b/test.sh":    "",
	}
	for _, platform := range []string{"linux/arm64", "linux/arm64,linux/amd64"} {
		t.Run(platform, func(t *testing.T) {
			var mu sync.Mutex
			var compiled []Compiled
			g := gateway(files, map[string]string{"platform": platform})
			_, err := BuildWith(Options{Compiled: func(c Compiled) {
				mu.Lock()
				defer mu.Unlock()
				compiled = append(compiled, c)
			}})(t.Context(), g)
			require.NoError(t, err)
			require.NotEmpty(t, compiled)
			c := compiled[0]
			assert.Equal(t, platform != "linux/arm64", c.Several)
			assert.Len(t, c.Plan.Steps, 2)
			assert.ElementsMatch(t, []Operation{
				{Kind: BaseOperation},
				{Kind: InstructionOperation, Packages: []string{"a"}, Instruction: "COPY . /", Number: "1/2"},
				{Kind: InstructionOperation, Packages: []string{"a"}, Instruction: "RUN make a", Number: "2/2"},
				{Kind: InstructionOperation, Packages: []string{"b"}, Instruction: "COPY . /", Number: "1/2"},
				{Kind: InstructionOperation, Packages: []string{"b"}, Instruction: "RUN make b", Number: "2/2"},
				{Kind: TestOperation, Packages: []string{"a"}, Test: "test.sh", Where: []teststep.Where{teststep.OnPackage}},
				{Kind: TestOperation, Packages: []string{"a"}, Test: "test.py", Where: []teststep.Where{teststep.OnPackage}},
				{Kind: TestOperation, Packages: []string{"a"}, Test: "test.sh", Where: []teststep.Where{teststep.OnImage}},
				{Kind: TestOperation, Packages: []string{"a"}, Test: "test.py", Where: []teststep.Where{teststep.OnImage}},
				{Kind: TestOperation, Packages: []string{"b"}, Test: "test.sh", Where: []teststep.Where{teststep.OnPackage, teststep.OnImage}},
				{Kind: SealOperation},
			}, operationsOf(c.Operations))
			assert.Equal(t, []Owner{
				{Kind: InstructionOperation, Package: "a"},
				{Kind: InstructionOperation, Package: "a"},
				{Kind: InstructionOperation, Package: "a"},
				{Kind: InstructionOperation, Package: "b"},
				{Kind: InstructionOperation, Package: "b"},
				{Kind: SealOperation},
			}, c.History)
		})
	}
}

func operationsOf(ops map[digest.Digest]Operation) []Operation {
	var list []Operation
	for op := range maps.Values(ops) {
		list = append(list, op)
	}
	return list
}

// Operations that make and join layers are known by what they are: names that list a few of
// many packages are equal.
func TestCompiledLayers(t *testing.T) {
	files := map[string]string{
		"jetson.yaml":            "target: {l4t: 36.4.3}\npackages: [q1, layer]\nlayers: packages\n",
		"packages/q1/Dockerfile": header("name: q1", "depends: [p0, p1, p2, p3, p4, p5]"),
		// The name of its test, "[test layer] test.sh", is like that of a layer of a package test.
		"packages/layer/Dockerfile": header("name: layer", "depends: [p0, p1, p2, p3, p4, p6]", "test: test.sh"),
		"packages/layer/test.sh":    "",
	}
	for _, name := range []string{"p0", "p1", "p2", "p3", "p4", "p5", "p6"} {
		files["packages/"+name+"/Dockerfile"] = header("name: " + name)
	}
	for platforms, prefix := range map[string]string{"linux/arm64": "[", "linux/arm64,linux/amd64": "[linux/amd64 "} {
		var mu sync.Mutex
		var c Compiled
		_, err := BuildWith(Options{Compiled: func(compiled Compiled) {
			mu.Lock()
			defer mu.Unlock()
			if !compiled.Several || compiled.Platform == "linux/amd64" {
				c = compiled
			}
		}})(t.Context(), gateway(files, map[string]string{"platform": platforms}))
		require.NoError(t, err)
		kinds := map[string]int{}
		for _, op := range c.Operations {
			kinds[strings.TrimSpace(string(op.Kind)+" "+strings.Join(op.Packages, ","))]++
		}
		assert.Equal(t, 3*2, kinds["join"], "a merge and a join for q1, layer and the image: %v", kinds)
		for _, name := range []string{"p0", "p6", "q1", "layer"} {
			assert.Equal(t, 3, kinds["layer "+name], "find, record and copy: %v", kinds)
		}
		assert.Equal(t, 2, kinds["test layer"], "on its own stage and on the image: %v", kinds)
		var names []string
		for _, md := range c.Definition.Metadata {
			names = append(names, md.Description["llb.customname"])
		}
		assert.Contains(t, names, prefix+"layers] join p0, p1, p2, p3 and 5 more")
		assert.Contains(t, names, prefix+"q1 layer] record changes")
		assert.Contains(t, names, prefix+"q1 1/1] COPY . /")
	}
}
