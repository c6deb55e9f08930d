package frontend

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
)

// layered has packages of which each instruction is a layer, or none.
func layered(form string, runs int) *llbtest.Gateway {
	from := "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	return gateway(map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\nbase: debian:12\npackages: [a, b]\nlayers: " + form + "\n",
		"packages/a/Dockerfile": from + "ENV A=1\nRUN a\nCOPY . /a\nWORKDIR /work\nLABEL a=b\n",
		"packages/b/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS other\nRUN not in the image\n" + from +
			strings.Repeat("RUN b\n", runs) + "COPY --from=other /x /\nCMD [\"x\"]\n",
	}, nil)
}

// TestLayersAreCounted checks the number of layers that a plan tells: the fake base has
// one.
func TestLayersAreCounted(t *testing.T) {
	for _, c := range []struct {
		form string
		runs int
		want string
	}{
		{"chain", 1, "The image has 7 layers, 1 of them the base image's."},
		{"chain", 10, "The image has 16 layers, 1 of them the base image's."},
		{"packages", 10, "The image has 5 layers, 1 of them the base image's."},
		{"{form: packages, chain: b}", 10, "The image has 5 layers, 1 of them the base image's."},
	} {
		res, err := call(t, layered(c.form, c.runs), requestPlan)
		require.NoError(t, err)
		assert.Contains(t, string(res.Metadata["result.txt"]), "\n"+c.want+"\n", "%s of %d", c.form, c.runs)
		assert.NotContains(t, string(res.Metadata["result.txt"]), "many-layers")
	}
}

// TestLayersOfADetachedPackage checks that a package without the ones before it has no
// layers of theirs.
func TestLayersOfADetachedPackage(t *testing.T) {
	for _, form := range []string{"chain", "packages"} {
		g := layered(form, 1)
		g.Locals["context"]["packages/b/Dockerfile"].Data = []byte("FROM scratch\nCOPY . /\n")
		res, err := call(t, g, requestPlan)
		require.NoError(t, err)
		assert.Contains(t, string(res.Metadata["result.txt"]), "\nThe image has 2 layers, 0 of them the base image's.\n", form)
	}
}

// TestLayersOfARuntimeImage checks that it has one for each entry, on those of its base.
func TestLayersOfARuntimeImage(t *testing.T) {
	for _, form := range []string{"chain", "packages"} {
		g := layered(form, 1)
		g.Locals["context"]["jetson.yaml"].Data = append(g.Locals["context"]["jetson.yaml"].Data, "image: {from: [/a, python]}\n"...)
		res, err := call(t, g, requestPlan)
		require.NoError(t, err)
		assert.Contains(t, string(res.Metadata["result.txt"]), "\nThe image has 4 layers, 1 of them the base image's.\n", form)
	}
}

// TestLayersOfADetachedRuntimeImage checks that its base is counted, which is not the chain's.
func TestLayersOfADetachedRuntimeImage(t *testing.T) {
	g := layered("chain", 1)
	g.Locals["context"]["packages/b/Dockerfile"].Data = []byte("FROM scratch\nCOPY . /\n")
	g.Locals["context"]["jetson.yaml"].Data = append(g.Locals["context"]["jetson.yaml"].Data, "image: {from: /a}\n"...)
	res, err := call(t, g, requestPlan)
	require.NoError(t, err)
	assert.Contains(t, string(res.Metadata["result.txt"]), "\nThe image has 3 layers, 1 of them the base image's.\n")
}

// TestLayersOfAPackageThatChangesNothing checks that it is none.
func TestLayersOfAPackageThatChangesNothing(t *testing.T) {
	g := layered("packages", 1)
	g.Locals["context"]["packages/a/Dockerfile"].Data = []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nENV A=1\n")
	res, err := call(t, g, requestPlan)
	require.NoError(t, err)
	assert.Contains(t, string(res.Metadata["result.txt"]), "\nThe image has 4 layers, 1 of them the base image's.\n")
}

// TestLayersAreNotCounted checks that a plan needs no registry.
func TestLayersAreNotCounted(t *testing.T) {
	g := layered("chain", 1)
	g.Opts["requestid"] = requestPlan
	res, err := Build(t.Context(), offline{g})
	require.NoError(t, err)
	assert.Contains(t, string(res.Metadata["result.txt"]), "\nHow many layers the image has is not known: base image debian:12 ")
	assert.Contains(t, string(res.Metadata["result.txt"]), "no such host")
}

// TestManyLayers checks that a plan, a check and a build warn of an image that Docker
// cannot load, and where the warning begins.
func TestManyLayers(t *testing.T) {
	const others = 6 // layers of the image but those of b's RUN instructions
	for layers, warns := range map[int]bool{119: false, 120: true, 126: true} {
		want := fmt.Sprintf("the image has %d layers, 1 of them the base image's; Docker's own store of images takes no more than 125", layers)
		built := layered("chain", layers-others)
		_, err := Build(t.Context(), built)
		require.NoError(t, err)
		checked, failed := checked(t, withRequest(layered("chain", layers-others), lint.RequestLint))
		require.Nil(t, failed)
		res, err := call(t, layered("chain", layers-others), requestPlan)
		require.NoError(t, err)
		if !warns {
			assert.Empty(t, built.Warnings())
			assert.Empty(t, checked)
			assert.NotContains(t, string(res.Metadata["result.txt"]), "many-layers")
			continue
		}
		assert.Equal(t, []string{"many-layers: " + want + " (jetson.yaml:3:12)"}, built.Warnings())
		assert.Equal(t, []string{"many-layers: " + want}, checked)
		assert.Contains(t, string(res.Metadata["result.txt"]), "\njetson.yaml:3:12: warning: "+want+" [many-layers]\n    hint: write layers: packages into jetson.yaml,")

		strict := layered("chain", layers-others)
		strict.Opts["build-arg:BUILDKIT_DOCKERFILE_CHECK"] = "error=true"
		_, err = Build(t.Context(), strict)
		require.ErrorContains(t, err, "[many-layers]")
	}
}

func withRequest(g *llbtest.Gateway, request string) *llbtest.Gateway {
	g.Opts["requestid"] = request
	return g
}
