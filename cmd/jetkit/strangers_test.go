package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStrangersOnDisk plans from a tree that holds what no package has: each of it
// disables the package of its own folder, and only with a warning.
func TestStrangersOnDisk(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, "packages", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		return path
	}
	for _, name := range []string{"fine", "socket", "config-pipe", "private", "bytes"} {
		require.NoError(t, os.WriteFile(file(name+"/Dockerfile"), []byte("FROM scratch\n"), 0o644))
	}
	require.NoError(t, syscall.Mkfifo(file("pipe/Dockerfile"), 0o644))
	require.NoError(t, syscall.Mkfifo(file("config-pipe/config.yaml"), 0o644))
	require.NoError(t, os.Symlink("Dockerfile.gone", file("dangling/Dockerfile")))
	require.NoError(t, os.Symlink("Dockerfile", file("loop/Dockerfile")))
	require.NoError(t, os.Symlink("Dockerfile.pipe", file("to-a-pipe/Dockerfile")))
	require.NoError(t, syscall.Mkfifo(file("to-a-pipe/Dockerfile.pipe"), 0o644))
	require.NoError(t, os.Symlink("..", file("fine/up")))
	require.NoError(t, os.WriteFile(file("bytes/caf\xe9.json"), nil, 0o644))
	require.NoError(t, os.WriteFile(file("b\xffd/Dockerfile"), nil, 0o644))
	t.Chdir(dir) // a socket's path is short
	socket, err := net.Listen("unix", "packages/socket/test.sh")
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, os.Chmod(file("private/Dockerfile"), 0))
	unreadable := os.Geteuid() != 0 // root reads all

	plan := func(name string) (code int, out, errs string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), []string{"plan", name, "--l4t", "36.4.3", "--platform", "linux/arm64"},
			&system{out: &stdout, err: &stderr, env: os.LookupEnv, cache: t.TempDir()})
		return code, stdout.String(), stderr.String()
	}
	code, out, errs := plan("fine")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "1  fine")
	disabled := map[string]string{
		"pipe":        "cannot read the package: Dockerfile is a named pipe",
		"config-pipe": "cannot read the package: config.yaml is a named pipe",
		"dangling":    "cannot read the package: ", "loop": "cannot read the package: ", "to-a-pipe": "cannot read the package: ",
	}
	if unreadable {
		disabled["private"] = "cannot read the package: "
	}
	for name, why := range disabled {
		require.Contains(t, errs, "packages/"+name+": warning: "+why)
		code, _, errs := plan(name)
		require.NotEqual(t, exitOK, code)
		require.Contains(t, errs, "packages/"+name+": error: "+why)
	}
	for _, name := range []string{"socket", "bytes"} {
		code, _, errs := plan(name)
		require.Equal(t, exitOK, code, errs)
	}
}
