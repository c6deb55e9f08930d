package frontend

import (
	"maps"
	"sync"
	"testing"

	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
)

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
