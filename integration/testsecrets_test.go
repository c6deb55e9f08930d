//go:build integration

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretsTree has two packages with the same test, of which one gets secrets and an SSH agent.
func secretsTree() files {
	test := script(`
echo "variable: ${TOKEN-none}, file: $(cat /run/secrets/netrc 2>/dev/null || echo none), agent: ${SSH_AUTH_SOCK-none}" | tr a-z A-Z
test -z "${SSH_AUTH_SOCK-}" || test -S "$SSH_AUTH_SOCK"
test ! -e /etc/more
id -u`)
	return files{
		"jetson.yaml": `packages: [a, b]
tests:
  secrets:
    - {id: token, env: TOKEN, packages: [b]}
    - {id: netrc, packages: [b]}
    - {id: more, target: /etc/more, required: false, packages: [b]}
  ssh: {packages: [b]}
`,
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n"),
		"packages/b/Dockerfile": dockerfile("name: b\ntest: test.sh", "RUN echo @ID@ > /b\nUSER 1000:1000\n"),
		"packages/a/test.sh":    test,
		"packages/b/test.sh":    test,
	}
}

// The tests of the packages that are named get what the command gives. Nothing else does, and nothing of it stays.
func TestSecretsOfTests(t *testing.T) {
	t.Parallel()
	p := newProject(t, secretsTree())
	dir := t.TempDir()
	writeFiles(t, dir, "", files{"netrc": "hush-file", "token": "hush-variable"})
	given := with("--secret", "id=netrc,src="+filepath.Join(dir, "netrc"), "--secret", "id=token,src="+filepath.Join(dir, "token"), "--ssh", "default="+sshAgent(t))
	image := filepath.Join(dir, "image.tar")
	b := p.build(t, given, with("--provenance", "mode=max", "--output", "type=oci,compression=uncompressed,force-compression=true,dest="+image))
	for _, step := range []string{"[test a] test.sh", "[test a on image] test.sh"} {
		assertContains(t, b.output(t, step), "VARIABLE: NONE, FILE: NONE, AGENT: NONE")
	}
	assertContains(t, b.output(t, "[test b] test.sh"), "VARIABLE: HUSH-VARIABLE, FILE: HUSH-FILE, AGENT: /RUN/BUILDKIT/SSH_AGENT.0", "1000")

	contents, err := os.ReadFile(image)
	require.NoError(t, err)
	graph := p.build(t, given, with("--call", "jetson.llb,format=json")).Stdout
	outline := p.build(t, given, with("--call", "outline")).Stdout
	assertContains(t, outline, "secret token for tests of b; secret netrc for tests of b; secret more for tests of b; SSH agent default for tests of b")
	assert.Regexp(t, `(?m)^SECRET +REQUIRED\ntoken +true\nnetrc +true\nmore *\n\nSSH +REQUIRED\ndefault +true$`, outline)
	for what, text := range map[string]string{
		"progress": b.Stderr, "image": string(contents), "graph": graph, "outline": outline, "plan": p.build(t, given, with("--call", "jetson.plan,format=json")).Stdout,
	} {
		assert.NotContains(t, text, "hush-", "the %s has a secret", what)
	}
}

// What is missing is named with the option that gives it, and the line that asks for it.
func TestSecretsOfTestsThatAreMissing(t *testing.T) {
	t.Parallel()
	p := newProject(t, secretsTree())
	dir := t.TempDir()
	writeFiles(t, dir, "", files{"x": "x"})
	x := filepath.Join(dir, "x")
	b := p.fail(t, with("--secret", "id=token,src="+x, "--ssh", "default="+sshAgent(t)))
	assertContains(t, b.Stderr, `test "test.sh" of package b failed`, "secret netrc: not found",
		"add --secret id=netrc,src=FILE or --secret id=netrc,env=VARIABLE to the command; jetson.yaml:7:7 asks for it: with required: false there")
	b = p.fail(t, with("--secret", "id=token,src="+x, "--secret", "id=netrc,src="+x))
	assertContains(t, b.Stderr, "add --ssh default to the command; jetson.yaml:9:8 asks for it")
}

// sshAgent starts an agent without keys, and returns its socket.
func sshAgent(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	agent := exec.CommandContext(t.Context(), "ssh-agent", "-D", "-a", socket)
	require.NoError(t, agent.Start())
	t.Cleanup(func() { _ = agent.Wait() }) // it is killed with the test's context
	require.Eventually(t, func() bool { _, err := os.Stat(socket); return err == nil }, 10*time.Second, 10*time.Millisecond)
	return socket
}
