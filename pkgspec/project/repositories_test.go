package project_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
)

const commit = "1111111111111111111111111111111111111111"

// elsewhere has a package, and one in a folder, at some addresses.
func elsewhere(urls ...string) *contexts {
	c := &contexts{files: map[string]fstest.MapFS{"": {}}, remote: map[string]fstest.MapFS{}}
	for _, url := range urls {
		c.remote[url] = fstest.MapFS{"a/Dockerfile": file(header), "more/b/Dockerfile": file("#---\n# name: b\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")}
	}
	return c
}

func TestRepositories(t *testing.T) {
	const url = "https://github.com/dusty-nv/jetson-containers.git#dd206bfe71f9ed35a02d9b9d9954bddb1b649602:packages"
	const text = "target: {l4t: 36.4.3}\npackages: a\n"
	for name, test := range map[string]struct {
		text    string
		url     string
		origins string
		want    []plan.Source
	}{
		"a short name": {
			"sources: {git: jetson-containers}", url, "jetson-containers:more/b jetson-containers:a",
			[]plan.Source{{Name: "jetson-containers", Remote: plan.Remote{
				Git: "https://github.com/dusty-nv/jetson-containers.git", Ref: "dd206bfe71f9ed35a02d9b9d9954bddb1b649602", Dir: "packages", Revision: commit,
			}}},
		},
		"another commit of it": {
			"sources: {git: 'jetson-containers#v2:p'}", "https://github.com/dusty-nv/jetson-containers.git#v2:p",
			"jetson-containers#v2:p/more/b jetson-containers#v2:p/a",
			[]plan.Source{{Name: "jetson-containers#v2:p", Remote: plan.Remote{Git: "https://github.com/dusty-nv/jetson-containers.git", Ref: "v2", Dir: "p", Revision: commit}}},
		},
		"a name of the user's own": {
			"sources: {git: robots}\nfacts: {sources: {repositories: [{name: robots, git: 'https://host/robots.git', ref: v3}]}}", "https://host/robots.git#v3",
			"robots:more/b robots:a",
			[]plan.Source{{Name: "robots", Remote: plan.Remote{Git: "https://host/robots.git", Ref: "v3", Revision: commit}}},
		},
		"a URL": {
			"sources: {git: 'https://host/a.git'}", "https://host/a.git", "https://host/a.git:more/b https://host/a.git:a",
			[]plan.Source{{Name: "https://host/a.git", Remote: plan.Remote{Git: "https://host/a.git", Revision: commit}}},
		},
		"two folders of one, and one for nothing": {
			"sources: [{git: 'https://host/a.git', dir: more}, builtin, {git: 'https://host/a.git', dir: a}, {git: 'https://host/c.git'}]", "https://host/a.git",
			"https://host/a.git:more/b https://host/a.git:a",
			[]plan.Source{{Name: "https://host/a.git", Remote: plan.Remote{Git: "https://host/a.git", Revision: commit}}},
		},
		"an image": {
			"sources: {image: robots/packages:1}", "docker-image://robots/packages:1", "docker-image://robots/packages:1:more/b docker-image://robots/packages:1:a",
			[]plan.Source{{Name: "docker-image://robots/packages:1", Remote: plan.Remote{Image: "robots/packages:1", Revision: commit}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, said, err := load(t, text+test.text+"\n", elsewhere(test.url, "https://host/c.git"))
			require.NoError(t, err)
			require.Empty(t, said)
			resolved, problems, err := p.Solve(t.Context())
			require.NoError(t, err)
			require.Empty(t, problems)
			assert.Equal(t, test.want, resolved.Sources)
			var origins []string
			for _, step := range resolved.Steps {
				origins = append(origins, step.Origin.String())
			}
			assert.Equal(t, test.origins, strings.Join(origins, " "))
			dt, err := p.ReadFile(resolved.Steps[1].At.File)
			require.NoError(t, err, "messages name files that can be read")
			assert.Equal(t, header, string(dt))
		})
	}
}

// TestNamedContextForRepository holds that a named context takes a repository's place.
func TestNamedContextForRepository(t *testing.T) {
	c := elsewhere()
	c.files["jetson-containers"] = fstest.MapFS{"packages/a/Dockerfile": file("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")}
	p, said, err := load(t, "target: {l4t: 36.4.3}\npackages: a\nsources: {git: jetson-containers#v2}\n", c)
	require.NoError(t, err)
	require.Empty(t, said)
	resolved, problems, err := p.Solve(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	assert.Equal(t, plan.Origin{Kind: plan.Named, Name: "jetson-containers", Path: "packages/a"}, resolved.Steps[0].Origin)
	assert.Empty(t, resolved.Sources)
}

func TestBadRepositories(t *testing.T) {
	for text, want := range map[string]string{
		"sources: [{git: robots}]": "jetson.yaml:3:11: error: no repository is known as robots [unknown-repository]\n" +
			"    hint: write a URL, as in https://host/repository.git#REF:FOLDER; the names that stand for one are jetson-containers\n",
		"sources: [{git: 'https://host/none.git#v1:p'}, {git: jetson-containers}]": "jetson.yaml:3:11: error: https://host/none.git#v1:p cannot be fetched: " +
			"fatal: could not read Username for 'https://host': terminal prompts disabled [unreachable-source]\n" +
			"    hint: if not everybody may read it, give a token: --secret id=GIT_AUTH_TOKEN.host,env=NAME; commands without a builder use git's own credentials\n" +
			"jetson.yaml:3:48: error: https://github.com/dusty-nv/jetson-containers.git#dd206bfe71f9ed35a02d9b9d9954bddb1b649602:packages cannot be fetched: " +
			"fatal: could not read Username for 'https://host': terminal prompts disabled [unreachable-source]\n" +
			"    hint: if not everybody may read it, give a token: --secret id=GIT_AUTH_TOKEN.github.com,env=NAME; commands without a builder use git's own credentials\n",
		"sources: [{git: 'https://host/a.git', dir: packges}]": "",
	} {
		_, said, err := load(t, "target: {l4t: 36.4.3}\npackages: a\n"+text+"\n", elsewhere("https://host/a.git"))
		require.NoError(t, err)
		assert.Equal(t, want, said, text)
	}
}

func TestUnpinnedSources(t *testing.T) {
	p, said, err := load(t, "target: {l4t: 36.4.3}\npackages: a\nsources: [{git: 'https://host/a.git#main:p'}, {image: robots/a}, {git: 'https://host/a.git#v1'}, {image: 'robots/a:1'}]\n",
		elsewhere("https://host/a.git#main:p", "docker-image://robots/a", "https://host/a.git#v1", "docker-image://robots/a:1"))
	require.NoError(t, err)
	require.Empty(t, said)
	resolved, problems, err := p.Solve(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems, "only a check says it")
	said = ""
	for _, d := range p.Lint(resolved) {
		said += d.String() + "\n"
	}
	assert.Equal(t, "jetson.yaml:3:11: warning: sources: https://host/a.git#main:p is whatever is newest there on the day of the build [unpinned-git]\n"+
		"    hint: name a tag or a commit: {git: \"https://host/a.git#"+commit+":p\"}\n"+
		"jetson.yaml:3:47: warning: sources: robots/a is whatever image that name has on the day of the build [unpinned-image]\n"+
		"    hint: name a version, or for one image alone its digest: robots/a@sha256:…\n", said)
}

// TestCommitsWinOverLocks holds that a lock says what a branch is, and nothing of a commit that jetson.yaml names.
func TestCommitsWinOverLocks(t *testing.T) {
	other := strings.Repeat("2", 40)
	c := elsewhere("https://host/a.git#"+commit, "https://host/a.git#main")
	_, problems, err := project.Load(t.Context(), project.Options{
		File: "jetson.yaml", Data: []byte("target: {l4t: 36.4.3}\npackages: a\nsources: [{git: 'https://host/a.git#" + commit + "'}, {git: 'https://host/a.git#main'}]\n"), Contexts: c,
		Lock:     []byte(`{"version": 1, "pins": {"sources": {"https://host/a.git#` + commit + `": "` + other + `", "https://host/a.git#main": "` + other + `"}}}`),
		Complete: func(s *pkgspec.Spec) error { s.Target.Platform = "linux/arm64"; return nil },
	})
	require.NoError(t, err)
	require.Empty(t, problems)
	revisions := map[string]string{}
	for _, source := range c.fetched {
		revisions[source.String()] = source.Revision
	}
	assert.Equal(t, map[string]string{"https://host/a.git#" + commit: "", "https://host/a.git#main": other}, revisions)
}
