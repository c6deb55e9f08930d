package chain

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is a file system in a folder, in which the programs of a step with a GPU run.
type root struct {
	t   *testing.T
	dir string
}

// run runs a program that has its paths in the folder.
func (r root) run(script string, args ...string) error {
	r.t.Helper()
	for _, dir := range []string{"/usr/lib/", "/etc/ld.so.conf.d/", "/var/cache/", "/etc/nvidia", linksFile} {
		script = strings.ReplaceAll(script, dir, r.dir+dir)
	}
	file := filepath.Join(r.dir, "program")
	require.NoError(r.t, os.WriteFile(file, []byte(script), 0o755)) // it is a program
	cmd := exec.CommandContext(r.t.Context(), "/bin/sh", append([]string{file}, args...)...)
	return cmd.Run()
}

func (r root) link(name, target string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(file), 0o755)) // a folder of the test
	if err := os.Remove(file); err != nil {
		require.ErrorIs(r.t, err, os.ErrNotExist)
	}
	require.NoError(r.t, os.Symlink(target, file))
}

// target returns where a link leads; nowhere if there is none.
func (r root) target(name string) string {
	r.t.Helper()
	target, err := os.Readlink(filepath.Join(r.dir, name))
	if err != nil {
		require.ErrorIs(r.t, err, os.ErrNotExist)
	}
	return target
}

// After a step, the links of packages are there and not those of NVIDIA's hooks.
func TestCleanUp(t *testing.T) {
	const (
		hooks    = "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so" // made by hooks alone
		both     = "/usr/lib/aarch64-linux-gnu/tegra/libcuda.so"  // made by hooks, elsewhere
		packages = "/usr/lib/x86_64-linux-gnu/nvidia/libcuda.so"  // made by a package alone
		drop     = "/etc/ld.so.conf.d/00-nvcr-123.conf"
	)
	r := root{t, t.TempDir()}
	r.link(hooks, "libcuda.so.1") // the hooks of the step that makes the stubs
	r.link(both, "libcuda.so.1")
	require.NoError(t, r.run(listProgram()))
	list := filepath.Join(r.dir, linksFile)
	require.NoError(t, os.Rename(list, list+".made"))
	require.NoError(t, r.run(cleanProgram(), "cp", list+".made", list)) // as that step makes it
	require.Empty(t, r.target(hooks))
	r.link(hooks, "libcuda.so.1")
	require.NoError(t, r.run(cleanProgram(), "true"))
	require.Empty(t, r.target(hooks))
	require.Empty(t, r.target(both))

	r.link(hooks, "libcuda.so.1") // the hooks of a package's step
	r.link(both, "libcuda.so.1")
	r.link(drop, "x")
	r.link(packages, "libcuda.so.1")
	require.NoError(t, r.run(cleanProgram(), "true"))
	require.Empty(t, r.target(hooks))
	require.Empty(t, r.target(both))
	require.Equal(t, "libcuda.so.1", r.target(packages))
	require.Empty(t, r.target(drop))

	const profile, own = profileDir + "/10-container.conf", profileDir + "/50-own.conf"
	r.link(profile, "x") // the hooks of a PC
	require.NoError(t, r.run(cleanProgram(), "true"))
	require.NoDirExists(t, filepath.Join(r.dir, "/etc/nvidia"))
	r.link(profile, "x")
	r.link(own, "y")
	require.NoError(t, r.run(cleanProgram(), "true"))
	require.Empty(t, r.target(profile))
	require.Equal(t, "y", r.target(own))

	r.link(hooks, "libcuda.so.1") // the hooks of a step in which a package installs a driver
	require.NoError(t, r.run(cleanProgram(), "ln", "-sf", "libcuda.so.535", filepath.Join(r.dir, hooks)))
	require.Equal(t, "libcuda.so.535", r.target(hooks))

	r.link(both, "libcuda.so.1") // a driver whose link is that of the hooks
	require.NoError(t, r.run(cleanProgram(), "ln", "-sf", "libcuda.so.1", filepath.Join(r.dir, both)))
	require.Equal(t, "libcuda.so.1", r.target(both))

	var exit *exec.ExitError
	require.ErrorAs(t, r.run(cleanProgram(), "sh", "-c", "exit 7"), &exit)
	require.Equal(t, 7, exit.ExitCode())
}
