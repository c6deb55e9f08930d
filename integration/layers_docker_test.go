//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// manyCount packages of manySteps instructions each.
const manyCount, manySteps = 40, 5

// manyPackages are ten lines of four packages, with an instruction that is given its number and the package's name.
func manyPackages(instruction string) files {
	tree := files{}
	var names []string
	for i := range manyCount {
		name := fmt.Sprintf("many%02d", i)
		header := "name: " + name
		if i%4 > 0 {
			header += "\ndepends: " + names[i-1]
		}
		names = append(names, name)
		var body strings.Builder
		for step := range manySteps {
			fmt.Fprintf(&body, instruction, step, name)
			tree[fmt.Sprintf("packages/%s/step%d", name, step)] = fmt.Sprintln(step)
		}
		tree["packages/"+name+"/Dockerfile"] = dockerfile(header, body.String())
	}
	tree["jetson.yaml"] = "packages: [" + strings.Join(names, ", ") + "]\n"
	return tree
}

// TestManyPackagesInDocker checks what package layers are for, where there are many packages: Docker takes no image of more
// than 127 layers, and a chain has one for each instruction. (COPY is the faster one.)
func TestManyPackagesInDocker(t *testing.T) {
	t.Parallel()
	docker, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	pull := func(ref string) harness.Result {
		return docker.Docker(t.Context(), harness.DockerRun{Args: []string{"pull", "--quiet", ref}})
	}

	chain := newProject(t, manyPackages("COPY step%d /opt/%s\n")).build(t, push())
	assert.Len(t, layersOf(t, chain), 1+manyCount*manySteps+1, "the base, each instruction, and the seal")
	assertContains(t, pull(chain.image).Stderr, "max depth exceeded")

	layers := newProject(t, manyPackages("RUN echo %d >> /opt/%s\n")).build(t, push(), arg("LAYERS=packages"))
	assert.Len(t, layersOf(t, layers), 1+manyCount+2, "the base, each package, join and seal")
	require.NoError(t, pull(layers.image).Err())
	run, err := shared.RunImage(t.Context(), layers.image, "sh", "-c", "cat /opt/many* | wc -l")
	require.NoError(t, err)
	require.NoError(t, run.Err())
	assert.Equal(t, fmt.Sprintln(manyCount*manySteps), run.Stdout)
}
