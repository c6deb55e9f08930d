package builder

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// home is a user's folder with nothing in it, and the environment that leads
// there.
func home(t *testing.T, variables ...string) (string, Options) {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"HOME": dir, "JETKIT_BUILDER_DIR": filepath.Join(dir, "builder")}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	return dir, Options{Env: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}}
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}

// buildxBuilder writes a builder to buildx's store.
func buildxBuilder(t *testing.T, dir, name, driver string) {
	t.Helper()
	write(t, `{"Name":"`+name+`","Driver":"`+driver+`","Nodes":[{"Name":"`+name+`0","Endpoint":"unix:///nowhere.sock"}]}`,
		dir, ".docker", "buildx", "instances", name)
}

// dockerContext writes a context to Docker's store.
func dockerContext(t *testing.T, dir, name string) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	write(t, `{"Name":"`+name+`","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///context.sock"}}}`,
		dir, ".docker", "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
}

func TestOrder(t *testing.T) {
	const use = `{"Key":"unix:///var/run/docker.sock","Name":"chosen","Global":false}`
	for name, test := range map[string]struct {
		variables []string
		flag      string
		current   string // buildx's file of that name
		want      []string
	}{
		"nothing": {want: []string{"buildx", "BUILDKIT_HOST", "Docker", "private buildkitd"}},
		"the flag wins": {
			flag: "other", variables: []string{"BUILDX_BUILDER=chosen", "BUILDKIT_HOST=tcp://h:1"}, current: use,
			want: []string{"buildx builder other named"},
		},
		"BUILDX_BUILDER": {
			variables: []string{"BUILDX_BUILDER=other", "BUILDKIT_HOST=tcp://h:1"}, current: use,
			want: []string{"buildx builder other named"},
		},
		"a chosen builder comes before BUILDKIT_HOST": {
			variables: []string{"BUILDKIT_HOST=tcp://h:1"}, current: use,
			want: []string{"buildx builder chosen", "BuildKit at tcp://h:1 named"},
		},
		"BUILDKIT_HOST comes before buildx's default": {
			variables: []string{"BUILDKIT_HOST=tcp://h:1"},
			want:      []string{"buildx", "BuildKit at tcp://h:1 named"},
		},
		"a choice for another engine": {
			variables: []string{"DOCKER_HOST=tcp://elsewhere:2375"}, current: use,
			want: []string{"buildx", "BUILDKIT_HOST", "Docker", "private buildkitd"},
		},
		"a global choice": {
			variables: []string{"DOCKER_HOST=tcp://elsewhere:2375"}, current: strings.Replace(use, "false", "true", 1),
			want: []string{"buildx builder chosen", "BUILDKIT_HOST", "Docker", "private buildkitd"},
		},
		"a choice that was removed": {
			current: strings.Replace(use, "chosen", "gone", 1),
			want:    []string{"buildx", "BUILDKIT_HOST", "Docker", "private buildkitd"},
		},
		"an address as a name": {flag: "ssh://jetson", want: []string{"BuildKit at ssh://jetson named"}},
		"a Docker context":     {flag: "board", want: []string{"Docker context board named"}},
		"Docker's default":     {flag: "default", want: []string{"Docker context default named"}},
		"the private one":      {flag: "jetkit", want: []string{"private buildkitd named"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, opts := home(t, test.variables...)
			opts.Name = test.flag
			buildxBuilder(t, dir, "chosen", "remote")
			buildxBuilder(t, dir, "other", "docker-container")
			dockerContext(t, dir, "board")
			if test.current != "" {
				write(t, test.current, dir, ".docker", "buildx", "current")
			}
			list, err := candidates(opts)
			require.NoError(t, err)
			var got []string
			for _, c := range list {
				source := c.source
				if c.named {
					source += " named"
				}
				got = append(got, source)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// TestNamedWrongly: a builder that was named and is not there is an error, with
// what there is.
func TestNamedWrongly(t *testing.T) {
	for _, test := range []struct{ flag, variable, want string }{
		{"jetsno", "", `--builder: there is no builder "jetsno": did you mean jetson?`},
		{"x", "", `--builder: there is no builder "x": there are default, jetkit, jetson`},
		{"../instances/jetson", "", `--builder: there is no builder "../instances/jetson"`},
		{"htp://x", "", `--builder: "htp://x" is no address of a builder: unknown scheme "htp"`},
		{"", "BUILDX_BUILDER=nobody", `BUILDX_BUILDER: there is no builder "nobody"`},
		{"", "BUILDKIT_HOST=/run/buildkit/buildkitd.sock", `BUILDKIT_HOST: "/run/buildkit/buildkitd.sock" is no address of a builder`},
		{"", "BUILDKIT_HOST=unix:///nowhere/buildkitd.sock", `BuildKit at unix:///nowhere/buildkitd.sock: dial unix /nowhere/buildkitd.sock: connect: no such file or directory`},
		{"unix:///nowhere/buildkitd.sock", "", `BuildKit at unix:///nowhere/buildkitd.sock: dial unix`},
	} {
		dir, opts := home(t, test.variable)
		opts.Name = test.flag
		buildxBuilder(t, dir, "jetson", "remote")
		_, err := Find(t.Context(), opts)
		assert.ErrorContains(t, err, test.want)
	}
}

func TestOlder(t *testing.T) {
	for version, want := range map[string]bool{
		"v0.31.1": false, "v0.31.0": true, "v0.9.3": true, "v0.34.2": false, "v1.0.0": false, "0.31.1": false,
		"v0.33.1-moby": false, "v0.20.2-moby": true, "v0.0.0+unknown": false, "dfc52f2": false, "": false,
	} {
		assert.Equal(t, want, older(version), version)
	}
}
