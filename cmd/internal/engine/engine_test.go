package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConnect follows docker's own order: DOCKER_HOST, DOCKER_CONTEXT, the current
// context, this machine's engine.
func TestConnect(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	for name, host := range map[string]string{"board": "ssh://jetson@board", "lab": "tcp://lab:2375"} {
		sum := sha256.Sum256([]byte(name))
		write("contexts/meta/"+hex.EncodeToString(sum[:])+"/meta.json",
			`{"Name":"`+name+`","Metadata":{"Description":"x"},"Endpoints":{"docker":{"Host":"`+host+`","SkipTLSVerify":false}}}`)
	}
	for _, test := range []struct {
		config              string
		variables           map[string]string
		name, context, host string
		wrong               string
	}{
		{context: "default", host: "unix:///var/run/docker.sock"},
		{config: `{"currentContext":"lab"}`, context: "lab", host: "tcp://lab:2375"},
		{config: `{"currentContext":"lab"}`, name: "board", context: "board", host: "ssh://jetson@board"},
		{config: `{"currentContext":"lab"}`, variables: map[string]string{"DOCKER_CONTEXT": "board"}, context: "board", host: "ssh://jetson@board"},
		{
			config: `{"currentContext":"lab"}`, variables: map[string]string{"DOCKER_CONTEXT": "board", "DOCKER_HOST": "tcp://host:1"},
			context: "default", host: "tcp://host:1",
		},
		{variables: map[string]string{"DOCKER_CONTEXT": "gone"}, wrong: `docker context "gone": `},
		{config: `{"currentContext":`, wrong: "config.json"},
		{variables: map[string]string{"DOCKER_HOST": "tcp://host:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, wrong: "/nowhere/ca.pem"},
		{variables: map[string]string{"DOCKER_HOST": "what"}, wrong: `docker context "default": `},
	} {
		write("config.json", test.config)
		if test.config == "" {
			require.NoError(t, os.Remove(filepath.Join(dir, "config.json")))
		}
		env := Env(func(name string) (string, bool) {
			if name == "DOCKER_CONFIG" {
				return dir, true
			}
			value, ok := test.variables[name]
			return value, ok
		})
		e, err := Connect(env, test.name)
		if test.wrong != "" {
			assert.ErrorContains(t, err, test.wrong)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, test.context, e.Context)
		assert.Equal(t, test.host, e.Host)
	}
}
