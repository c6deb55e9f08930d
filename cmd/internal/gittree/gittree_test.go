package gittree

import (
	"bytes"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// repository is one that a server has.
type repository struct {
	t      *testing.T
	dir    string
	remote plan.Remote
}

// run runs git in the repository.
func (r repository) run(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@t", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@t")
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "git %v\n%s", args, out)
	return strings.TrimSpace(string(out))
}

// commit writes a file and commits all there is.
func (r repository) commit(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o644))
	r.run("add", ".")
	r.run("commit", "--quiet", "--message=all")
	return r.run("rev-parse", "HEAD")
}

// serve makes a repository and a server of it, which wants a password if one is given.
func serve(t *testing.T, password string) repository {
	t.Helper()
	r := repository{t: t, dir: filepath.Join(t.TempDir(), "repo")}
	require.NoError(t, os.Mkdir(r.dir, 0o755))
	r.run("init", "--quiet", "--initial-branch=main")
	backend := &cgi.Handler{
		Path: filepath.Join(r.run("--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, got, _ := req.BasicAuth(); got != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.remote.Git = server.URL + "/repo/.git"
	return r
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	dt, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(dt)
}

func TestFolder(t *testing.T) {
	t.Parallel()
	r := serve(t, "")
	first := r.commit("packages/a/Dockerfile", "one")
	r.run("tag", "--annotate", "--message=x", "v1")
	second := r.commit("packages/a/Dockerfile", "two")
	r.run("branch", "v1", second) // a branch wins over a tag, as with git checkout

	var notes bytes.Buffer
	now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	s := Store{Dir: filepath.Join(t.TempDir(), "trees"), Notes: &notes, Now: now}
	for _, test := range []struct{ ref, dir, commit, file, text string }{
		{"", "", second, "packages/a/Dockerfile", "two"},
		{"main", "packages", second, "a/Dockerfile", "two"},
		{"v1", "packages/a", second, "Dockerfile", "two"},
		{"refs/tags/v1", "", first, "packages/a/Dockerfile", "one"},
		{first, "packages", first, "a/Dockerfile", "one"},
	} {
		remote := plan.Remote{Git: r.remote.Git, Ref: test.ref, Dir: test.dir}
		dir, commit, err := s.Folder(t.Context(), remote)
		require.NoError(t, err, remote)
		assert.Equal(t, test.commit, commit, remote)
		assert.Equal(t, test.text, read(t, dir, test.file), remote)
	}
	fetched := strings.Count(notes.String(), "note: fetching ")
	assert.Equal(t, 5, fetched)

	third := r.commit("packages/a/Dockerfile", "three")
	_, commit, err := s.Folder(t.Context(), plan.Remote{Git: r.remote.Git, Ref: "main"})
	require.NoError(t, err)
	assert.Equal(t, third, commit, "a branch is looked up every time")
	notes.Reset()
	dir, _, err := s.Folder(t.Context(), plan.Remote{Git: "http://127.0.0.1:1/gone/.git", Ref: first, Dir: "packages"})
	require.Error(t, err, "another repository is another one: %s", dir)
	_, _, err = s.Folder(t.Context(), plan.Remote{Git: r.remote.Git, Ref: first, Dir: "packages"})
	require.NoError(t, err)
	assert.NotContains(t, notes.String(), r.remote.Git, "a commit is fetched once")

	// What nobody has used for a month goes when something is fetched.
	s.Now = now.Add(unused + time.Hour)
	kept, _, err := s.Folder(t.Context(), plan.Remote{Git: r.remote.Git, Ref: first, Dir: "packages"})
	require.NoError(t, err)
	r.commit("packages/a/Dockerfile", "four")
	_, _, err = s.Folder(t.Context(), plan.Remote{Git: r.remote.Git})
	require.NoError(t, err)
	entries, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "the one that was asked for again, and the new one")
	assert.FileExists(t, filepath.Join(kept, "a/Dockerfile"))
}

// TestErrors holds that what git says is what the user reads, and that nothing stays behind.
func TestErrors(t *testing.T) {
	t.Parallel()
	r := serve(t, "")
	commit := r.commit("a/Dockerfile", "x")
	r.run("update-index", "--add", "--cacheinfo", "160000,"+commit+",b/sub")
	r.run("commit", "--quiet", "--message=sub")
	private := serve(t, "secret")
	s := Store{Dir: t.TempDir(), Now: time.Unix(1e9, 0)}
	for want, remote := range map[string]plan.Remote{
		"repository does not contain ref none":                          {Git: r.remote.Git, Ref: "none"},
		"repository does not contain commit " + strings.Repeat("1", 40): {Git: r.remote.Git, Ref: strings.Repeat("1", 40)},
		"there is no folder none at commit ":                            {Git: r.remote.Git, Dir: "none"},
		"a/Dockerfile is no folder":                                     {Git: r.remote.Git, Dir: "a/Dockerfile"},
		"b/sub is a submodule, which only a builder fetches":            {Git: r.remote.Git},
		"fatal: could not read Username for":                            private.remote,
		"/none/' not found":                                             {Git: strings.TrimSuffix(r.remote.Git, "/repo/.git") + "/none"},
		"Failed to connect to 127.0.0.1 port 1":                         {Git: "http://127.0.0.1:1/a.git"},
	} {
		_, _, err := s.Folder(t.Context(), remote)
		require.Error(t, err, remote)
		assert.Contains(t, err.Error(), want)
	}
	_, _, err := s.Folder(t.Context(), plan.Remote{Git: r.remote.Git, Dir: "a"})
	require.NoError(t, err, "the submodule is elsewhere")
	entries, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// TestStrangers holds that a repository runs nothing on this machine, and reaches no file of it.
func TestStrangers(t *testing.T) {
	r := serve(t, "")
	marker := filepath.Join(t.TempDir(), "ran")
	config := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(config, []byte("[filter \"x\"]\n\tsmudge = touch "+marker+"\n\trequired = true\n[core]\n\thooksPath = "+filepath.Dir(marker)+"\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(marker), "post-checkout"), []byte("#!/bin/sh\ntouch "+marker+"\n"), 0o755))
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, ".gitattributes"), []byte("* filter=x\n"), 0o644))
	require.NoError(t, os.Symlink("/etc", filepath.Join(r.dir, "etc")))
	r.commit("a/Dockerfile", "x")
	s := Store{Dir: t.TempDir()}
	dir, _, err := s.Folder(t.Context(), r.remote)
	require.NoError(t, err)
	assert.NoFileExists(t, marker)
	assert.Equal(t, "x", read(t, dir, "a/Dockerfile"))
	_, _, err = s.Folder(t.Context(), plan.Remote{Git: r.remote.Git, Dir: "etc"})
	require.Error(t, err, "a link is no folder of the repository")
}

// TestSSHChecksHosts holds that ssh is told which hosts to trust, whatever the file is called.
func TestSSHChecksHosts(t *testing.T) {
	dir := t.TempDir()
	program := "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\" >> '" + dir + "/args'; done\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ssh"), []byte(program), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for file, want := range map[string]string{"": os.DevNull, "/home/me/known_hosts": `"/home/me/known_hosts"`, "/my home/hosts": `"/my home/hosts"`, `/it's/hosts`: os.DevNull} {
		_ = os.Remove(filepath.Join(dir, "args"))
		_, _, err := Store{Dir: t.TempDir(), KnownHosts: file}.Folder(t.Context(), plan.Remote{Git: "git@host.invalid:a.git"})
		require.Error(t, err)
		args := read(t, dir, "args")
		assert.Contains(t, args, "\nUserKnownHostsFile="+want+"\n", file)
		assert.NotContains(t, args, "StrictHostKeyChecking=no")
	}
}

// TestFilesOfTheCommit holds that the user's settings for line ends change no file.
func TestFilesOfTheCommit(t *testing.T) {
	r := serve(t, "")
	r.commit("a", "one\ntwo\n")
	config := filepath.Join(t.TempDir(), "gitconfig")
	require.NoError(t, os.WriteFile(config, []byte("[core]\n\tautocrlf = true\n"), 0o600))
	t.Setenv("HOME", filepath.Dir(config))
	require.NoError(t, os.Rename(config, filepath.Join(filepath.Dir(config), ".gitconfig")))
	dir, _, err := Store{Dir: t.TempDir()}.Folder(t.Context(), r.remote)
	require.NoError(t, err)
	assert.Equal(t, "one\ntwo\n", read(t, dir, "a"))
}
