//go:build integration

package integration

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/pkgspec/plan"
)

// gitServer serves what a project has committed.
type gitServer struct {
	*project
	url string
}

// git runs git in the project's folder.
func (p *project) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@t", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@t")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %v\n%s", args, err, out)
	return strings.TrimSpace(string(out))
}

// serveGit commits the project's files and serves them as a Git repository over HTTP, to those who have the token.
func (p *project) serveGit(t *testing.T, token string) *gitServer {
	t.Helper()
	p.git(t, "init", "--quiet", "--initial-branch=main")
	bare := t.TempDir()
	backend := &cgi.Handler{
		Path: filepath.Join(p.git(t, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + bare, "GIT_HTTP_EXPORT_ALL=1"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, got, _ := r.BasicAuth(); got != token {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s := &gitServer{p, server.URL + "/repo.git"}
	p.git(t, "init", "--quiet", "--bare", "--initial-branch=main", filepath.Join(bare, "repo.git"))
	p.git(t, "remote", "add", "served", filepath.Join(bare, "repo.git"))
	s.commit(t, nil)
	return s
}

// commit commits all files, with these among them, and returns the commit.
func (s *gitServer) commit(t *testing.T, tree files) string {
	t.Helper()
	s.write(t, tree)
	s.git(t, "add", ".")
	s.git(t, "commit", "--quiet", "--message=all")
	s.git(t, "push", "--quiet", "served", "HEAD:main")
	return s.git(t, "rev-parse", "HEAD")
}

// remotePackages has packages in a folder of a repository.
func remotePackages() files {
	return files{
		"tree/robots/a/Dockerfile": dockerfile("name: a\ndepends: b\ntest: test.sh", "COPY a.txt /a\n"),
		"tree/robots/a/a.txt":      "one of @ID@\n",
		"tree/robots/a/test.sh":    script("grep -q of /a && test -e /b"),
		"tree/b/Dockerfile":        dockerfile("name: b", "RUN echo @ID@ > /b\n"),
		"outside/c/Dockerfile":     dockerfile("name: c", "RUN false\n"),
	}
}

// TestRepositoryAsSource builds packages of a repository that jetson.yaml names, and follows its branch.
func TestRepositoryAsSource(t *testing.T) {
	t.Parallel()
	python := arg("PYTHON_IMAGE=" + pythonImage(t))
	served := newProject(t, remotePackages().and(files{"tree/b/config.py": "package['name'] = 'b'\n"})).serveGit(t, "")
	first := served.git(t, "rev-parse", "HEAD")
	p := newProject(t, files{"jetson.yaml": "packages: a\nsources: [builtin, {git: '" + served.url + "#main:tree'}]\n"})

	b := p.build(t, push(), python, with("--provenance", "mode=max"))
	assert.Equal(t, "one of "+served.id+"\n", b.file(t, "/a"))
	name := served.url + "#main:tree"
	source := plan.Source{Name: name, Remote: plan.Remote{Git: served.url, Ref: "main", Dir: "tree", Revision: first}}
	assert.Equal(t, "b from "+name+"/b, a from "+name+"/robots/a", origins(b.manifest(t)))
	assert.Equal(t, []plan.Source{source}, b.manifest(t).Sources)
	provenance := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: []string{"imagetools", "inspect", b.image, "--format", "{{json .Provenance}}"}})
	require.NoError(t, provenance.Err())
	assertContains(t, provenance.Stdout, `"`+served.url+"#"+first+`"`, first)

	// The plan of a command without a builder is the same.
	planned := p.build(t, python, with("--call", "jetson.plan,format=json")).Stdout
	assert.JSONEq(t, planned, p.planHere(t, "--arg", "PYTHON_IMAGE="+pythonImage(t)))

	second := served.commit(t, files{"tree/robots/a/a.txt": "two of @ID@\n"})
	b = p.build(t, push(), python)
	assert.Equal(t, "two of "+served.id+"\n", b.file(t, "/a"))
	assert.Equal(t, second, b.manifest(t).Sources[0].Revision)
	assert.True(t, b.step(t, "[b 1/1] RUN").Cached, "what did not change is cached")
	assertContains(t, p.fail(t, python, with("--check")).Stdout, "unpinned-git", name+" is whatever is newest there")

	// A commit, by a name of the user's own.
	p = newProject(t, files{"jetson.yaml": "packages: a\nsources: {git: ours}\n" +
		"facts: {sources: {repositories: [{name: ours, git: '" + served.url + "', ref: " + first + ", dir: tree}]}}\n"})
	b = p.build(t, push(), python)
	assert.Equal(t, "one of "+served.id+"\n", b.file(t, "/a"))
	assert.Equal(t, "b from ours:b, a from ours:robots/a", origins(b.manifest(t)))
	b = p.build(t, push(), python, with("--build-context", "ours="+served.dir))
	assert.Equal(t, "two of "+served.id+"\n", b.file(t, "/a"), "a named context takes its place")

	// The same from the command line.
	r := p.jetkit(t, nil, "--build-arg", "PYTHON_IMAGE="+pythonImage(t), "--source", served.url+"#"+first+":tree", "--output", "type=local,dest=out", "--context", t.TempDir(), "a").succeeded(t)
	assert.Equal(t, "one of "+served.id+"\n", p.read(t, "out/a"), r.stderr)
}

// planHere returns the plan that jetkit plan makes without a builder.
func (p *project) planHere(t *testing.T, args ...string) string {
	t.Helper()
	cmd := jetkitCommand(t, shared.Daemon, p.dir, append([]string{"plan", "--format", "json", "--run-config-py", "--base", base(t)}, args...)...)
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+t.TempDir())
	return runCommand(t, cmd).succeeded(t).stdout
}

// TestRepositoriesThatCannotBeFetched holds that an error says which source, what git said and what helps.
func TestRepositoriesThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	served := newProject(t, remotePackages()).serveGit(t, "hush")
	dir := t.TempDir()
	writeFiles(t, dir, "", files{"token": "hush"})
	token := with("--secret", "id=GIT_AUTH_TOKEN,src="+filepath.Join(dir, "token"))
	for want, c := range map[string]struct {
		source, key string
		given       buildOption
		hint        string
	}{
		"could not read Username":           {source: "main:tree", given: with(), hint: "give a token: --secret id=GIT_AUTH_TOKEN."},
		"does not contain ref none":         {source: "none:tree", given: token},
		"the repository has no folder none": {source: "main:none", given: token},
		"#main:none to search":              {source: "main", key: ", dir: none", given: token},
	} {
		source := served.url + "#" + c.source
		p := newProject(t, files{"jetson.yaml": "packages: a\nsources: [{git: '" + source + "'" + c.key + "}]\n"})
		b := p.fail(t, c.given)
		assertContains(t, b.Stderr, "jetson.yaml:4", want, c.hint)
		if c.key == "" {
			assertContains(t, b.Stderr, source+" cannot be fetched: ")
		}
		assert.NotContains(t, b.Stderr, "hush")
	}
	p := newProject(t, files{"jetson.yaml": "packages: a\nsources: [{git: '" + served.url + "#main:tree'}]\n"})
	b := p.build(t, push(), token)
	assert.Equal(t, "one of "+served.id+"\n", b.file(t, "/a"))
}

// TestImageAsSource builds a package of an image that jetson.yaml names.
func TestImageAsSource(t *testing.T) {
	t.Parallel()
	image := newProject(t, files{"Dockerfile": "FROM scratch\nCOPY tree /\n"})
	image.write(t, remotePackages())
	ref := shared.Ref(image.id + ":1")
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: image.dir, Args: []string{"--push", "--provenance=false", "--tag", ref, "."}}).Err())
	p := newProject(t, files{"jetson.yaml": "packages: a\nsources: {image: " + ref + "}\n"})
	b := p.build(t, push())
	assert.Equal(t, "one of "+image.id+"\n", b.file(t, "/a"))
	pulled, err := shared.Image(t.Context(), ref, "")
	require.NoError(t, err)
	digest, err := pulled.Digest()
	require.NoError(t, err)
	assert.Equal(t, []plan.Source{{Name: "docker-image://" + ref, Remote: plan.Remote{Image: ref, Revision: digest.String()}}}, b.manifest(t).Sources)

	p = newProject(t, files{"jetson.yaml": "packages: a\nsources: {image: '" + shared.Ref("none:1") + "'}\n"})
	assertContains(t, p.fail(t).Stderr, "jetson.yaml:4", "docker-image://"+shared.Ref("none:1")+" cannot be fetched: ", "not found")
}
