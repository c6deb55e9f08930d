package builder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// processConn is a connection to a program's standard input and output. The
// program ends when its input does: at Close, and when this process dies.
type processConn struct {
	net.Conn
	cmd    *exec.Cmd
	errors tail
	exited chan struct{}
	err    error // valid after exited
	close  sync.Once
}

// endGrace is how long a program may take to end after its input has, and again
// after it was asked to.
const endGrace = 500 * time.Millisecond

// startConn runs a program. It has a process group of its own, so that Ctrl-C
// reaches only us, who end the build in order first.
func startConn(argv []string) (net.Conn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	c := &processConn{Conn: ours, cmd: exec.Command(argv[0], argv[1:]...), exited: make(chan struct{})}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirs, theirs, &c.errors
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A grandchild that keeps standard error open does not keep us.
	c.cmd.WaitDelay = endGrace
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	return c, nil
}

// socketPair returns both ends of a connection. The second is for a child.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "connection"), os.NewFile(uintptr(fds[1]), "standard input")
	defer ours.Close() // FileConn makes a copy
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn, theirs, nil
}

// Read reports why the program ended, where it did not succeed.
func (c *processConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil || n > 0 {
		return n, err
	}
	return n, c.reason(err)
}

func (c *processConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err == nil {
		return n, nil
	}
	return n, c.reason(err)
}

// reason replaces the end of a connection by what the program said last.
func (c *processConn) reason(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	select {
	case <-c.exited:
	case <-time.After(endGrace):
		return err
	}
	if c.err == nil {
		return err
	}
	if text := c.errors.String(); text != "" {
		return fmt.Errorf("%s", strings.TrimPrefix(text, "ERROR: "))
	}
	return fmt.Errorf("%s: %w", c.cmd.Args[0], c.err)
}

// Close waits for the program's end, and makes it end if it does not by itself.
func (c *processConn) Close() error {
	err := c.Conn.Close()
	c.close.Do(func() {
		for _, signal := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
			if signal != 0 {
				_ = syscall.Kill(-c.cmd.Process.Pid, signal) // an error means that it has ended
			}
			select {
			case <-c.exited:
				return
			case <-time.After(endGrace):
			}
		}
	})
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// tail keeps the last lines of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize and tailLines bound what a message shows of a program's output.
const (
	tailSize  = 4096
	tailLines = 10
)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLines(string(bytes.TrimSpace(t.text)))
}

// lastLines returns a text's end.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
