//go:build integration

package integration

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestPolicyFile holds that docker buildx checks all sources of a build by the jetson.yaml.rego beside the file, and that
// a refusal names who asks.
func TestPolicyFile(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	policy := func(rules string) {
		m.write(t, files{"jetson.yaml.rego": "package docker\n\ndefault allow := true\n\n" + rules + "\ndecision := {\"allow\": allow}\n"})
	}
	host := strings.TrimPrefix(m.download.URL, "http://")
	policy("allow := false if input.http.host == \"none.example.com\"")
	assert.Equal(t, "one/one/one/one/one", m.build(t, noBase(), push()).contents(t), "a policy that forbids nothing of it")
	for name, c := range map[string]struct {
		rule string
		want []string
	}{
		"a download": {
			`input.http.host == "` + host + `"`,
			[]string{"packages/a/Dockerfile:7", "not allowed by policy", "it is asked for by package a (packages/a/Dockerfile:7)"},
		},
		"a base":                   {`contains(input.image.ref, ":base")`, []string{"jetson.yaml:4", "not allowed by policy", "base image " + m.base}},
		"an image of a Dockerfile": {`contains(input.image.ref, ":tool")`, []string{"packages/a/Dockerfile:9", "not allowed by policy", "package a"}},
		"a source of packages": {
			`input.git.branch == "main"`,
			[]string{"jetson.yaml:5", "not allowed by policy", m.served.url + "#main:packages cannot be fetched: "},
		},
		"a repository of a Dockerfile": {`input.git.branch == "data"`, []string{"packages/a/Dockerfile:8", "not allowed by policy", "it is asked for by package a"}},
	} {
		t.Run(name, func(t *testing.T) {
			policy("allow := false if { " + c.rule + " }")
			assertContains(t, m.fail(t, noBase(), push()).Stderr, c.want...)
		})
	}
}

// TestPolicyConverts holds that a source policy which takes images and repositories from a mirror is followed by all that
// resolves them.
func TestPolicyConverts(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	mirror := newProject(t, files{"data.txt": "mirror", "packages/b/Dockerfile": dockerfile("name: b", "COPY b.txt /b\n"), "packages/b/b.txt": "mirror"}).serveGit(t, "")
	download := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("mirror")) }))
	t.Cleanup(download.Close)
	mirror.write(t, files{"image": "mirror", "Dockerfile": "FROM scratch\nCOPY image /\n"})
	image := shared.Ref(mirror.id + ":mirror")
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: mirror.dir, Args: []string{"--push", "--provenance=false", "--tag", image, "."}}).Err())
	rule := func(selector, identifier string, attrs map[string]string) map[string]any {
		return map[string]any{
			"action": "CONVERT", "selector": map[string]string{"identifier": selector, "matchType": "WILDCARD"},
			"updates": map[string]any{"identifier": identifier, "attrs": attrs},
		}
	}
	git := func(url string) string { return "git://" + strings.TrimPrefix(url, "http://") }
	text, err := json.Marshal(map[string]any{"version": 1, "rules": []any{
		rule("docker-image://"+m.base+"*", "docker-image://"+image, nil),
		rule("docker-image://"+m.tool+"*", "docker-image://"+image, nil),
		rule(git(m.served.url)+"#m*", git(mirror.url)+"#m${1}", map[string]string{"git.fullurl": mirror.url}),
		rule(git(m.served.url)+"#data", git(mirror.url)+"#main", map[string]string{"git.fullurl": mirror.url}),
		rule(m.download.URL+"/file.txt", download.URL+"/file.txt", nil),
	}})
	require.NoError(t, err)
	m.write(t, files{"policy.json": string(text)})
	environment := func(o *buildOptions) {
		o.env = []string{"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=" + filepath.Join(m.dir, "policy.json")}
	}
	assert.Equal(t, "mirror/mirror/mirror/mirror/mirror", m.build(t, noBase(), push(), environment).contents(t))
	assert.Equal(t, "one/one/one/one/one", m.build(t, noBase(), pushTimeless("plain")).contents(t))

	// What a lock pins must be the same elsewhere.
	m.write(t, files{"jetson.lock": m.build(t, noBase(), with("--call", "jetson.lock")).Stdout})
	assertContains(t, m.fail(t, noBase(), environment).Stderr, m.base+" is sha256:", "by a source policy, and sha256:")
	require.NoError(t, os.Remove(filepath.Join(m.dir, "jetson.lock")))

	// The jetkit command follows it too. Of a policy that only buildx evaluates, it says so.
	own := func(args ...string) *ran {
		cmd := jetkitCommand(t, shared.Daemon, m.dir, append([]string{"build", "--output", "type=local,dest=out"}, args...)...)
		cmd.Env = append(cmd.Env, "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY="+filepath.Join(m.dir, "policy.json"))
		return runCommand(t, cmd)
	}
	own().succeeded(t)
	assert.Equal(t, "mirror", m.read(t, "out/git/data.txt"))
	m.write(t, files{"jetson.yaml.rego": "package docker\n"})
	r := own()
	assert.Equal(t, 1, r.code)
	assertContains(t, r.stderr, "jetson.yaml.rego is a policy that docker buildx build evaluates and jetkit does not", "--policy disabled=true")
	own("--policy", "disabled=true").succeeded(t)
	assert.Equal(t, 125, own("--policy", "strict=true").code)
}

// TestProxyNetworkRecords holds that the provenance names what RUN steps fetch where a policy turns BuildKit's proxy
// network on, and that the policy has a say in it.
func TestProxyNetworkRecords(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("answer to " + r.URL.Path)) }))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	p := newProject(t, one("name: a", `SHELL ["/bin/bash", "-c"]
RUN proxy=${http_proxy#http://}; proxy=${proxy%/}; exec 3<>/dev/tcp/${proxy%:*}/${proxy##*:}; \
    printf 'GET http://`+host+`/@ID@ HTTP/1.0\r\nHost: `+host+`\r\n\r\n' >&3; grep answer <&3 > /fetched
`))
	p.write(t, files{"jetson.yaml": p.read(t, "jetson.yaml") + "build: {network: host}\n"})
	policy := func(rules string) {
		p.write(t, files{"jetson.yaml.rego": "package docker\n\ndefault allow := true\n\n" + rules + "\ndefault caps := {}\n\ncaps := {\"exec.proxy\": true} if input.env.capsRequest\ndecision := {\"allow\": allow, \"caps\": caps}\n"})
	}
	policy("allow := false if input.http.host == \"" + host + "\"")
	assertContains(t, p.fail(t, push(), with("--allow", "network.host")).Stderr, "packages/a/Dockerfile:7", "package a failed")

	policy("")
	b := p.build(t, push(), with("--allow", "network.host", "--provenance", "mode=max"))
	assert.Equal(t, "answer to /"+p.id+"\n", b.file(t, "/fetched"))
	provenance := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: []string{"imagetools", "inspect", b.image, "--format", "{{json .Provenance}}"}})
	require.NoError(t, provenance.Err())
	assertContains(t, provenance.Stdout, server.URL+"/"+p.id)
}
