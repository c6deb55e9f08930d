//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestOptionsReachSteps gives a build the options of docker buildx build that steps see; tests see them as RUN steps do.
func TestOptionsReachSteps(t *testing.T) {
	t.Parallel()
	show := "grep -h jet.example /etc/hosts || true; hostname; echo ${http_proxy-}; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true; "
	p := newProject(t, one("name: a\ntest: test.sh", "RUN { "+show+" } > /seen && echo @ID@ > /a\nRUN --mount=type=ssh test -S \"$SSH_AUTH_SOCK\" && echo agent > /agent\n").and(files{"packages/a/test.sh": script(show)}))
	b := p.build(t, push(), with("--add-host", "jet.example:1.2.3.4", "--label", "org.example.a=b", "--cgroup-parent", "jetkit-options",
		"--resource", "memory=1g", "--pull", "--iidfile", "id", "--metadata-file", "meta.json", "--ssh", "default="+sshAgent(t)),
		arg("BUILDKIT_SANDBOX_HOSTNAME=orin"), arg("http_proxy=http://proxy.example:1"))
	want := regexp.MustCompile(`^1\.2\.3\.4\s+jet\.example\s+orin\s+http://proxy\.example:1\s+1073741824\s*$`)
	assert.Regexp(t, want, b.file(t, "/seen"))
	var lines []string
	for _, line := range b.step(t, "[test a] test.sh").Output {
		lines = append(lines, regexp.MustCompile(`^[\d.]+ `).ReplaceAllString(line, ""))
	}
	assert.Regexp(t, want, strings.Join(lines, "\n"))
	assert.Equal(t, "agent\n", b.file(t, "/agent"))
	assert.Equal(t, "b", b.config(t).Config.Labels["org.example.a"])
	found, err := filepath.Glob("/sys/fs/cgroup/jetkit-options")
	require.NoError(t, err)
	more, err := filepath.Glob("/sys/fs/cgroup/*/jetkit-options")
	require.NoError(t, err)
	assert.NotEmpty(t, append(found, more...), "the parent of the steps' cgroups")
	var meta map[string]any
	require.NoError(t, json.Unmarshal([]byte(p.read(t, "meta.json")), &meta))
	assert.Equal(t, p.read(t, "id"), meta["containerimage.digest"])
	history := mustJSON(t, b.config(t).History)
	assert.NotContains(t, history, "proxy.example", "a proxy stays out of the history")

	quiet := p.build(t, push(), with("--quiet", "--ssh", "default="+sshAgent(t)))
	assert.Regexp(t, `^sha256:[0-9a-f]{64}\n$`, quiet.Stdout)
}

// TestFrontendOptions has the build arguments that mean something to BuildKit's frontends.
func TestFrontendOptions(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", "ARG N\nRUN --mount=type=cache,id=options,target=/c cp /c/x /seen 2>/dev/null || echo none > /seen; echo @ID@ > /c/x; echo $N > /n\n"))
	for i, test := range []struct{ space, want string }{{"one", "none"}, {"two", "none"}, {"one", p.id}} {
		b := p.build(t, push(), arg("BUILDKIT_CACHE_MOUNT_NS="+p.id+test.space), arg(fmt.Sprintf("N=%d", i)))
		assert.Equal(t, test.want+"\n", b.file(t, "/seen"), test.space)
	}
	several := p.build(t, push(), arg("BUILDKIT_MULTI_PLATFORM=1"), arg("BUILDKIT_INLINE_CACHE=1"))
	image, err := shared.Image(t.Context(), several.image, "")
	require.NoError(t, err)
	config, err := image.RawConfigFile()
	require.NoError(t, err)
	assert.Contains(t, string(config), "moby.buildkit.cache.v0", "the cache is in the image")
	assert.NotNil(t, several.step(t, "[linux/"), "names of steps have the platform")

	served := newProject(t, one("name: a", "COPY . /all\n").and(files{"jetson.yaml": "packages: [./]\n", "Dockerfile": dockerfile("name: whole", "COPY .git/HEAD /head\n")})).serveGit(t, "")
	elsewhere := &project{dir: t.TempDir(), id: p.id + "-git"}
	b := elsewhere.build(t, push(), inContext(served.url+"#main"), arg("BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"))
	assert.NotEmpty(t, b.file(t, "/head"))
	elsewhere.fail(t, inContext(served.url+"#main"))
}

// TestOptionsPage holds that docs/compat-dockerfile.md has a row for each option of docker buildx build, and that the tests
// it names are there.
func TestOptionsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/compat-dockerfile.md")
	require.NoError(t, err)
	help := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: []string{"build", "--help"}})
	require.NoError(t, help.Err())
	for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[\w-]+)`).FindAllStringSubmatch(help.Stdout, -1) {
		assert.Contains(t, string(page), "| `"+m[1], "the page lacks an option")
	}
	list := exec.CommandContext(t.Context(), "grep", "-rhoE", "^func Test[A-Za-z0-9]+", ".", "../llb", "../frontend", "--include=*_test.go")
	out, err := list.Output()
	require.NoError(t, err)
	tests := strings.Fields(strings.ReplaceAll(string(out), "func ", ""))
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		rows++
		named := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(line, -1)
		assert.True(t, len(named) > 0 || strings.Contains(line, "not applicable"), "a row names no test: %s", line)
		for _, name := range named {
			assert.True(t, slices.Contains(tests, name), "there is no %s: %s", name, line)
		}
	}
	assert.Greater(t, rows, 60)
}
