package userdir

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFolders(t *testing.T) {
	env := map[string]string{"HOME": "/home/a", "XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": "/state", "XDG_RUNTIME_DIR": "run"}
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	assert.Equal(t, "/home/a/.config", Config(lookup), "a path that is not absolute does not count")
	assert.Equal(t, "/home/a/.local/share", Data(lookup))
	assert.Equal(t, "/state", State(lookup))
	assert.Empty(t, Runtime(lookup))
	env["XDG_RUNTIME_DIR"] = "/run/user/1"
	assert.Equal(t, "/run/user/1", Runtime(lookup))
	delete(env, "HOME")
	assert.Empty(t, Data(lookup))
	assert.Equal(t, "/state", State(lookup))
}
