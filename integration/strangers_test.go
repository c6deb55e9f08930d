//go:build integration

package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStrangersInATree builds a package whose tree holds files that cannot be read
// beside it: each disables the package of its own folder, with a warning.
func TestStrangersInATree(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                      "packages: [fine]\n",
		"packages/fine/Dockerfile":         dockerfile("name: fine", "RUN : @ID@\n"),
		"packages/dangling/Dockerfile":     "-> Dockerfile.gone",
		"packages/loop/Dockerfile":         "-> Dockerfile",
		"packages/up/Dockerfile":           dockerfile("name: up", ""),
		"packages/up/around":               "-> ..",
		"packages/with-socket/Dockerfile":  dockerfile("name: with-socket", ""),
		"packages/config-pipe/Dockerfile":  dockerfile("name: config-pipe", ""),
		"packages/odd-file/Dockerfile":     dockerfile("name: odd-file", ""),
		"packages/odd-file/caf\xe9.json":   "{}",
		"packages/odd-b\xffd/Dockerfile":   dockerfile("name: odd", ""),
		"packages/with-socket/placeholder": "",
		"packages/pipe/placeholder":        "",
	})
	file := func(name string) string { return filepath.Join(p.dir, "packages", name) }
	require.NoError(t, syscall.Mkfifo(file("pipe/Dockerfile"), 0o644))
	require.NoError(t, syscall.Mkfifo(file("config-pipe/config.yaml"), 0o644))
	socket, err := os.Open(file("with-socket"))
	require.NoError(t, err)
	defer socket.Close()
	listener, err := net.Listen("unix", fmt.Sprintf("/proc/self/fd/%d/test.sh", socket.Fd())) // a socket's path is short
	require.NoError(t, err)
	defer listener.Close()

	b := p.build(t)
	for name, why := range map[string]string{
		"packages/pipe": "Dockerfile is a named pipe", "packages/config-pipe": "config.yaml is a named pipe",
		"packages/dangling": "cannot read the package", "packages/loop": "cannot read the package",
	} {
		require.Contains(t, b.Stderr, why, name)
	}
	failed := p.fail(t, arg("PACKAGES=pipe"))
	require.Contains(t, failed.Stderr, "cannot read the package: Dockerfile is a named pipe [unreadable]")
}
