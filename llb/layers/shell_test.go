package layers_test

import (
	"bufio"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shell is one process that runs a lab's scripts, which are hundreds.
type shell struct {
	t    testing.TB
	to   io.Writer
	from *bufio.Reader
}

// Each script has a folder, and a process of its own. What is read and written ends with a zero.
const shellLoop = `while read -r -d '' dir && read -r -d '' script; do
	(set -eu; umask 022; cd "$dir"; eval "$script") </dev/null 2>&1
	printf '\0%d\0' $?
done`

func startShell(tb testing.TB) *shell {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "bash", "-c", shellLoop)
	to, err := cmd.StdinPipe()
	require.NoError(tb, err)
	from, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	tb.Cleanup(func() {
		_ = to.Close()
		_ = cmd.Wait() // it is killed when the test ends
	})
	return &shell{tb, to, bufio.NewReader(from)}
}

func (s *shell) run(dir, script string) (out string, code int) {
	s.t.Helper()
	_, err := io.WriteString(s.to, dir+"\x00"+script+"\x00")
	require.NoError(s.t, err)
	out, err = s.from.ReadString(0)
	require.NoError(s.t, err)
	text, err := s.from.ReadString(0)
	require.NoError(s.t, err)
	code, err = strconv.Atoi(strings.TrimSuffix(text, "\x00"))
	require.NoError(s.t, err)
	return strings.TrimSuffix(out, "\x00"), code
}
