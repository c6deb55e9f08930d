//go:build integration

package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/console"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

var command lazy[string]

// jetkitProgram returns the jetkit command of this checkout.
func jetkitProgram(t *testing.T) string {
	t.Helper()
	return command.get(t, func() (string, error) {
		program := filepath.Join(shared.Root, "jetkit")
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "jetkit/cmd/jetkit").CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return program, err
	})
}

// jetkitCommand makes a command line of jetkit for a builder, in a home of its own.
func jetkitCommand(t *testing.T, d *harness.Daemon, dir string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), jetkitProgram(t), args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"DOCKER_CONFIG=" + home, "DOCKER_HOST=unix://" + home + "/no-docker.sock", "BUILDKIT_HOST=" + d.Addr, "TERM=xterm",
	}
	return cmd
}

// terminal is a program on a pseudo-terminal, and somebody who types.
type terminal struct {
	cmd    *exec.Cmd
	screen console.Console

	mu     sync.Mutex
	output bytes.Buffer
	read   int // how much of the output was waited for
}

// onTerminal starts a program on a terminal of 33 lines and 99 columns.
func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	screen, name, err := console.NewPty()
	require.NoError(t, err)
	require.NoError(t, screen.Resize(console.WinSize{Height: 33, Width: 99}))
	side, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = side, side, side
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	require.NoError(t, side.Close())
	term := &terminal{cmd: cmd, screen: screen}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = screen.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := screen.Read(buffer)
			term.mu.Lock()
			term.output.Write(buffer[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

// types sends keys.
func (term *terminal) types(t *testing.T, keys string) {
	t.Helper()
	_, err := term.screen.Write([]byte(keys))
	require.NoError(t, err)
}

// sees waits until the screen shows a text, after what was seen before.
func (term *terminal) sees(t *testing.T, text string) {
	t.Helper()
	shown := func() bool {
		term.mu.Lock()
		defer term.mu.Unlock()
		_, rest, found := strings.Cut(term.output.String()[term.read:], text)
		if found {
			term.read = term.output.Len() - len(rest)
		}
		return found
	}
	for end := time.Now().Add(20 * time.Second); !shown(); time.Sleep(10 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the screen does not show %q:\n%q", text, term.text())
	}
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.output.String()
}

// asks runs a command in the shell and waits for what it prints. The command must not contain the answer.
func (term *terminal) asks(t *testing.T, command, answer string) {
	t.Helper()
	term.types(t, command+"\n")
	term.sees(t, answer)
}

// ends waits for the program's end and returns its exit code. The terminal must be as it was.
func (term *terminal) ends(t *testing.T) int {
	t.Helper()
	_ = term.cmd.Wait() // says the exit code
	require.NotNil(t, term.cmd.ProcessState)
	return term.cmd.ProcessState.ExitCode()
}
