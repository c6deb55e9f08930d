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

// manyCount packages of manySteps instructions each: more than Docker's 125 layers.
const manyCount, manySteps = 25, 5

// manyPackages are lines of four packages.
func manyPackages() files {
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
		fmt.Fprintf(&body, "RUN mkdir /opt/%s && echo >> /opt/%[1]s/0\n", name)
		for step := 1; step < manySteps; step++ {
			fmt.Fprintf(&body, "COPY Dockerfile /opt/%s/%d\n", name, step)
		}
		tree["packages/"+name+"/Dockerfile"] = dockerfile(header, body.String())
	}
	tree["jetson.yaml"] = "packages: [" + strings.Join(names, ", ") + "]\n"
	return tree
}

// TestManyPackagesInDocker checks what package layers are for, where there are many packages: Docker takes no image of more
// than 125 layers, and a chain has one for each instruction.
func TestManyPackagesInDocker(t *testing.T) {
	t.Parallel()
	docker, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	pull := func(ref string) harness.Result {
		return docker.Docker(t.Context(), harness.DockerRun{Args: []string{"pull", "--quiet", ref}})
	}
	p := newProject(t, manyPackages())

	chain := p.build(t, push())
	assert.Len(t, layersOf(t, chain), 1+manyCount*manySteps+1, "the base, each instruction, and the seal")
	assertContains(t, pull(chain.image).Stderr, "max depth exceeded")

	layers := p.build(t, push(), arg("LAYERS=packages"))
	assert.Len(t, layersOf(t, layers), 1+manyCount+2, "the base, each package, join and seal")
	require.NoError(t, pull(layers.image).Err())
	run, err := shared.RunImage(t.Context(), layers.image, "sh", "-c", "ls /opt/many*/* | wc -l")
	require.NoError(t, err)
	require.NoError(t, run.Err())
	assert.Equal(t, fmt.Sprintln(manyCount*manySteps), run.Stdout)
}
