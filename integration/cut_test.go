//go:build integration

package integration

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// wire is a connection to a daemon that can be held up and cut.
type wire struct {
	addr string
	// holds says after how many bytes each direction stops, and held is closed when one does.
	up, down int64
	held     chan struct{}

	once     sync.Once
	mu       sync.Mutex
	conns    []net.Conn
	listener net.Listener
	let      chan struct{} // closed when nothing is held any more
}

// unlimited never holds a direction.
const unlimited = -1

// wireTo puts a wire before a daemon. A direction stops after some bytes, or never.
func wireTo(t *testing.T, d *harness.Daemon, up, down int64) *wire {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "jkw-") //nolint:usetesting // t.TempDir is too long a path for unix sockets
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	w := &wire{addr: "unix://" + socket, up: up, down: down, held: make(chan struct{}), listener: listener, let: make(chan struct{})}
	t.Cleanup(w.cut)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			daemon, err := net.Dial("unix", strings.TrimPrefix(d.Addr, "unix://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, client, daemon)
			w.mu.Unlock()
			go w.copy(daemon, client, w.up)
			go w.copy(client, daemon, w.down)
		}
	}()
	return w
}

func (w *wire) copy(to, from net.Conn, limit int64) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	if limit != unlimited {
		if _, err := io.CopyN(to, from, limit); err != nil {
			return
		}
		w.once.Do(func() { close(w.held) })
		<-w.let
		return
	}
	_, _ = io.Copy(to, from)
}

// cut ends every connection, as a network does that goes away.
func (w *wire) cut() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
	select {
	case <-w.let:
	default:
		close(w.let)
	}
}
