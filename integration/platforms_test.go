//go:build integration

package integration

import (
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/llb/teststep"
)

// both are the platforms that an amd64 machine can build for, with what programs on them call the machine.
var both = map[string]string{"linux/amd64": "x86_64", "linux/arm64": "aarch64"}

const (
	bothPlatforms = "linux/amd64,linux/arm64"
	arm64         = "linux/arm64"
)

// needsAMD64 is for builds for both platforms: emulating amd64 on an ARM machine is beyond the harness.
func needsAMD64(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("an ARM machine cannot run the amd64 half of this build")
	}
}

// baseIndex returns the reference of a base image for this machine's platform and linux/arm64, which this machine then
// runs.
func baseIndex(t *testing.T) string {
	t.Helper()
	ref, err := shared.BaseIndex(t.Context())
	require.NoError(t, err)
	return ref
}

// forPlatforms builds for these platforms, on a base image that has them all.
func forPlatforms(t *testing.T, platforms string) buildOption {
	t.Helper()
	ref := baseIndex(t)
	return func(o *buildOptions) {
		o.noBase = true
		o.args = append(o.args, "--platform", platforms, "--build-arg", "BASE_IMAGE="+ref)
	}
}

// platformImage is what the pushed image is for one platform.
type platformImage struct {
	v1.Image
	config   *v1.ConfigFile
	manifest teststep.Manifest
}

func (b *built) forPlatform(t *testing.T, platform string) *platformImage {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, platform)
	require.NoError(t, err)
	p := &platformImage{Image: image}
	p.config, err = image.ConfigFile()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(p.file(t, teststep.ShareDir+"/manifest.json")), &p.manifest))
	return p
}

// configFor reads the configuration of a pushed image for one platform.
func configFor(t *testing.T, ref, platform string) *v1.ConfigFile {
	t.Helper()
	image, err := shared.Image(t.Context(), ref, platform)
	require.NoError(t, err)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	return config
}

func (p *platformImage) file(t *testing.T, path string) string {
	t.Helper()
	content, err := harness.ReadImageFile(p.Image, path)
	require.NoError(t, err)
	return string(content)
}

// assertMade checks everything that machines.made leaves in an image of one platform.
func (p *platformImage) assertMade(t *testing.T, platform, arch string) {
	t.Helper()
	machine := both[platform]
	assert.Equal(t, platform, p.config.OS+"/"+p.config.Architecture, "platform")
	assert.Equal(t, arch, p.manifest.BuiltFor["arch"], "target arch")
	assert.Equal(t, arch, p.config.Config.Labels["io.jetkit.built-for.arch"], "label")
	assert.Equal(t, "4", p.config.Config.Labels["io.jetkit.tests.passed"], "tests that passed")
	assert.Equal(t, machine+" "+arch+"\n", p.file(t, "/a"), "RUN of a")
	assert.Equal(t, machine+"\n", p.file(t, "/b"), "RUN of b")
	var outputs []string
	for i, record := range p.manifest.Tests {
		if record.Package == "b" {
			file := teststep.ShareDir + "/tests/00" + string(rune('1'+i)) + "-b-test.sh-" + string(record.Where) + "/machine"
			outputs = append(outputs, p.file(t, file))
		}
	}
	assert.ElementsMatch(t, []string{machine + "\n", machine + "\n"}, outputs, "what tests of b saw")
}

// machines is a chain of which every RUN and every test leaves what machine it ran on.
func machines(target string) files {
	return files{
		"jetson.yaml":           "target: " + target + "\npackages: [b]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "ARG CUDA_ARCH\nRUN echo \"$(uname -m) ${CUDA_ARCH}\" > /a && : @ID@\n"),
		"packages/a/test.sh":    script("grep -q \"^$(uname -m) \" /a"),
		"packages/b/Dockerfile": dockerfile("name: b\ndepends: a\ntest: test.sh", "RUN uname -m > /b\n"),
		"packages/b/test.sh":    script("uname -m > /out/machine"),
	}
}

func TestArm64(t *testing.T) {
	t.Parallel()
	for l4t, arch := range map[string]string{"36.4.3": "tegra-aarch64", "38.2.0": "aarch64"} {
		t.Run("L4T "+l4t, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, machines("{l4t: "+l4t+"}"))
			b := p.build(t, push(), forPlatforms(t, arm64))
			b.forPlatform(t, arm64).assertMade(t, arm64, arch)
			p.build(t, push(), forPlatforms(t, arm64)).assertExecuted(t)
		})
	}
}

// A base image for linux/arm64 alone, which no tag but --platform chooses.
func TestArm64BaseContext(t *testing.T) {
	t.Parallel()
	ref, err := shared.BaseFor(t.Context(), "arm64")
	require.NoError(t, err)
	p := newProject(t, machines("{l4t: 36.4.3}"))
	b := p.build(t, push(), noBase(), with("--platform", arm64, "--build-context", "base=docker-image://"+ref))
	b.forPlatform(t, arm64).assertMade(t, arm64, "tegra-aarch64")
	assertContains(t, b.forPlatform(t, arm64).manifest.Base, "base")
}

func TestBothPlatforms(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	p := newProject(t, machines("{l4t: 36.4.3}"))
	b := p.build(t, push(), forPlatforms(t, bothPlatforms))

	assert.ElementsMatch(t, slices.Collect(maps.Keys(both)), platformsOf(t, b.image), "platforms of the index")
	var want []string
	for platform, arch := range map[string]string{"linux/amd64": "x86_64", arm64: "tegra-aarch64"} {
		b.forPlatform(t, platform).assertMade(t, platform, arch)
		want = append(want,
			"["+platform+` a 1/1] RUN echo "$(uname -m) `+arch+`" > /a && : `+p.id, "["+platform+" b 1/1] RUN uname -m > /b",
			"["+platform+" test a] test.sh", "["+platform+" test a on image] test.sh", "["+platform+" test b] test.sh",
		)
		for _, step := range []string{" base] FROM ", " internal] load metadata for ", " internal] seal image"} {
			b.step(t, "["+platform+step)
		}
	}
	b.assertExecuted(t, want...)
	assert.NotContains(t, b.Stderr, "jetson-release-on-amd64", "a build for both platforms should not warn that one was forgotten")
	p.build(t, push(), forPlatforms(t, bothPlatforms)).assertExecuted(t)
	p.build(t, push(), forPlatforms(t, arm64)).assertExecuted(t)
}

// indexOf reads the index of a pushed image.
func indexOf(t *testing.T, image string) (v1.ImageIndex, *v1.IndexManifest) {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	require.NoError(t, err)
	index, err := remote.Index(ref, remote.WithContext(t.Context()))
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	return index, manifest
}

// platformsOf lists the platforms of an index, in its order, without those of attestations.
func platformsOf(t *testing.T, image string) []string {
	t.Helper()
	_, manifest := indexOf(t, image)
	var platforms []string
	for _, m := range manifest.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			platforms = append(platforms, m.Platform.String())
		}
	}
	return platforms
}

// What breaks on one platform breaks the build, and the error says on which.
func TestOnePlatformFails(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	for what, failing := range map[string]struct {
		tree       files
		says, step string
	}{
		"test": {
			tree: one("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n").and(files{"packages/a/test.sh": script("[ $(uname -m) = x86_64 ] || exit 3")}),
			says: `test "test.sh" of package a failed for linux/arm64 on its own stage with exit code 3 (declared at packages/a/Dockerfile:3:9)`,
			step: "[linux/arm64 test a] test.sh",
		},
		"RUN": {
			tree: one("name: a", "RUN echo @ID@ > /a && [ $(uname -m) = x86_64 ]\n"),
			says: "package a failed for linux/arm64 in step 1/1 (packages/a/Dockerfile:6)",
			step: "[linux/arm64 a 1/1] RUN ",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			failing.tree["jetson.yaml"] = "target: {l4t: 36.4.3}\n" + failing.tree["jetson.yaml"]
			b := newProject(t, failing.tree).fail(t, push(), forPlatforms(t, bothPlatforms))
			assertContains(t, b.Stderr, failing.says)
			assert.True(t, b.step(t, failing.step).Failed, "%s did not fail:\n%s", failing.step, b.Stderr)
			_, err := shared.Image(t.Context(), b.image, "linux/amd64")
			assert.Error(t, err, "the image of the platform that works was pushed")
		})
	}
}

func TestImpossiblePlatforms(t *testing.T) {
	t.Parallel()
	for what, impossible := range map[string]struct {
		target, platforms string
		says              []string
	}{
		"arch of another platform": {"{l4t: 36.4.3, arch: tegra}", "linux/amd64,linux/arm64", []string{
			"jetson.yaml:2:29: error: arch tegra is linux/arm64, but the build is for linux/amd64 [arch-platform-conflict]",
			"hint: build with --platform linux/arm64, or leave arch out",
		}},
		"platform without Jetsons": {"{l4t: 36.4.3}", "linux/riscv64", []string{
			"jetson.yaml:2:1: error: cannot build for linux/riscv64 [unknown-platform]",
			"hint: build with --platform linux/arm64 for a Jetson, or linux/amd64",
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			tree := one("name: a", "RUN echo @ID@ > /a\n")
			tree["jetson.yaml"] = "target: " + impossible.target + "\n" + tree["jetson.yaml"]
			b := newProject(t, tree).fail(t, with("--platform", impossible.platforms))
			assertContains(t, b.Stderr, impossible.says...)
			assertContains(t, b.Stderr, ">>> target: "+impossible.target)
			b.assertExecuted(t)
		})
	}
}

// Warnings that concern one platform alone are shown whichever platform comes first, and those of all only once.
func TestWarningsOfEachPlatform(t *testing.T) {
	t.Parallel()
	tree := one("name: a", "COPY file /\n").and(files{"packages/a/file": "text"})
	tree["jetson.yaml"] = "target: {l4t: 39.2.0, cuda: 12.6}\nbase: scratch\nargs: {HF_TOKEN: x}\n" + tree["jetson.yaml"]
	b := newProject(t, tree).build(t, noBase(), with("--platform", bothPlatforms))
	for rule, want := range map[string]int{"cuda-lacks-architecture": 1, "secret-arg": 1} {
		got := strings.Count(b.Stderr, " - "+rule+": ")
		assert.Equal(t, want, got, "%s is reported %d times, want %d:\n%s", rule, got, want, b.Stderr)
	}
}

// config.py files run on the builder's own platform, with the facts of each target: os.uname tells the target's machine.
func TestConfigPyForArm64(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	python := pythonForAMD64(t)
	p := newProject(t, files{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a", "ARG PYTHON_OF FOR ARCH\nRUN echo \"${PYTHON_OF} for ${FOR} as ${ARCH} on $(uname -m)\" > /a && : @ID@\n"),
		"packages/a/config.py": "import os, sys\nfrom jetson_containers import CUDA_ARCH\npackage['build_args'] = " +
			"{'PYTHON_OF': sys.implementation._multiarch, 'FOR': os.uname().machine, 'ARCH': CUDA_ARCH}\n",
	})
	b := p.build(t, push(), forPlatforms(t, bothPlatforms), arg("PYTHON_IMAGE="+python))
	for platform, want := range map[string]string{
		"linux/amd64": "x86_64-linux-gnu for x86_64 as x86_64 on x86_64\n",
		arm64:         "x86_64-linux-gnu for aarch64 as tegra-aarch64 on aarch64\n",
	} {
		assert.Equal(t, want, b.forPlatform(t, platform).file(t, "/a"), "/a for "+platform)
	}
}

// pythonForAMD64 makes an image for both platforms which has Python for one of them only.
func pythonForAMD64(t *testing.T) string {
	t.Helper()
	without, err := shared.BaseFor(t.Context(), "arm64")
	require.NoError(t, err)
	dir := t.TempDir()
	writeFiles(t, dir, "", files{
		"Dockerfile": "FROM " + pythonImage(t) + " AS amd64\nFROM " + without + " AS arm64\nFROM ${TARGETARCH}\n",
	})
	ref := shared.Ref("python:platforms")
	build := shared.Buildx(t.Context(), harness.BuildxRun{
		Dir: dir, Args: []string{"--platform", bothPlatforms, "--push", "--tag", ref, "."},
	})
	require.NoError(t, build.Err())
	return ref
}

func TestCallsForPlatforms(t *testing.T) {
	t.Parallel()
	p := newProject(t, machines("{l4t: 36.4.3}"))
	for platforms, want := range map[string]map[string]string{
		arm64: {
			"outline":     "CUDA_ARCH tegra-aarch64 sets target.arch",
			"check":       "no warnings found",
			"jetson.plan": "Arch tegra-aarch64 linux/arm64: boards use Tegra's own CUDA packages up to L4T 36",
		},
		// The first platform answers.
		bothPlatforms: {"jetson.plan": "Arch x86_64 linux/amd64"},
	} {
		for call, text := range want {
			b := p.build(t, forPlatforms(t, platforms), with("--call="+call))
			assertContains(t, strings.Join(strings.Fields(b.Stdout), " "), text)
		}
	}
}
