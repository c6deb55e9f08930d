//go:build integration

package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// layered is a tree of packages of which some need others: fruit needs tools, salad needs
// fruit and oil, and paper needs nothing.
func layered() files {
	return files{
		"jetson.yaml":               "packages: [salad, paper]\nlayers: packages\n",
		"packages/tools/Dockerfile": dockerfile("name: tools", "ENV PATH=/opt/tools/bin:$PATH\nRUN mkdir -p /opt/tools/bin && echo @ID@ > /opt/tools/knife && echo old > /opt/tools/peel && rm /etc/motd\n"),
		"packages/fruit/Dockerfile": dockerfile("name: fruit\ndepends: tools", "RUN cat /opt/tools/knife && ! test -e /etc/motd && rm /opt/tools/peel && useradd -r picker\n"),
		"packages/oil/Dockerfile":   dockerfile("name: oil", "ENV PATH=/opt/oil/bin:$PATH\nRUN echo @ID@ > /opt/oil && useradd -r presser && ! test -e /opt/tools\n"),
		"packages/salad/Dockerfile": dockerfile("name: salad\ndepends: [fruit, oil]\ntest: test.sh", "RUN getent passwd picker presser > /opt/salad && ! test -e /opt/tools/peel && echo $PATH >> /opt/salad\n"),
		"packages/salad/test.sh":    script("id picker; id presser; test ! -e /opt/tools/peel; test ! -e /etc/motd; grep /opt/oil/bin:/opt/tools/bin: <<< $PATH"),
		"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo @ID@ > /srv/paper && ! test -e /opt/oil && ! test -e /opt/tools\n"),
	}
}

func TestPackageLayers(t *testing.T) {
	t.Parallel()
	p := newProject(t, layered())
	first := p.build(t, push())
	assert.Equal(t, []string{"[test salad on image] test.sh", "[test salad] test.sh"}, first.tests())
	assertContains(t, first.file(t, "/opt/salad"), "picker:", "presser:", "/opt/oil/bin:/opt/tools/bin:")
	first.assertAbsent(t, "/opt/tools/peel", "/etc/motd", "/.jetkit")
	layers := layersOf(t, first)
	assert.Len(t, layers, 1+5+2, "the base, each package, join and seal")

	p.build(t).assertExecuted(t)

	p.write(t, files{"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo more @ID@ > /srv/paper\n")})
	changed := p.build(t, push())
	changed.assertExecuted(t, "[paper 1/1] RUN echo more "+p.id+" > /srv/paper", "[test salad on image] test.sh")
	assert.Len(t, newAmong(layers, layersOf(t, changed)), 2, "the package and the seal; the join has nothing of it")
}

// TestLayersFromMinimalCache checks that the layers of an image are all that another
// builder needs to build one package of it anew.
func TestLayersFromMinimalCache(t *testing.T) {
	t.Parallel()
	p := newProject(t, layered())
	cache := shared.Ref(p.id + ":cache")
	p.build(t, with("--cache-to", "type=registry,mode=min,ref="+cache))
	salad := dockerfile("name: salad\ndepends: [fruit, oil]", "RUN echo @ID@ > /opt/salad\n")
	p.write(t, files{"packages/salad/Dockerfile": salad})
	p.build(t, on(startDaemon(t, "layers", harness.DaemonOptions{})), cacheFrom(cache), arg("TESTS=none")).assertExecuted(t, "[salad 1/1] RUN echo "+p.id+" > /opt/salad")
}

func TestLayersThatDoNotFit(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":             "packages: [one, two]\nlayers: packages\n",
		"packages/one/Dockerfile": dockerfile("name: one", "RUN echo one @ID@ > /opt/which\n"),
		"packages/two/Dockerfile": dockerfile("name: two", "RUN echo two @ID@ > /opt/which\n"),
	})
	failed := p.fail(t)
	_, message, _ := strings.Cut(failed.Stderr, "ERROR: ")
	assertContains(t, message, "one", "two", "/opt/which", "depends", "conflicts: warn")
	assertContains(t, failed.Stderr, "jetson.yaml:3")
	assert.Equal(t, 1, strings.Count(failed.Stderr, "    /opt/which\n"), "it is said once:\n%s", failed.Stderr)

	warned := p.build(t, push(), arg("LAYERS_CONFLICTS=warn"))
	assert.Equal(t, "two "+p.id+"\n", warned.file(t, "/opt/which"), "the later one wins")

	after := p.build(t, push(), arg("LAYERS_CHAIN=two"))
	assert.Equal(t, "two "+p.id+"\n", after.file(t, "/opt/which"), "it is built on the other")
}

// TestLayersWithGPU checks that what a device leaves in a RUN step is in no layer.
func TestLayersWithGPU(t *testing.T) {
	t.Parallel()
	p := newProject(t, kernelsTree())
	assertKernels(t, p.build(t, on(gpuDaemon(t)), push(), with("--allow", "device"), arg("LAYERS=packages")))
}

func TestLayersForBothPlatforms(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	p := newProject(t, machines("{l4t: 36.4.3}"))
	b := p.build(t, push(), forPlatforms(t, bothPlatforms), arg("LAYERS=packages"))
	for platform, arch := range map[string]string{"linux/amd64": "x86_64", arm64: "tegra-aarch64"} {
		b.forPlatform(t, platform).assertMade(t, platform, arch)
	}
	p.build(t, push(), forPlatforms(t, bothPlatforms), arg("LAYERS=packages")).assertExecuted(t)
}

func TestLayersTarget(t *testing.T) {
	t.Parallel()
	p := newProject(t, layered())
	b := p.build(t, push(), with("--target", "fruit"))
	b.assertAbsent(t, "/opt/oil", "/srv/paper", "/opt/tools/peel")
	assert.Len(t, layersOf(t, b), 1+2+2, "what the target needs, and no other package")
	p.build(t, with("--target", "fruit", "--no-cache-filter", "fruit")).assertExecuted(t, "[fruit 1/1] RUN cat /opt/tools/knife && ! test -e /etc/motd && rm /opt/tools/peel && useradd -r picker")
}

// layersOf returns the digests of a pushed image's layers.
func layersOf(t *testing.T, b *built) []string {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	manifest, err := image.Manifest()
	require.NoError(t, err)
	var digests []string
	for _, l := range manifest.Layers {
		digests = append(digests, l.Digest.String())
	}
	return digests
}

// newAmong returns those of all that are not among some.
func newAmong(some, all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}
