package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tonistiigi/fsutil"
)

func TestParseAttest(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"type=provenance,mode=max":              {"provenance", "type=provenance,mode=max"},
		ShortAttest("provenance", "mode=max"):   {"provenance", "type=provenance,mode=max"},
		ShortAttest("provenance", "false"):      {"provenance", ""},
		ShortAttest("sbom", "true"):             {"sbom", "type=sbom,disabled=false"},
		ShortAttest("sbom", "generator=a/b:1"):  {"sbom", "type=sbom,generator=a/b:1"},
		"type=sbom,disabled=true,generator=a/b": {"sbom", ""},
	} {
		kind, value, err := ParseAttest(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, [2]string{kind, value}, text)
	}
	for _, text := range []string{"mode=max", "type=sbom,disabled=perhaps", "type"} {
		_, _, err := ParseAttest(text)
		assert.Error(t, err, text)
	}
}

func TestParseAnnotation(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, text := range []string{"a=b", "index:c=d=e", "manifest[linux/arm64],index-descriptor:f=g"} {
		require.NoError(t, ParseAnnotation(text, got), text)
	}
	assert.Equal(t, map[string]string{
		"annotation.a": "b", "annotation-index.c": "d=e", "annotation-manifest[linux/arm64].f": "g", "annotation-index-descriptor.f": "g",
	}, got)
	for _, text := range []string{"a", "=b", "layer:a=b", "manifest[:a=b"} {
		assert.Error(t, ParseAnnotation(text, got), text)
	}
}

func TestParseHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"robot:10.0.0.1": "robot=10.0.0.1", "robot=10.0.0.1": "robot=10.0.0.1", "six:[::1]": "six=::1", "six=::1": "six=::1",
		"robot": "", ":1.2.3.4": "", "robot:there": "",
	} {
		got, err := ParseHost(text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestParseSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("from a file"), 0o600))
	env := func(name string) (string, bool) {
		value, ok := map[string]string{"TOKEN": "from the environment"}[name]
		return value, ok
	}
	for text, want := range map[string]string{
		"id=a,src=" + file:           "from a file",
		"id=a,source=" + file:        "from a file",
		"id=a,env=TOKEN":             "from the environment",
		"id=TOKEN":                   "from the environment",
		"type=env,id=a,src=TOKEN":    "from the environment",
		"type=file,id=a,src=" + file: "from a file",
	} {
		s, err := ParseSecret(text, env)
		require.NoError(t, err, text)
		got, err := (&secretStore{[]Secret{s}, env}).GetSecret(t.Context(), s.ID)
		require.NoError(t, err, text)
		assert.Equal(t, want, string(got), text)
	}
	for text, want := range map[string]string{
		"src=x":            "it has no id",
		"id=a,src=none":    "no such file",
		"id=a,env=NONE":    "there is no variable NONE",
		"id=a,b=c":         `there is no key "b"`,
		"id=a,type=x,env=": `there is no type "x"`,
		"id":               "is not of the form",
	} {
		_, err := ParseSecret(text, env)
		assert.ErrorContains(t, err, want, text)
	}
}

// TestOptions checks what the frontend gets: what docker buildx build would send.
func TestOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := &Request{
		File: "command line", Data: []byte("packages: [a]"), Context: dir,
		Contexts: map[string]string{"base": "docker-image://debian", "tree": dir, "context": dir, "git": "https://example.com/a.git"},
		Args:     map[string]string{"A": "1", "BUILDKIT_INLINE_CACHE": "1"}, Labels: map[string]string{"l": "v"},
		Platforms: []string{"linux/amd64", "linux/arm64"}, Target: "b", NoCacheFilter: []string{"x", "y"}, Pull: true,
	}
	opt, err := r.solveOpt()
	require.NoError(t, err)
	base := filepath.Base(dir)
	assert.Equal(t, map[string]string{
		"filename": "command line", "build-arg:A": "1", "build-arg:BUILDKIT_INLINE_CACHE": "1", "label:l": "v",
		"context:base": "docker-image://debian", "context:tree": "local:tree", "context:context": "local:_context", "context:git": "https://example.com/a.git",
		"sharedkey:localdir:tree": base, "sharedkey:localdir:context": base,
		"platform": "linux/amd64,linux/arm64", "target": "b", "no-cache": "x,y", "image-resolve-mode": "pull",
		"attest:provenance": "mode=min,inline-only=true",
	}, opt.FrontendAttrs)
	assert.Equal(t, []client.CacheOptionsEntry{{Type: "inline", Attrs: map[string]string{}}}, opt.CacheExports)
	assert.ElementsMatch(t, []string{"dockerfile", "context", "tree", "_context"}, keys(opt.LocalMounts))
	assert.Equal(t, base, opt.SharedKey)

	r = &Request{File: "dir/jetson.yaml", Context: "https://example.com/a.git#main", Attests: map[string]string{"provenance": ""}}
	opt, err = r.solveOpt()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"filename": "dir/jetson.yaml", "context": "https://example.com/a.git#main"}, opt.FrontendAttrs)
	assert.Empty(t, opt.LocalMounts)

	_, err = (&Request{Context: dir, Contexts: map[string]string{"a": filepath.Join(dir, "none")}}).solveOpt()
	assert.ErrorContains(t, err, "named context a: ")
}

func keys(mounts map[string]fsutil.FS) []string {
	var names []string
	for name := range mounts {
		names = append(names, name)
	}
	return names
}
