package resolve

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
)

// TestLayers checks which packages are built on all before them, with the reason, and
// what is said of names that nothing goes by.
func TestLayers(t *testing.T) {
	byPackage := plan.Layers{Form: plan.LayersPackages}
	for _, test := range []struct {
		name     string
		request  string
		layers   pkgspec.Layers
		want     string
		problems string
	}{
		{name: "a chain"},
		{name: "packages", layers: pkgspec.Layers{Layers: byPackage}},
		{
			name: "names and patterns", layers: pkgspec.Layers{Layers: byPackage, Chain: textsOf("cuda", "kern*")},
			want: "cuda:12.6: layers.chain has cuda (jetson.yaml:3:5); kernels:2: layers.chain has kern* (jetson.yaml:4:5)",
		},
		{
			name: "packages that ask for it", layers: pkgspec.Layers{Layers: byPackage, Chain: textsOf("udev*")}, request: "desktop",
			want: "udev-rules: layers.chain has udev* (jetson.yaml:3:5); desktop: its metadata has layers: chain (builtin:desktop/Dockerfile:4:11)",
		},
		{name: "packages that ask for it in a chain", request: "desktop"},
		{
			name: "a package that is not in this chain", layers: pkgspec.Layers{Layers: byPackage, Chain: textsOf("numpy")},
			problems: "jetson.yaml:3:5: warning: layers.chain: no package of the chain goes by numpy [unused-name]\n",
		},
		{
			name: "names of nothing", layers: pkgspec.Layers{Layers: byPackage, Chain: textsOf("kernel", "zed*")},
			problems: `jetson.yaml:3:5: error: layers.chain: no package of the chain goes by kernel [unused-name]
    hint: did you mean kernels?
jetson.yaml:4:5: error: layers.chain: no package of the chain goes by zed* [unused-name]
`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := request(cmp.Or(test.request, "kernels"))
			spec.Layers = test.layers
			p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
			assert.Equal(t, test.problems, printed(without(problems, faultyFile)))
			if problems.HasErrors() {
				return
			}
			require.NotNil(t, p)
			assert.Equal(t, test.layers.Layers, p.Layers)
			assert.Equal(t, test.want, reasonsToBeAfterAll(p))
		})
	}
}

// reasonsToBeAfterAll lists the packages that are built on all before them.
func reasonsToBeAfterAll(p *plan.Plan) string {
	var got []string
	for _, step := range p.Steps {
		if step.AfterAll {
			got = append(got, step.Name+": "+step.AfterAllReason)
		}
	}
	return strings.Join(got, "; ")
}

// TestManyLayers checks where the warning of many layers begins: what joins the packages,
// and the seal, count too.
func TestManyLayers(t *testing.T) {
	for packages, want := range map[int]string{
		plan.ManyLayers - 3: "",
		plan.ManyLayers - 2: `jetson.yaml:3:5: warning: the image has up to 120 layers on top of those of its base; Docker's own store of images takes no more than 125 [many-layers]
    hint: build a base image of some of the packages, and the others on it
`,
	} {
		var headers, names []string
		for i := range packages {
			names = append(names, fmt.Sprintf("p%d", i))
			headers = append(headers, "name: "+names[i])
		}
		tree := treeOf("name: all\ndepends: [" + strings.Join(names[1:], ", ") + "]\n\n" + strings.Join(headers[1:], "\n\n"))
		spec := request("all")
		spec.Layers.Form = plan.LayersPackages
		p, problems := Resolve(spec, scanned(t, tree), target, base)
		require.NotNil(t, p, printed(problems))
		require.Len(t, p.Steps, packages)
		assert.Equal(t, want, printed(problems))
		spec.Layers.Form = ""
		_, problems = Resolve(spec, scanned(t, tree), target, base)
		assert.Empty(t, problems, "a chain's layers are for the Dockerfiles to say")
	}
}

// TestLayersOfAChain checks that the plan of a chain says nothing of layers, so that its
// digest is what it was before there were any.
func TestLayersOfAChain(t *testing.T) {
	p, problems := Resolve(request("numpy"), scanned(t, libraryTree()), target, base)
	require.NotNil(t, p, printed(problems))
	dt, err := p.Canonical()
	require.NoError(t, err)
	assert.NotContains(t, string(dt), "layers")
	assert.NotContains(t, string(dt), "after_all")
	chain, err := p.Digest()
	require.NoError(t, err)
	p.Layers.Form = plan.LayersPackages
	packages, err := p.Digest()
	require.NoError(t, err)
	assert.NotEqual(t, chain, packages)
	p.Steps[0].AfterAll, p.Steps[0].AfterAllReason = true, "a reason"
	after, err := p.Digest()
	require.NoError(t, err)
	assert.NotEqual(t, packages, after)
	p.Steps[0].AfterAllReason = "another reason"
	same, err := p.Digest()
	require.NoError(t, err)
	assert.Equal(t, after, same, "a reason changes nothing that is built")
}
