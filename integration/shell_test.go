//go:build integration

package integration

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/console"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failing builds a project of one package until a step fails, with a shell there.
func failing(t *testing.T, tree files, args ...string) *terminal {
	t.Helper()
	p := newProject(t, tree)
	args = append([]string{"build", "-f", "jetson.yaml", "--on-error", "shell", "--base", base(t), "--output", "type=cacheonly", "--progress", "plain"}, args...)
	return onTerminal(t, jetkitCommand(t, shared.Daemon, p.dir, args...))
}

func TestShellInAFailedStep(t *testing.T) {
	t.Parallel()
	term := failing(t, one("name: a", `ENV FOO=b@ID@
RUN useradd -m joe && mkdir /srv/work && chown joe /srv/work
USER joe
WORKDIR /srv/work
RUN --mount=type=cache,target=/cache,uid=1000 --mount=type=tmpfs,target=/fast --mount=type=secret,id=token \
  echo half > made; echo kept > /cache/file; exit 7
`), "--secret", "id=token,src=packages/a/Dockerfile")
	term.sees(t, "exit 7 failed with exit code 7.")
	term.sees(t, "in /bin/bash, as user joe in /srv/work.")
	term.sees(t, "/bin/sh -c 'echo half > made;")
	term.sees(t, "exit ends it")
	term.asks(t, "echo user $(id -un)", "user joe")
	term.asks(t, "cat made; pwd", "half\r\n/srv/work")
	term.asks(t, "cat /cache/f*; echo $FOO", "kept\r\nbtestshellinafailedstep")
	term.asks(t, "stat -f -c %T /fast; stty size", "tmpfs\r\n33 99")
	require.NoError(t, term.screen.Resize(console.WinSize{Height: 44, Width: 111}))
	require.NoError(t, term.cmd.Process.Signal(syscall.SIGWINCH)) // the console library's resize is silent
	time.Sleep(200 * time.Millisecond)
	term.asks(t, "stty size", "44 111")
	term.types(t, "sleep 100\n")
	time.Sleep(300 * time.Millisecond)
	term.types(t, "\x03") // Ctrl-C ends the program there, and not the build
	term.asks(t, "echo ended with $?", "ended with 130")
	term.types(t, "exit 3\n")
	term.sees(t, "ERROR: package a failed in step")
	assert.Equal(t, 1, term.ends(t), "the build fails as it would without a shell")
}

func TestShellInAFailedTest(t *testing.T) {
	t.Parallel()
	term := failing(t, files{
		"jetson.yaml":           "packages: [a]\ntests: {privileged: [a], network: none}\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo @ID@ > /a\nUSER nobody\n"),
		"packages/a/test.sh":    script("touch /test/written /out/result; exit 9"),
	}, "--allow", "security.insecure")
	term.sees(t, "[test a] test.sh failed with exit code 9.")
	term.sees(t, "/bin/bash /test/test.sh")
	term.asks(t, "ls -1 /test/wr* /out/*; id -un", "/out/result\r\n/test/written\r\nnobody")
	own, err := os.ReadFile("/proc/self/status") // a privileged step has all capabilities that there are here
	require.NoError(t, err)
	all := regexp.MustCompile(`(?m)^CapBnd:.*$`).FindString(string(own))
	term.asks(t, "ls /sys/class/net; grep CapBnd /proc/self/status", "lo\r\n"+all)
	term.asks(t, "/test/test.sh; echo again $?", "again 9")
	term.types(t, "\x04") // the end of the input ends the shell
	assert.Equal(t, 1, term.ends(t))
}

func TestNoShellForWhatIsNoStep(t *testing.T) {
	t.Parallel()
	term := failing(t, one("name: a", "COPY none-@ID@ /\n"))
	term.sees(t, "no shell for this error: ")
	assert.Equal(t, 1, term.ends(t))
	term = failing(t, one("name: a\nnonsense: 1", ""))
	term.sees(t, "no shell for this error: no step of the builder failed")
	assert.Equal(t, 1, term.ends(t))
}

// stageTree has a package with a test that fails, one after it, and settings of the image.
func stageTree() files {
	return files{
		"jetson.yaml":           "packages: [a, b]\nimage: {user: joe, env: {WHERE: image}}\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo @ID@ > /a && useradd joe\nENV WHERE=a\nWORKDIR /srv\nUSER nobody\n"),
		"packages/a/test.sh":    script("exit 1"),
		"packages/b/Dockerfile": dockerfile("name: b\ndepends: a", "USER root\nRUN echo @ID@ > /b\n"),
	}
}

func TestShellInAStage(t *testing.T) {
	t.Parallel()
	p := newProject(t, stageTree())
	const show = `echo "$(id -un) $WHERE $(pwd) $(ls -d /a /b 2>/dev/null | xargs) $(ls /test | xargs)"; touch /data/x /out/x; exit 5`
	for name, c := range map[string]struct {
		args  []string
		shows string
	}{
		"a package":          {[]string{"-f", "jetson.yaml", "a", "--base", base(t)}, "nobody a /srv /a Dockerfile test.sh\n"},
		"the image":          {[]string{"-f", "jetson.yaml", "--base", base(t)}, "joe image /srv /a /b \n"},
		"the folder's image": {[]string{"--base", base(t)}, "joe image /srv /a /b \n"},
		"without a file":     {[]string{"b", "--source", "packages", "--base", base(t)}, "root a /srv /a /b Dockerfile\n"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := jetkitCommand(t, shared.Daemon, p.dir, append(append([]string{"shell"}, c.args...), "--", "sh", "-c", show)...)
			out, err := cmd.Output()
			require.Equal(t, 5, cmd.ProcessState.ExitCode(), "%s: %v", out, err)
			assert.Equal(t, c.shows, string(out))
		})
	}
	t.Run("commands from standard input", func(t *testing.T) {
		cmd := jetkitCommand(t, shared.Daemon, p.dir, "shell", "-f", "jetson.yaml", "a", "--base", base(t))
		cmd.Stdin = strings.NewReader("echo $(( 6*7 ))\nexit 4\n")
		out, _ := cmd.Output()
		assert.Equal(t, "42\n", string(out))
		assert.Equal(t, 4, cmd.ProcessState.ExitCode())
	})
	t.Run("on a terminal", func(t *testing.T) {
		term := onTerminal(t, jetkitCommand(t, shared.Daemon, p.dir, "shell", "-f", "jetson.yaml", "a", "--base", base(t)))
		term.sees(t, "Stage of package a, as its tests have it")
		term.asks(t, "/test/test.sh; echo result $?", "result 1")
		term.types(t, "exit 2\n")
		assert.Equal(t, 2, term.ends(t))
	})
	t.Run("Ctrl-C for a command that handles no signal", func(t *testing.T) {
		term := onTerminal(t, jetkitCommand(t, shared.Daemon, p.dir, "shell", "-f", "jetson.yaml", "a", "--base", base(t), "--", "sh", "-c", "echo $((6*7)) is up; exec sleep 100"))
		term.sees(t, "42 is up")
		term.types(t, "\x03")
		assert.Equal(t, 130, term.ends(t))
	})
	t.Run("a signal", func(t *testing.T) {
		cmd := jetkitCommand(t, shared.Daemon, p.dir, "shell", "-f", "jetson.yaml", "a", "--base", base(t), "--", "sh", "-c", "echo started; sleep 100")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = out.Read(make([]byte, 9))
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait()
		assert.Equal(t, 130, cmd.ProcessState.ExitCode())
	})
	files, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	assert.Len(t, files, 2, "nothing is written into the project")
}
