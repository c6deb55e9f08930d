package pylocal

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/configpy/pyshim"
)

// kernelProbe enters the part of the sandbox that the kernel enforces, without
// the audit hook, and tries what is left.
const kernelProbe = `
import os, socket, sys, tempfile, _thread
sys.path.insert(0, sys.argv[1])
import jetkit_sandbox
tree = tempfile.mkdtemp()
def attempt(name, f):
    try:
        f()
        print(name, "worked")
    except (OSError, RuntimeError) as error:
        print(name, "refused")
jetkit_sandbox.confine_kernel(jetkit_sandbox.readable_paths(tree))
attempt("fork", os.fork)
attempt("exec", lambda: os.execv("/bin/true", ["true"]))
attempt("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
attempt("thread", lambda: _thread.start_new_thread(print, ()))
attempt("socket", socket.socket)
attempt("pair", socket.socketpair)
attempt("write", lambda: open(os.path.join(tree, "x"), "w"))
attempt("append", lambda: open(__file__, "a"))
attempt("remove", lambda: os.remove(__file__))
attempt("mkdir", lambda: os.mkdir(os.path.join(tree, "d")))
attempt("chmod", lambda: os.chmod(__file__, 0))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("memory", lambda: os.memfd_create("x"))
attempt("read", lambda: open("/etc/passwd").read())
attempt("list", lambda: os.listdir(tree))
`

// landlock reports whether the kernel can keep a process from reading files.
func landlock() bool {
	const createRuleset, version = 444, 1
	abi, _, errno := syscall.Syscall(createRuleset, 0, 0, version)
	return errno == 0 && abi > 0
}

// TestKernelRefuses checks that the sandbox does not rest on Python alone.
func TestKernelRefuses(t *testing.T) {
	interpreter, err := findPython(t.Context(), python)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, pyshim.Files()))
	script := filepath.Join(dir, "probe.py")
	require.NoError(t, os.WriteFile(script, []byte(kernelProbe), 0o644))
	cmd := exec.CommandContext(t.Context(), interpreter, "-S", "-B", script, dir)
	cmd.Env = []string{"TMPDIR=" + t.TempDir()}
	dt, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", dt)
	for line := range strings.Lines(string(dt)) {
		want := "refused"
		if strings.HasPrefix(line, "list ") || strings.HasPrefix(line, "read ") && !landlock() {
			want = "worked"
		}
		assert.True(t, strings.HasSuffix(line, want+"\n"), line)
	}
	_, err = os.Stat(script)
	require.NoError(t, err, "%s", dt)
	assert.Equal(t, 15, strings.Count(string(dt), "\n"), "%s", dt)
}
