//go:build integration

package integration

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// phase is a point of a build to interrupt it at.
type phase struct {
	tree files
	args []string
	env  []string
	// blob is a file of random content that the package gets, in MiB.
	blob int
	// says is what the progress shows then; without it the connection is held up there.
	says     string
	up, down int64
}

// phases are those of a build, from the first byte to the last.
func phases(t *testing.T) map[string]phase {
	t.Helper()
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // a registry that never answers
	require.NoError(t, err)
	t.Cleanup(func() { _ = deaf.Close() })
	dockerd, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	plain := func(body string) files { return one("name: a", body) }
	random := "RUN head -c 33554432 /dev/urandom > /random # @ID@\n"
	return map[string]phase{
		"connecting": {tree: plain("RUN echo @ID@\n"), up: 0, down: 0},
		"transfer":   {tree: plain("COPY blob /\n"), blob: 16, up: 4 << 20, down: unlimited},
		"config.py": {
			tree: plain("RUN echo @ID@\n").and(files{"packages/a/config.py": "import time\nprint('@ID@')\ntime.sleep(1000)\n"}),
			args: []string{"--arg", "PYTHON_IMAGE=" + pythonImage(t)}, says: "[config] run",
		},
		"step":   {tree: plain("RUN echo now''running; sleep 1000 # @ID@\n"), says: "nowrunning"},
		"test":   {tree: one("name: a\ntest: test.sh @ID@", "RUN echo @ID@\n").and(files{"packages/a/test.sh": script("echo nowrunning; sleep 1000")}), says: "nowrunning"},
		"export": {tree: plain(random), args: []string{"--output", "type=oci,dest=out/image.tar"}, up: unlimited, down: 8 << 20},
		"load":   {tree: plain(random), args: []string{"--load", "--tag", "half-@ID@"}, env: []string{"DOCKER_HOST=" + dockerd.Host}, up: unlimited, down: 8 << 20},
		"push":   {tree: plain("RUN echo @ID@\n"), args: []string{"--output", "type=image,push=true,name=" + deaf.Addr().String() + "/a:1"}, says: "pushing"},
	}
}

// interruptions are what can happen to a build, with the exit code of the command; -1 is death by a signal.
var interruptions = map[string]struct {
	do   func(*interrupted)
	code int
}{
	"SIGINT":  {func(i *interrupted) { _ = i.signal(syscall.SIGINT) }, 130},
	"SIGTERM": {func(i *interrupted) { _ = i.signal(syscall.SIGTERM) }, 130},
	"SIGKILL": {func(i *interrupted) { _ = i.signal(syscall.SIGKILL) }, -1},
	"network": {func(i *interrupted) { i.wire.cut() }, 1},
}

// interrupted is a build that is.
type interrupted struct {
	wire   *wire
	signal func(os.Signal) error
}

// Whatever a build is interrupted by and when, it ends soon and leaves nothing: no file that is half written, no process of
// the command's or the builder's, no image.
func TestInterruptedBuildLeavesNothing(t *testing.T) {
	t.Parallel()
	all := phases(t)
	for name, p := range all {
		for by, how := range interruptions {
			if by == "SIGTERM" && name != "step" && name != "export" { // as SIGINT
				continue
			}
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				interruptBuild(t, p, how.do, how.code)
			})
		}
	}
}

func interruptBuild(t *testing.T, ph phase, do func(*interrupted), code int) {
	t.Helper()
	p := newProject(t, ph.tree)
	if ph.blob > 0 {
		blob := make([]byte, ph.blob<<20)
		_, _ = rand.Read(blob) // never fails
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "packages/a/blob"), blob, 0o644))
	}
	up, down := ph.up, ph.down
	if ph.says != "" {
		up, down = unlimited, unlimited
	}
	w := wireTo(t, shared.Daemon, up, down)
	args := append([]string{"build", "-f", "jetson.yaml", "--base", base(t), "--progress", "plain"}, ph.args...)
	if len(ph.args) == 0 || strings.HasPrefix(ph.args[0], "--arg") {
		args = append(args, "--output", "type=cacheonly")
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "@ID@", p.id)
	}
	cmd := jetkitCommand(t, shared.Daemon, p.dir, args...)
	home := environment(cmd.Env, "HOME")
	cmd.Env = append(append(cmd.Env, "BUILDKIT_HOST="+w.addr), ph.env...)
	require.NoError(t, os.Mkdir(filepath.Join(p.dir, "out"), 0o755))
	before := namesBelow(t, p.dir)

	said := make(chan struct{})
	var output bytes.Buffer
	cmd.Stderr = &observed{&output, &watcher{what: ph.says, seen: said, done: ph.says == ""}}
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	select {
	case <-said:
	case <-w.held:
	case <-ended:
		require.Fail(t, "it ended early", "%s", &output)
	case <-time.After(60 * time.Second):
		require.Fail(t, "it never came so far", "%s", &output)
	}
	do(&interrupted{wire: w, signal: cmd.Process.Signal})
	start := time.Now()
	<-ended
	assert.Less(t, time.Since(start), 20*time.Second, "time to end")
	assert.Equal(t, code, cmd.ProcessState.ExitCode(), "exit code:\n%s", &output)

	if code == 1 && ph.up != 0 { // where there was a connection
		assert.Contains(t, output.String(), "the connection to the builder ended")
	}

	assert.Equal(t, before, namesBelow(t, p.dir), "files of the project")
	for _, name := range namesBelow(t, home) {
		assert.True(t, strings.HasPrefix(name, "cache/"), "left in the home: %s", name)
	}
	w.cut() // of a client that was killed the kernel would do it
	for end := time.Now().Add(30 * time.Second); len(processesOf(t, p.id)) > 0; time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "processes: %q", processesOf(t, p.id))
	}
	if len(ph.env) > 0 {
		dockerd, err := shared.Dockerd(t.Context())
		require.NoError(t, err)
		assert.NotContains(t, dockerd.Docker(t.Context(), harness.DockerRun{Args: []string{"images"}}).Stdout, p.id, "images")
	}
}

// observed is output that is kept and watched.
type observed struct {
	text  *bytes.Buffer
	watch *watcher
}

func (b *observed) Write(p []byte) (int, error) {
	_, _ = b.watch.Write(p) // never fails
	return b.text.Write(p)
}

func environment(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// namesBelow lists the files of a folder.
func namesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	return names
}

// processesOf returns the command lines that mention a mark.
func processesOf(t *testing.T, mark string) []string {
	t.Helper()
	var found []string
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range paths {
		if dt, err := os.ReadFile(path); err == nil && bytes.Contains(dt, []byte(mark)) {
			found = append(found, strings.ReplaceAll(string(dt), "\x00", " "))
		}
	}
	return found
}
