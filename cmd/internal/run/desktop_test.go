package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWildCookies(t *testing.T) {
	const one = "0100 0003 626f78 0001 30 0012 4d49542d4d414749432d434f4f4b49452d31 0002 abcd\n"
	entry := "\xff\xff\x00\x03box\x00\x010\x00\x12MIT-MAGIC-COOKIE-1\x00\x02\xab\xcd"
	assert.Equal(t, entry, string(wildCookies(one)))
	assert.Equal(t, entry+entry, string(wildCookies(one+"not a cookie\n\n0100 0003 62\n0100 0004 626f78 0000 0000 0000\n"+one)))
	assert.Empty(t, wildCookies(""))
	assert.Equal(t, "\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", string(wildCookies("ffff 0000 0000 0000 0000")))
}

// TestXauth has xauth itself read the file.
func TestXauth(t *testing.T) {
	if _, err := exec.LookPath("xauth"); err != nil {
		t.Skip("there is no xauth on this machine")
	}
	file := filepath.Join(t.TempDir(), "authority")
	xauth := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "xauth", append([]string{"-f", file}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	xauth("add", ":0", "MIT-MAGIC-COOKIE-1", "00112233445566778899aabbccddeeff")
	listed := xauth("nlist", ":0")
	require.NotEmpty(t, listed)
	require.NoError(t, os.WriteFile(file, wildCookies(listed), 0o600))
	assert.Contains(t, xauth("list"), "#ffff#")
	assert.Contains(t, xauth("list"), "00112233445566778899aabbccddeeff")
}

func TestX11(t *testing.T) {
	w := world{machine: "orin", env: map[string]string{"DISPLAY": "box:10.0"}, cookies: "0000 0000 0000 0000 0000\n", programs: "xhost"}
	w.files = map[string]string{"/tmp/.X11-unix/X0": ""}
	plan, options := w.options(t, "img")
	assert.Subset(t, options, []string{
		"--env DISPLAY=box:10.0", "--mount type=bind,source=/tmp/.X11-unix,target=/tmp/.X11-unix",
		"--mount type=bind,source=/run/user/1000/jetkit/xauth-box_10.0,target=/tmp/.docker.xauth", "--env XAUTHORITY=/tmp/.docker.xauth",
	})
	assert.False(t, plan.Xhost)
	w.cookies = ""
	plan, options = w.options(t, "img")
	assert.NotContains(t, strings.Join(options, " "), "XAUTHORITY")
	assert.True(t, plan.Xhost, "without a cookie root is let in")
	w.programs = ""
	plan, _ = w.options(t, "img")
	assert.False(t, plan.Xhost)
	assert.Contains(t, strings.Join(plan.Warnings, "\n"), "windows may not open")
	plan, options = w.options(t, "--without x11 img")
	assert.NotContains(t, strings.Join(options, " "), "DISPLAY")
	assert.Empty(t, plan.Warnings)
}
