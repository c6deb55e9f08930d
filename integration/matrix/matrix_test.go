//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChosenVersions(t *testing.T) {
	all := []string{"v0.9.3", "v0.30.0", "v0.31.0", "v0.31.1", "v0.31.2", "v0.32.0-rc1", "v0.32.0", "v0.32.1", "v0.33.0", "v0.34.0", "v0.34.2"}
	assert.Equal(t, []string{"v0.31.1", "v0.32.1", "v0.33.0"}, chosen("v0.34.2", all))
	assert.Equal(t, []string{"v0.31.1", "v0.32.1", "v0.33.0", "v0.34.10", "v0.35.0"}, chosen("v0.34.2", append(all, "v0.34.9", "v0.34.10", "v0.35.0", "v0.36.0-rc1")))
}

func TestTable(t *testing.T) {
	cells := make([]cell, len(probes))
	for i := range cells {
		cells[i] = cell{ok: true}
	}
	cells[1] = cell{message: "first\nand second line"}
	cells[2] = cell{message: "another"}
	cells[3] = cells[1]
	cells[4] = cell{difference: "a file"}
	m := &matrix{rows: []row{{builder: builder{name: "one"}, cells: cells}, {builder: builder{name: "two"}, reason: "not tried: it is missing"}}}
	text := m.table("v1")
	assert.Contains(t, text, "| one | yes | no (1) | no (2) | no (1) | another image (3) | yes |")
	assert.Contains(t, text, "\n3. How the image differs from that of the first builder:\n\n   ```\n   a file\n   ```\n")
	assert.Contains(t, text, "| two | not tried: it is missing |  |")
	assert.Contains(t, text, "\n1. What the user sees:\n\n   ```\n   first\n   and second line\n   ```\n")

	page := filepath.Join(t.TempDir(), "page.md")
	require.Error(t, writeBetweenMarks(page, "x"))
	require.NoError(t, os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600))
	require.NoError(t, writeBetweenMarks(page, "new\n"))
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+begin+"\nnew\n\n"+end+"after\n", string(written))
}

// What connects to the address in another network reaches the one that is offered here.
func TestForward(t *testing.T) {
	registry, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = registry.Close() }()
	go func() {
		c, err := registry.Accept()
		if err == nil {
			asked, _ := io.ReadAll(c) // up to the end of what was sent
			_, _ = c.Write(append(asked, " answered"...))
			_ = c.Close()
		}
	}()
	socket := filepath.Join(t.TempDir(), "s")
	require.NoError(t, offer(socket, registry.Addr().String()))
	there, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = there.Close() }()
	go func() { _ = serve(there, "unix", socket) }()

	c, err := net.Dial("tcp", there.Addr().String())
	require.NoError(t, err)
	_, err = c.Write([]byte("asked"))
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "asked answered", string(answer))
}
