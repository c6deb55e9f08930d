package remote_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/remote"
)

func TestParseGit(t *testing.T) {
	for text, want := range map[string]struct {
		name   string
		remote plan.Remote
	}{
		"HTTPS://host/a.git":                 {remote: plan.Remote{Git: "https://host/a.git"}},
		"https://host/a.git":                 {remote: plan.Remote{Git: "https://host/a.git"}},
		"https://host/a.git#":                {remote: plan.Remote{Git: "https://host/a.git"}},
		"https://host/a#v1":                  {remote: plan.Remote{Git: "https://host/a", Ref: "v1"}},
		"https://host/a.git#:packages":       {remote: plan.Remote{Git: "https://host/a.git", Dir: "packages"}},
		"https://host/a.git#feature/x:a//b/": {remote: plan.Remote{Git: "https://host/a.git", Ref: "feature/x", Dir: "a/b"}},
		"http://host:3000/a.git#main:.":      {remote: plan.Remote{Git: "http://host:3000/a.git", Ref: "main"}},
		"ssh://git@host:22/a.git#main":       {remote: plan.Remote{Git: "ssh://git@host:22/a.git", Ref: "main"}},
		"git@github.com:robots/a.git#v1:p":   {remote: plan.Remote{Git: "git@github.com:robots/a.git", Ref: "v1", Dir: "p"}},
		"github.com/robots/a#v1":             {remote: plan.Remote{Git: "https://github.com/robots/a", Ref: "v1"}},
		"git://host/a":                       {remote: plan.Remote{Git: "git://host/a"}},
		"jetson-containers":                  {name: "jetson-containers"},
		"jetson-containers#master:packages":  {name: "jetson-containers", remote: plan.Remote{Ref: "master", Dir: "packages"}},
	} {
		name, r, err := remote.ParseGit(text)
		require.NoError(t, err, text)
		assert.Equal(t, want.name, name, text)
		assert.Equal(t, want.remote, r, text)
	}
}

func TestBadGit(t *testing.T) {
	for text, want := range map[string]string{
		"":                                `"" is neither a URL nor the name of a repository`,
		"dusty-nv/jetson-containers":      `"dusty-nv/jetson-containers" is neither a URL nor the name of a repository`,
		"../jetson-containers":            `"../jetson-containers" is neither a URL nor the name of a repository`,
		"https://":                        "the URL names no repository",
		"https://host/":                   "the URL names no repository",
		"https://ho st/a":                 "the URL is not valid",
		"file:///etc":                     "a repository is fetched by https, http, ssh or git, not by file",
		"ext::sh -c id":                   "the URL is not valid",
		"ssh://-oProxyCommand=id/a":       "the URL is not valid",
		"ssh://-oProxyCommand=id@host/a":  "the URL is not valid",
		"https://host/a?ref=v1":           "the URL has a query: write the ref and the folder behind #",
		"https://token@host/a":            "the URL has a user or password in it, which plans and messages would show: give --secret id=GIT_AUTH_TOKEN.host instead",
		"https://me:token@host/a":         "the URL has a user or password in it, which plans and messages would show: give --secret id=GIT_AUTH_TOKEN.host instead",
		"ssh://git:secret@host/a":         "the URL has a password in it, which plans and messages would show: give an agent with --ssh default instead",
		"https://host/a#--upload-pack=id": `"--upload-pack=id" is not the name of a branch, tag or commit`,
		"https://host/a#a..b":             `"a..b" is not the name of a branch, tag or commit`,
		"https://host/a#a b":              `"a b" is not the name of a branch, tag or commit`,
		"https://host/a#v1:../b":          `the folder "../b" is outside of the repository`,
		"https://host/a#v1:/b":            `the folder "/b" is outside of the repository`,
		"https://host/a#v1:a/../../b":     `the folder "a/../../b" is outside of the repository`,
		"-x":                              `"-x" is neither a URL nor the name of a repository`,
	} {
		_, _, err := remote.ParseGit(text)
		require.Error(t, err, text)
		assert.Equal(t, want, err.Error(), text)
	}
}

func TestParseImage(t *testing.T) {
	for text, want := range map[string]string{
		"robots/packages:1.2":                     "robots/packages:1.2",
		"docker-image://host:5000/robots/pkg:1.2": "host:5000/robots/pkg:1.2",
	} {
		r, err := remote.ParseImage(text)
		require.NoError(t, err, text)
		assert.Equal(t, plan.Remote{Image: want}, r)
	}
	_, err := remote.ParseImage("Robots Inc")
	require.Error(t, err)
}

// FuzzParseGit: what is accepted is one line, holds no option of git's, and is what String
// writes it as.
func FuzzParseGit(f *testing.F) {
	for _, text := range []string{"https://host/a.git#v1:packages", "git@host:a.git", "jetson-containers#x", "github.com/a/b#:c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, r, err := remote.ParseGit(text)
		if err != nil || name != "" {
			return
		}
		_, again, err := remote.ParseGit(r.String())
		require.NoError(t, err)
		assert.Equal(t, r, again)
		assert.NotRegexp(t, `^-`, r.Git)
		assert.NotRegexp(t, `^-`, r.Ref)
		assert.NotRegexp(t, `[\x00-\x1f]`, r.Git+r.Ref+r.Dir)
	})
}
