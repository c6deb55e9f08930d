//go:build integration

package integration

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// moving is a project in which everything moves: its base, a source of packages, and a repository, a download and an
// image that a Dockerfile names.
type moving struct {
	*project
	served   *gitServer
	base     string
	tool     string
	download *httptest.Server
	content  atomic.Value
}

func newMoving(t *testing.T) *moving {
	t.Helper()
	m := &moving{served: newProject(t, files{"data.txt": "one", "packages/b/Dockerfile": dockerfile("name: b", "COPY b.txt /b\n"), "packages/b/b.txt": "one"}).serveGit(t, "")}
	m.content.Store("one")
	m.download = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(m.content.Load().(string))) }))
	t.Cleanup(m.download.Close)
	m.base, m.tool = shared.Ref(m.served.id+":base"), shared.Ref(m.served.id+":tool")
	m.move(t, "one")
	m.project = newProject(t, files{
		"jetson.yaml": "packages: a\nbase: " + m.base + "\nsources: [{dir: packages}, {git: '" + m.served.url + "#main:packages'}]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ndepends: b", "ADD "+m.download.URL+"/file.txt /download\nADD "+m.served.url+"#data /git\n"+
			"COPY --from="+m.tool+" /image /tool\n"),
	})
	return m
}

// move changes all but the download.
func (m *moving) move(t *testing.T, content string) {
	t.Helper()
	m.served.commit(t, files{"data.txt": content, "packages/b/b.txt": content, "image": content, "Dockerfile": "FROM scratch\nCOPY image /\n"})
	m.served.git(t, "push", "--quiet", "--force", "served", "HEAD:data")
	for _, ref := range []string{m.base, m.tool} {
		require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: m.served.dir, Args: []string{"--push", "--provenance=false", "--tag", ref, "."}}).Err())
	}
}

// contents are those of the image's files.
func (b *built) contents(t *testing.T) string {
	t.Helper()
	var all []string
	for _, name := range []string{"/image", "/b", "/git/data.txt", "/tool", "/download"} {
		all = append(all, b.file(t, name))
	}
	return strings.Join(all, "/")
}

// TestLock builds the same image on a second machine after all that moves has moved.
func TestLock(t *testing.T) {
	t.Parallel()
	second := secondDaemon(t)
	m := newMoving(t)
	timeless := with("--provenance=false")
	made := m.build(t, noBase(), with("--call", "jetson.lock")).Stdout
	m.write(t, files{"jetson.lock": made})
	for _, pinned := range []string{`"` + m.base + `": "sha256:`, `"` + m.tool + `": "sha256:`, `"` + m.served.url + `#main:packages": "`, m.served.url[len("http://"):] + `#data": "`, `"` + m.download.URL + `/file.txt": "sha256:`} {
		assertContains(t, made, pinned)
	}

	first := m.build(t, noBase(), pushTimeless("first"), timeless)
	assert.Equal(t, "one/one/one/one/one", first.contents(t))
	assert.Equal(t, 2, strings.Count(first.Stderr, "transferring dockerfile: "), "once to find the frontend, and with the lock for it:\n%s", first.Stderr)
	m.move(t, "two")
	other := m.build(t, noBase(), on(second), pushTimeless("second"), timeless)
	assert.Equal(t, "one/one/one/one/one", other.contents(t))
	assert.Equal(t, first.digest(t), other.digest(t))
	assert.Equal(t, made, m.build(t, noBase(), with("--call", "jetson.lock")).Stdout, "what a lock has, stays")
	assertContains(t, m.planHere(t, "--base", m.base), m.served.git(t, "rev-parse", "HEAD~1"))

	ignored := m.build(t, noBase(), pushTimeless("ignored"), timeless, arg("LOCK=ignore"))
	assert.Equal(t, "two/two/two/two/one", ignored.contents(t))

	assert.NotContains(t, m.try(t, noBase(), with("--check")).Stdout, "unpinned-", "what the lock pins is pinned")

	// The command makes the same lock, and looks up what it is told to.
	cmd := func(args ...string) *ran {
		return runCommand(t, jetkitCommand(t, shared.Daemon, m.dir, append([]string{"lock"}, args...)...))
	}
	assert.Equal(t, "jetson.lock: 5 pinned, for linux/"+runtime.GOARCH+"\n", cmd().succeeded(t).stdout)
	assert.Equal(t, made, m.read(t, "jetson.lock"))
	updated := cmd("--update", m.base).succeeded(t).stdout
	assertContains(t, updated, "  ~ "+m.base+" sha256:", ", was sha256:")
	assert.Equal(t, 2, strings.Count(updated, "\n"), updated)
	assert.Equal(t, "two/one/one/one/one", m.build(t, noBase(), pushTimeless("updated"), timeless).contents(t))
	assert.Equal(t, 125, cmd("--update", m.base+"x").code)
	r := m.jetkitLocked(t)
	assert.Equal(t, "two", r, "jetkit build has the lock too")
	cmd("--update", "all").succeeded(t)
	assert.Equal(t, m.build(t, noBase(), with("--call", "jetson.lock"), arg("LOCK=ignore")).Stdout, m.read(t, "jetson.lock"))

	// A download that is another one cannot be had as it was.
	m.content.Store("moved")
	failed := m.fail(t, noBase(), on(startDaemon(t, "third", harness.DaemonOptions{})))
	assertContains(t, failed.Stderr, m.download.URL+"/file.txt is another file than jetson.lock has", "jetkit lock --update "+m.download.URL+"/file.txt")
}

// jetkitLocked builds with the jetkit command, and returns what is in the base.
func (m *moving) jetkitLocked(t *testing.T) string {
	t.Helper()
	runCommand(t, jetkitCommand(t, shared.Daemon, m.dir, "build", "--progress", "plain", "--output", "type=local,dest=out")).succeeded(t)
	dt, err := os.ReadFile(filepath.Join(m.dir, "out", "image"))
	require.NoError(t, err)
	return string(dt)
}

// TestLockDiffers holds that a build which is not what the lock says ends before its first step, and says why.
func TestLockDiffers(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.write(t, files{"jetson.lock": m.build(t, noBase(), with("--call", "jetson.lock")).Stdout})
	yaml, header := m.read(t, "jetson.yaml"), strings.Split(m.read(t, "packages/a/Dockerfile"), "ADD")[0]

	m.write(t, files{"packages/c/Dockerfile": dockerfile("name: c", ""), "jetson.yaml": strings.Replace(yaml, "packages: a", "packages: [a, c]", 1)})
	assertContains(t, m.fail(t, noBase()).Stderr, "jetson.lock:", "error: c is in the chain, and not in the lock [lock-differs]", "jetkit lock writes what is now")

	m.write(t, files{"jetson.yaml": strings.Replace(yaml, m.base, m.tool, 1)})
	assertContains(t, m.fail(t, noBase()).Stderr, "error: the base image is "+m.base+" in the lock, and "+m.tool+" now: jetson.yaml:4:7 [lock-differs]")

	m.served.git(t, "push", "--quiet", "served", "HEAD:other")
	m.write(t, files{"jetson.yaml": strings.Replace(yaml, "#main:packages", "#other:packages", 1)})
	assertContains(t, m.fail(t, noBase()).Stderr, "jetson.yaml:5:28: error: the source "+m.served.url+"#other:packages is not in jetson.lock: ", "[lock-differs]")

	for what, body := range map[string]string{
		"the download " + m.download.URL + "/other is not in jetson.lock":               "ADD " + m.download.URL + "/other /x\n",
		"the repository " + m.served.url[len("http://"):] + "#v1 is not in jetson.lock": "ADD " + m.served.url + "#v1 /x\n",
		"the image " + shared.Ref("other:1") + " is not in jetson.lock":                 "COPY --from=" + shared.Ref("other:1") + " / /x\n",
	} {
		m.write(t, files{"jetson.yaml": yaml, "packages/a/Dockerfile": header + body})
		assertContains(t, m.fail(t, noBase()).Stderr, what, "jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock")
	}

	m.write(t, files{"packages/a/Dockerfile": header, "jetson.lock": `{"version": 1, "pins": {"images": {"x": "latest"}}}`})
	assertContains(t, m.fail(t, noBase()).Stderr, "jetson.lock:1", `"latest" is neither a commit nor a digest`)
	m.write(t, files{"jetson.yaml": yaml + "locked: false\n"})
	m.build(t, noBase(), with("--call", "jetson.plan"))
	m.write(t, files{"jetson.yaml": yaml + "locked: true\n"})
	require.NoError(t, os.Remove(filepath.Join(m.dir, "jetson.lock")))
	assertContains(t, m.fail(t, noBase()).Stderr, "jetson.yaml:6:1: error: there is no jetson.lock [missing-lock]", "jetkit lock makes it")
}

// TestLockForPlatforms holds that a lock made for one platform keeps what it has for others.
func TestLockForPlatforms(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.write(t, files{"jetson.yaml": strings.Replace(m.read(t, "jetson.yaml"), target(), "target: {l4t: 36.4.3}", 1)})
	both := m.build(t, noBase(), with("--call", "jetson.lock", "--platform", "linux/arm64,linux/amd64")).Stdout
	assertContains(t, both, `"linux/amd64": {`, `"linux/arm64": {`, `"arch": "tegra-aarch64"`, `"arch": "x86_64"`)
	one := m.build(t, noBase(), with("--call", "jetson.lock", "--platform", "linux/arm64")).Stdout
	assert.NotContains(t, one, "linux/amd64")
	m.write(t, files{"jetson.lock": one})
	assertContains(t, m.fail(t, noBase(), with("--platform", "linux/amd64", "--call", "jetson.plan")).Stderr, "the lock has no linux/amd64", "jetkit lock --platform linux/amd64 adds it")
	r := runCommand(t, jetkitCommand(t, shared.Daemon, m.dir, "lock", "--platform", "linux/amd64")).succeeded(t)
	assert.Equal(t, "jetson.lock: 5 pinned, for linux/amd64 and linux/arm64\n", r.stdout)
	assert.Equal(t, both, m.read(t, "jetson.lock"))
}

// TestLockOfSources locks trees of which one has no package that is asked for, and finds the same again.
func TestLockOfSources(t *testing.T) {
	t.Parallel()
	served := newProject(t, files{
		"tree/a/Dockerfile": dockerfile("name: a", "COPY Dockerfile /a\n"), "spare/c/Dockerfile": dockerfile("name: c", "RUN true\n"),
		"Dockerfile": "FROM scratch\nCOPY spare /\n",
	}).serveGit(t, "")
	image := shared.Ref(served.id + ":spare")
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: served.dir, Args: []string{"--push", "--provenance=false", "--tag", image, "."}}).Err())
	p := newProject(t, files{"jetson.yaml": "packages: [a]\nsources: [{git: '" + served.url + "#main:tree'}, {git: '" + served.url + "#main:spare'}, {image: '" + image + "'}]\n"})
	for range 2 {
		text := p.build(t, with("--call", "jetson.lock")).Stdout
		if before, err := os.ReadFile(filepath.Join(p.dir, "jetson.lock")); err == nil {
			assert.Equal(t, string(before), text)
		}
		p.write(t, files{"jetson.lock": text})
		p.build(t, push())
	}
	p.write(t, files{"jetson.lock": ""})
	assert.Contains(t, p.fail(t).Stderr, "the lock is empty")
}

// TestLockOfALinkedBuild leaves alone what another target of bake fetches.
func TestLockOfALinkedBuild(t *testing.T) {
	t.Parallel()
	download := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("tool")) }))
	t.Cleanup(download.Close)
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a", "COPY --from=tools /tool /tool\n"),
		"tools.Dockerfile":      "FROM scratch\nADD " + download.URL + "/tool /\n",
		"tool":                  "tool",
		"docker-bake.json": `{"target": {
  "default": {"dockerfile": "jetson.yaml", "contexts": {"tools": "target:tools"}, "args": {"BASE_IMAGE": "` + base(t) + `"}},
  "tools": {"dockerfile": "tools.Dockerfile"}
}}`,
	})
	p.write(t, files{"jetson.lock": p.build(t, with("--call", "jetson.lock", "--build-context", "tools=.")).Stdout})
	baking{dir: p.dir}.bake(t)
}
