//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// linked makes a project of several folders with a jetson.yaml each, and the bake file's targets for them, all of which
// have the base image of the tests unless they have another.
func linked(t *testing.T, targets string, tree files) baking {
	t.Helper()
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	tree["docker-bake.hcl"] = fmt.Sprintf(`target "_jetson" {
  dockerfile = "jetson.yaml"
  args       = { BUILDKIT_SYNTAX = %q, BASE_IMAGE = %q }
  output     = ["type=cacheonly"]
}
`, frontend, base(t)) + targets
	return baking{dir: newProject(t, tree).dir}
}

// An application builds on the image of another target: on its files and on its configuration.
func TestBakeLinkedTargets(t *testing.T) {
	t.Parallel()
	b := linked(t, `
target "base" {
  inherits = ["_jetson"]
  context  = "base"
}
target "wheels" {
  inherits = ["_jetson"]
  context  = "wheels"
}
target "app" {
  inherits = ["_jetson"]
  context  = "app"
  contexts = { base = "target:base", wheels = "target:wheels", company = "target:company" }
}
target "app-skip" {
  inherits = ["app"]
  args     = { SKIP_PACKAGES = "tools" }
}
target "asked" {
  inherits = ["_jetson"]
  context  = "app"
  contexts = { base = "target:base", company = "target:base" }
}
target "company" {
  dockerfile-inline = "FROM scratch\nCOPY packages /packages\n"
  context           = "company"
}
`, files{
		"base/jetson.yaml":               target() + "\npackages: tools\nsources: [dir: packages]\nimage: {labels: {of: base}}\n",
		"base/packages/tools/Dockerfile": toolsPackage,
		"base/packages/tools/test.sh":    script("test $TOOLS = here"),
		"wheels/jetson.yaml":             target() + "\npackages: ./wheel\nbase: scratch\ntests: none\n",
		"wheels/wheel/Dockerfile":        dockerfile("name: wheel", "COPY Dockerfile /wheel.txt\n"),
		// The same package again: applications name what they need, whatever they are built on.
		"app/jetson.yaml":                   target() + "\npackages: [./app, hello]\nsources: [dir: packages, {context: company, dir: packages}]\n",
		"app/packages/tools/Dockerfile":     toolsPackage,
		"app/packages/tools/test.sh":        script("test $TOOLS = here"),
		"company/packages/hello/Dockerfile": dockerfile("name: hello", "RUN echo hello > /tmp/hello\n"),
		// A stage called base is the package's own, whatever the named context of that name.
		"app/app/Dockerfile": "#---\n# name: app\n# depends: tools\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS base\n" +
			"RUN echo \"$TOOLS $(id -un) $PWD\" > /tmp/seen\nFROM base\n" +
			"RUN --mount=from=wheels,target=/wheels cat /wheels/wheel.txt > /tmp/wheel.txt\n",
		"app/app/test.sh": script("cat /tmp/seen; echo tools: $(wc -l < /opt/tools); test -s /tmp/wheel.txt"),
	})
	first := b.with("app").bake(t)
	assertContains(t, first.output(t, "[app test app] test.sh"), "here robot /opt", "tools: 2")

	skip := b.with("app-skip").bake(t)
	assertContains(t, skip.output(t, "[app-skip test app] test.sh"), "here robot /opt", "tools: 1")
	assert.ElementsMatch(t, []string{
		"[app-skip app base 1/1] RUN echo \"here $(id -un) $PWD\" > /tmp/seen",
		"[app-skip app stage-1 1/1] RUN --mount=from=wheels,target=/wheels cat /wheels/wheel.txt > /tmp/wheel.txt",
		"[app-skip hello 1/1] RUN echo hello > /tmp/hello",
		"[app-skip test app] test.sh", "[app-skip test app on image] test.sh",
	}, skip.executed(), "executed steps")

	// Looking without building: bake makes no linked image for it, and where one is needed jetkit says so.
	assertContains(t, b.with("asked", "--call", "jetson.plan").fail(t).Stderr,
		`the named context "company" is the image of target base, which bake does not build for --call`)
	assertContains(t, b.with("asked", "--call", "jetson.llb", "--set", "asked.args.PACKAGES=tools", "--set", "asked.args.PACKAGE_DIRS=packages").fail(t).Stderr,
		`the named context "base" is the image of target base, which bake does not build for --call`)
}

// toolsPackage leaves one line more in /opt/tools every time it is built.
var toolsPackage = dockerfile("name: tools\ntest: test.sh",
	"RUN echo @ID@ >> /opt/tools && (id robot || (useradd robot && chmod 666 /opt/tools))\nENV TOOLS=here\nWORKDIR /opt\nUSER robot\n")

// Each platform of an application builds on that platform of the image it is linked to.
func TestBakeLinkedTargetsOfSeveralPlatforms(t *testing.T) {
	t.Parallel()
	ref := shared.Ref("bake-platforms:latest")
	b := linked(t, fmt.Sprintf(`
target "base" {
  inherits  = ["_jetson"]
  context   = "base"
  platforms = ["linux/amd64", "linux/arm64"]
}
target "app" {
  inherits  = ["_jetson"]
  context   = "app"
  contexts  = { base = "target:base" }
  platforms = ["linux/amd64", "linux/arm64"]
  output    = ["type=image,name=%s,push=true"]
}
target "one" {
  inherits  = ["app"]
  platforms = ["linux/arm64"]
  output    = ["type=cacheonly"]
}
`, ref), files{
		"base/jetson.yaml":     "target: {l4t: 36.4.3}\npackages: ./part\ntests: none\n",
		"base/part/Dockerfile": dockerfile("name: part", "ARG TARGETARCH\nCOPY ${TARGETARCH}.txt /part\nENV PART=$TARGETARCH\n"),
		"base/part/amd64.txt":  "amd64 of @ID@\n",
		"base/part/arm64.txt":  "arm64 of @ID@\n",
		"app/jetson.yaml":      "target: {l4t: 36.4.3}\npackages: ./app\ntests: none\n",
		"app/app/Dockerfile":   dockerfile("name: app", "COPY Dockerfile /app\nLABEL part=$PART\n"),
	})
	b.with("--set", "base.args.BASE_IMAGE=scratch", "app", "one").bake(t)
	for _, arch := range []string{"amd64", "arm64"} {
		config := configFor(t, ref, "linux/"+arch)
		assert.Equal(t, arch, config.Config.Labels["part"], "label from the linked image's environment")
		assertContains(t, strings.Join(config.Config.Env, " "), "PART="+arch)
	}
}

// --call works for every target of a bake file, and fails like a build does.
func TestBakeCalls(t *testing.T) {
	t.Parallel()
	b := examples(t)
	check := b.with("--call", "check", "stack", "app", "gpu-test", "--allow", "device").bake(t)
	assert.Equal(t, 10, strings.Count(check.Stdout, "Check complete, no warnings found."), "targets without a warning")

	warned := b.with("--call", "check", "robot-arm-jp6-2", "--set", "robot-arm-jp6-2.args.SKIP_PACKAGES=opencv").fail(t)
	assertContains(t, warned.Stdout, "unused-name", "opencv")

	var plans struct {
		Target map[string]struct {
			Plan plan.Plan `json:"jetson.plan"`
		}
	}
	out := b.with("--call", "jetson.plan,format=json", "robot-arm-jp7-0").bake(t).Stdout
	require.NoError(t, json.Unmarshal([]byte(out), &plans), out)
	assert.Len(t, plans.Target["stack-jp7-0"].Plan.Steps, 5, "steps of the stack")
	assert.Len(t, plans.Target["robot-arm-jp7-0"].Plan.Steps, 1, "steps of the application")
	assert.Equal(t, "7.0", plans.Target["robot-arm-jp7-0"].Plan.Target.JetPack.Value, "release")
	assertContains(t, b.with("--call", "outline", "stack-jp7-0").bake(t).Stdout, "JETPACK_VERSION", "7.0")
	assertContains(t, b.with("--progress", "quiet", "--call", "jetson.plan", "app").bake(t).Stdout,
		"robot-arm-jp6-2\n", "--build-arg SKIP_PACKAGES=cmake, ninja, numpy sets skip", "  1  arm-kinematics  ./arm-kinematics")
}
