//go:build integration

package integration

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sandboxTree has a RUN step and a test that show what they may do.
func sandboxTree(settings string) files {
	const show = `ulimit -n; df -k /dev/shm | awk 'NR==2 {print $2 " kB"}'; echo "networks: $(ls /sys/class/net)"; grep CapEff /proc/self/status`
	return files{
		"jetson.yaml":               "packages: [probe, other]\n" + settings,
		"packages/probe/Dockerfile": dockerfile("name: probe\ntest: test.sh", "RUN : @ID@; "+show+"\n"),
		"packages/probe/test.sh":    script(show),
		"packages/other/Dockerfile": dockerfile("name: other\ntest: test.sh", "RUN : @ID@; "+show+"\n"),
		"packages/other/test.sh":    script(show),
	}
}

// capabilities returns the effective capabilities that a step printed.
func capabilities(t *testing.T, output string) string {
	t.Helper()
	m := regexp.MustCompile(`CapEff:\s*([0-9a-f]+)`).FindStringSubmatch(output)
	require.NotNil(t, m, "no capabilities in %s", output)
	return m[1]
}

func TestWhatStepsMayDo(t *testing.T) {
	t.Parallel()
	p := newProject(t, sandboxTree(`build: {network: host, shm_size: 5m, ulimits: {nofile: "700:800"}, privileged: probe}
tests: {network: none, shm_size: 6m, ulimits: {nofile: 900}}
`))
	outline := p.build(t, with("--call", "outline")).Stdout
	assertContains(t, outline, "--allow network.host for RUN steps", "--allow security.insecure for RUN steps of probe",
		"nofile=700:800", "5MiB", "6MiB")

	b := p.fail(t, with("--allow", "security.insecure"))
	assertContains(t, b.Stderr, "add --allow network.host to the command", `entitlements = ["network.host"]`, "the RUN steps of probe", "the RUN steps of other",
		"the build needs --allow security.insecure too, for RUN steps of probe")
	b = p.fail(t, with("--allow", "network.host"))
	assertContains(t, b.Stderr, "add --allow security.insecure to the command", "needed by the RUN steps of probe (packages/probe/Dockerfile:2")
	b.assertExecuted(t)

	b = p.build(t, with("--allow", "network.host", "--allow", "security.insecure"))
	probe, other, test := b.output(t, "[probe 1/1] RUN --security=insecure"), b.output(t, "[other 1/1] RUN"), b.output(t, "[test probe] test.sh")
	assertContains(t, probe, "700", "5120 kB")
	assertContains(t, other, "700", "5120 kB")
	assertContains(t, test, "900", "6144 kB", "networks: lo\n")
	assert.NotEqual(t, capabilities(t, other), capabilities(t, probe), "the privileged step has no other capabilities than a plain one")
	assert.Equal(t, capabilities(t, other), capabilities(t, test), "capabilities of the test")
}

// Tests alone can have what RUN steps have not; a flag of docker buildx build is
// for both, and wins over the file.
func TestPrivilegesOfTests(t *testing.T) {
	t.Parallel()
	p := newProject(t, sandboxTree("tests: {network: host, privileged: [probe]}\nbuild: {network: host}\n"))
	b := p.build(t, with("--network", "none", "--shm-size", "7m", "--ulimit", "nofile=600:600", "--allow", "security.insecure"))
	probe, other, run := b.output(t, "[test probe] test.sh"), b.output(t, "[test other] test.sh"), b.output(t, "[probe 1/1] RUN")
	for _, output := range []string{probe, other, run} {
		assertContains(t, output, "600", "7168 kB", "networks: lo\n")
	}
	assert.NotContains(t, b.Stderr, "--security=insecure", "only the test of probe should be privileged")
	assert.NotEqual(t, capabilities(t, other), capabilities(t, probe), "only the test of probe should be privileged")
	assert.Equal(t, capabilities(t, other), capabilities(t, run), "capabilities of the RUN step")

	// What is more particular wins over the flag; and what no step needs is not asked for.
	b = p.build(t, with("--network", "none"), arg("TEST_NETWORK=host"), arg("TEST_PRIVILEGED=false"), with("--allow", "network.host"))
	assertContains(t, b.output(t, "[test probe] test.sh"), "networks: ")
	assert.NotContains(t, b.output(t, "[test probe] test.sh"), "networks: lo\n", "the test should have the builder's network:\n%s", b.Stderr)
	p.build(t, arg("TESTS=none"), arg("BUILD_NETWORK=default"))
}

// A Dockerfile that asks for privileges itself is named. What a command or a file's
// name says is no reason to advise a permission.
func TestDockerfilesThatAskThemselves(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":             "packages: [sly]\n",
		"packages/sly/Dockerfile": dockerfile("name: sly", "RUN --security=insecure : @ID@\n"),
	})
	b := p.fail(t)
	assertContains(t, b.Stderr, "add --allow security.insecure to the command", "needed by the Dockerfile of sly (packages/sly/Dockerfile:2:")

	for _, line := range []string{"RUN echo failed to load LLB: network.host is not allowed; exit 3", `COPY ["failed to load LLB: network.host is not allowed", "/"]`} {
		p.write(t, files{"packages/sly/Dockerfile": dockerfile("name: sly", line+"\n")})
		b := p.fail(t)
		assert.NotContains(t, b.Stderr, "add --allow", "%s: the message advises a permission that nobody was refused", line)
		assert.Contains(t, b.Stderr, "network.host is not allowed", "%s: the message advises a permission that nobody was refused", line)
	}

	p.write(t, files{"packages/sly/Dockerfile": dockerfile("name: sly", "RUN --security=off :\n")})
	assertContains(t, p.fail(t, with("--call", "outline")).Stderr, ">>> RUN --security=off", "package sly: ")
}

// Messages about an option of docker buildx build speak of the option.
func TestOptionsForStepsAreNamed(t *testing.T) {
	t.Parallel()
	p := newProject(t, sandboxTree("build: {network: host}\n"))
	assertContains(t, p.build(t, with("--network", "none", "--call", "jetson.plan")).Stdout,
		"--network=none wins over build.network: host", "--network=none sets tests.network")
	b := p.fail(t, with("--ulimit", "nofile=-5:-5"))
	assertContains(t, b.Stderr, `--ulimit: nofile: "-5:-5" is not a limit`)
	assert.NotContains(t, b.Stderr, "_ULIMITS", "the message speaks of what the user did not write")
}
