//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestBuilderChoice asks real builders for their disk usage, and the command tells which it asked and why.
func TestBuilderChoice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	engine, err := shared.Dockerd(ctx)
	require.NoError(t, err)
	distant, second := remoteDaemon(t), secondDaemon(t)
	chosen := chooseBuilder(t, shared.Daemon)
	private := "JETKIT_BUILDER_DIR=" + filepath.Join(t.TempDir(), "b")
	t.Cleanup(func() { assert.Empty(t, processesWith(t, "dial-stdio"), "connections that outlive their command") })
	for name, test := range map[string]struct {
		args, env []string
		says      string
		fails     bool
	}{
		"by flag":           {args: []string{"--builder", shared.Daemon.Builder}, says: "buildx builder jetkit-main v0.34.2 (--builder)"},
		"by variable":       {env: []string{"BUILDX_BUILDER=" + shared.Daemon.Builder}, says: "buildx builder jetkit-main v0.34.2 (BUILDX_BUILDER)"},
		"with certificates": {args: []string{"--builder", distant.Builder}, says: "buildx builder " + distant.Builder + " v0.34.2 (--builder)"},
		"chosen":            {env: []string{chosen, "BUILDKIT_HOST=tcp://nowhere:1"}, says: "buildx builder jetkit-main v0.34.2 (docker buildx use)"},
		"by address":        {env: []string{"BUILDKIT_HOST=" + shared.Daemon.Addr}, says: "BuildKit at " + shared.Daemon.Addr + " v0.34.2 (BUILDKIT_HOST, no buildx builder)"},
		"an old engine that was named": {
			args: []string{"--builder", "default"}, env: []string{"DOCKER_HOST=" + engine.Host}, fails: true,
			says: "ERROR: Docker context default: Docker 20.10.24+dfsg1: its BuildKit is older than v0.11, jetkit needs v0.31.1 or later: " +
				"upgrade Docker to 29.8.2 or later, or name another builder with --builder",
		},
		"an old engine that was found": {
			env: []string{"DOCKER_HOST=" + engine.Host, private, "PATH=/usr/bin:/bin:/usr/sbin"}, fails: true,
			says: "\n  Docker: Docker 20.10.24+dfsg1: its BuildKit is older than v0.11",
		},
		"a daemon that is gone": {
			args: []string{"--builder", remoteBuilder(t, "gone", "unix:///nowhere/buildkitd.sock")}, fails: true,
			says: "ERROR: buildx builder gone: dial unix /nowhere/buildkitd.sock: connect: no such file or directory\n",
		},
		"two nodes, through buildx": {
			args: []string{"--builder", remoteBuilder(t, "pair", shared.Daemon.Addr, second.Addr)}, says: "buildx builder pair v0.34.2 (--builder)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := shared.Jetkit(ctx, harness.JetkitRun{Args: append([]string{"builder", "du"}, test.args...), Env: test.env})
			assert.Contains(t, res.Stderr, test.says)
			assert.Equal(t, test.fails, res.ExitCode != 0, "exit code %d", res.ExitCode)
			if !test.fails {
				assert.Contains(t, res.Stdout, "\nTotal:", "the table of buildx du")
			}
		})
	}
}

// TestConnectionOfKilledBuild ends a build that is connected through a process of buildx's, in order and by force: neither
// the process nor the step is left.
func TestConnectionOfKilledBuild(t *testing.T) {
	t.Parallel()
	builder := remoteBuilder(t, "killed", secondDaemon(t).Addr, shared.Daemon.Addr)
	image := base(t)
	for seconds, force := range map[string]bool{"86392": false, "86393": true} {
		p := newProject(t, one("name: a", "RUN echo @ID@ && exec sleep "+seconds+"\n"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan harness.Result, 1)
		go func() {
			done <- shared.Jetkit(ctx, harness.JetkitRun{
				Dir: p.dir, Abandon: force,
				Args: []string{"build", "-f", "jetson.yaml", "--builder", builder, "--build-arg", "BASE_IMAGE=" + image, "--output", "type=cacheonly", "--progress", "plain"},
			})
		}()
		require.Eventually(t, func() bool { return len(sleeping(t, seconds)) > 0 || len(done) > 0 }, 60*time.Second, 20*time.Millisecond)
		assert.NotEmpty(t, processesWith(t, "dial-stdio"))
		cancel()
		res := <-done
		assert.Contains(t, res.Stderr, "builder: buildx builder killed v0.34.2")
		if !force {
			assert.Equal(t, 130, res.ExitCode, "exit code")
			assert.Empty(t, processesWith(t, builder), "a connection that outlives its command")
		}
		require.Eventually(t, func() bool {
			return len(sleeping(t, seconds)) == 0 && len(processesWith(t, builder)) == 0
		}, 10*time.Second, 20*time.Millisecond, "step or connection are left")
	}
}

// chooseBuilder makes a store of buildx's own in which a daemon was chosen, and returns the variable that leads there.
func chooseBuilder(t *testing.T, d *harness.Daemon) string {
	t.Helper()
	store := "BUILDX_CONFIG=" + t.TempDir()
	create := shared.BuildxCommand(t.Context(), harness.BuildxRun{
		Args: []string{"create", "--use", "--driver", "remote", "--name", d.Builder, d.Addr},
		// What was chosen is filed under the engine's address.
		Env: []string{store, "DOCKER_HOST=unix://" + filepath.Join(shared.Root, "no-docker.sock")},
	})
	require.NoError(t, create.Err())
	return store
}

// remoteBuilder tells buildx of a builder with a node at each address.
func remoteBuilder(t *testing.T, name string, addresses ...string) string {
	t.Helper()
	for i, address := range addresses {
		args := []string{"create", "--driver", "remote", "--name", name, address}
		if i > 0 {
			args = append(args, "--append")
		}
		require.NoError(t, shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: args}).Err())
	}
	return name
}

// processesWith lists the command lines of the harness's processes that hold a word.
func processesWith(t *testing.T, word string) []string {
	t.Helper()
	var found []string
	for _, dir := range must(filepath.Glob("/proc/[0-9]*")) {
		environ, _ := os.ReadFile(filepath.Join(dir, "environ")) // one that ended has none
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if bytes.Contains(environ, []byte("="+shared.Root+"\x00")) && bytes.Contains(args, []byte(word)) {
			found = append(found, strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	return found
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// privateBuilder is one test's own.
type privateBuilder struct {
	dir string
}

func newPrivateBuilder(t *testing.T) *privateBuilder {
	t.Helper()
	dir, err := os.MkdirTemp(shared.Root, "own") //nolint:usetesting // its disk is large, and its socket's path must be short
	require.NoError(t, err)
	p := &privateBuilder{dir: dir}
	t.Cleanup(func() {
		assert.NoError(t, p.run(context.WithoutCancel(t.Context()), "builder", "stop").Err())
		assert.Empty(t, processesWith(t, dir))
		assert.NoError(t, os.RemoveAll(dir))
	})
	return p
}

// run runs jetkit where there is no builder but the private one.
func (p *privateBuilder) run(ctx context.Context, args ...string) harness.Result {
	return shared.Jetkit(ctx, harness.JetkitRun{Args: args, Env: p.env()})
}

func (p *privateBuilder) env() []string {
	return []string{"JETKIT_BUILDER_DIR=" + p.dir, "PATH=" + shared.Tools() + ":" + os.Getenv("PATH"), "BUILDX_CONFIG=" + p.dir}
}

type builderStatus struct {
	Running bool
	PID     int
	Version string
	Used    int64 `json:"used_bytes"`
}

func (p *privateBuilder) status(t *testing.T) builderStatus {
	t.Helper()
	res := p.run(t.Context(), "builder", "status", "--format", "json")
	require.NoError(t, res.Err())
	var s builderStatus
	require.NoError(t, json.Unmarshal([]byte(res.Stdout), &s))
	return s
}

// hang begins a build whose step goes on until it is killed, and returns when it runs.
func (p *privateBuilder) hang(t *testing.T, seconds string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, "", files{"Dockerfile": "FROM " + base(t) + "\nRUN sleep " + seconds + "\n"})
	cmd := exec.CommandContext(t.Context(), filepath.Join(shared.Tools(), "buildctl"), "--addr", "unix://"+p.dir+"/buildkitd.sock",
		"build", "--progress", "plain", "--frontend", "dockerfile.v0", "--local", "context="+dir, "--local", "dockerfile="+dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // it fails: its builder is killed
	require.Eventually(t, func() bool { return len(sleeping(t, seconds)) > 0 }, 30*time.Second, 20*time.Millisecond, "the step: %s", &output)
	return cmd
}

// sleeping lists processes of steps, which have none of the harness's environment.
func sleeping(t *testing.T, seconds string) []string {
	t.Helper()
	var found []string
	for _, name := range must(filepath.Glob("/proc/[0-9]*/cmdline")) {
		args, _ := os.ReadFile(name)
		if string(args) == "sleep\x00"+seconds+"\x00" {
			found = append(found, name)
		}
	}
	return found
}

func TestPrivateBuilder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := newPrivateBuilder(t)
	list := p.run(ctx, "builder", "ls")
	require.Contains(t, list.Stdout, "private buildkitd*   -          -           it does not run; a build starts it")

	// Of several at once one starts the daemon, and all find it.
	var both sync.WaitGroup
	var results [2]harness.Result
	held, err := os.Create(filepath.Join(t.TempDir(), "held"))
	require.NoError(t, err)
	defer held.Close()
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, held.Fd(), syscall.F_SETFD, 0) // children inherit it, as a shell's
	require.Zero(t, errno)
	for i := range results {
		both.Go(func() { results[i] = p.run(ctx, "builder", "start") })
	}
	both.Wait()
	said := results[0].Stderr + results[1].Stderr
	for _, res := range results {
		require.NoError(t, res.Err())
		assert.Equal(t, "jetkit\n", res.Stdout)
	}
	assert.Equal(t, 1, strings.Count(said, "started"), said)
	assert.Len(t, processesWith(t, p.dir+"/buildkitd.sock"), 1)
	first := p.status(t)
	assert.True(t, first.Running)
	for _, open := range must(filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", first.PID))) {
		to, _ := os.Readlink(open) // it may be closed by now
		assert.NotContains(t, to, "held", "a file of the one who started it")
	}
	assert.Equal(t, "v0.34.2", first.Version)
	again := p.run(ctx, "builder", "start")
	assert.Contains(t, again.Stderr, fmt.Sprintf("runs already, process %d", first.PID))

	p.dies(t, first)

	// The end of it leaves no process, no mount and no socket, but log and cache.
	p.hang(t, "86391")
	stop := p.run(ctx, "builder", "stop")
	require.NoError(t, stop.Err())
	assert.Equal(t, "jetkit\n", stop.Stdout)
	p.assertGone(t, "86391")
	assert.FileExists(t, filepath.Join(p.dir, "buildkitd.log"))

	// A command that needs it starts it again. Its cache is still there, until it is removed.
	usage := p.run(ctx, "builder", "du", "--format", "{{.Type}} {{.Description}}")
	assert.Contains(t, usage.Stderr, "builder: private buildkitd v0.34.2 (no buildx builder, no BUILDKIT_HOST, no Docker at unix://")
	assert.Contains(t, usage.Stdout, "pulled from ")
	assert.NotZero(t, p.status(t).Used)
	p.compareUsage(t)
	prune := p.run(ctx, "builder", "prune", "--all", "--force")
	require.NoError(t, prune.Err())
	assert.Contains(t, prune.Stdout, "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n")
	assert.NotContains(t, prune.Stdout, "Total:\t0B")
	assert.Zero(t, p.status(t).Used)
}

// compareUsage shows that the forms of the list are those of docker buildx du.
func (p *privateBuilder) compareUsage(t *testing.T) {
	t.Helper()
	address := "unix://" + filepath.Join(p.dir, "buildkitd.sock")
	name := remoteBuilder(t, filepath.Base(p.dir), address)
	spaces, ages := regexp.MustCompile(`[ \t]+`), regexp.MustCompile(`(Less than a second|About a minute|\d+ \w+) ago`)
	same := func(text string) string { return spaces.ReplaceAllString(ages.ReplaceAllString(text, "AGE"), " ") }
	for _, args := range [][]string{
		nil,
		{"--verbose"},
		{"--format", "json"},
		{"--format", `{{.ID}}\t{{.UsageCount}}`},
		{"--filter", "type=regular"},
		{"--filter", "until=24h", "--format", "table {{.ID}}\t{{.CreatedAt}}"},
	} {
		args = append([]string{"du"}, args...)
		theirs := shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: args, Env: []string{"BUILDX_BUILDER=" + name}})
		require.NoError(t, theirs.Err())
		ours := p.run(t.Context(), append([]string{"builder"}, args...)...)
		require.NoError(t, ours.Err())
		assert.Equal(t, same(theirs.Stdout), same(ours.Stdout), args)
	}
}

// dies kills the daemon in the middle of a build, as the kernel does when memory runs out. Its steps and mounts go with
// it, and the next command starts another.
func (p *privateBuilder) dies(t *testing.T, first builderStatus) {
	t.Helper()
	p.hang(t, "86390")
	require.NoError(t, syscall.Kill(first.PID, syscall.SIGKILL))
	require.Eventually(t, func() bool { return len(sleeping(t, "86390")) == 0 }, 5*time.Second, 20*time.Millisecond)
	assert.False(t, p.status(t).Running)
	assert.FileExists(t, filepath.Join(p.dir, "buildkitd.sock"), "the killed daemon's")
	start := p.run(t.Context(), "builder", "start")
	require.NoError(t, start.Err())
	assert.Contains(t, start.Stderr, "v0.34.2 started")
	second := p.status(t)
	assert.True(t, second.Running)
	assert.NotEqual(t, first.PID, second.PID)
}

func (p *privateBuilder) assertGone(t *testing.T, seconds string) {
	t.Helper()
	assert.Empty(t, sleeping(t, seconds))
	assert.Empty(t, processesWith(t, p.dir))
	mounts, err := os.ReadFile("/proc/mounts")
	require.NoError(t, err)
	assert.NotContains(t, string(mounts), p.dir)
	for _, name := range []string{"buildkitd.sock", "buildkitd.pid", "otel.sock"} {
		assert.NoFileExists(t, filepath.Join(p.dir, name))
	}
}

// TestPrivateBuilderOfKilledCommand: a command that is killed while the daemon starts, at several moments, leaves one that
// the next command finds or replaces.
func TestPrivateBuilderOfKilledCommand(t *testing.T) {
	t.Parallel()
	p := newPrivateBuilder(t)
	for _, after := range []time.Duration{10, 30, 60, 100, 150, 250} {
		ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
		shared.Jetkit(ctx, harness.JetkitRun{Args: []string{"builder", "start"}, Env: p.env(), Abandon: true})
		cancel()
		start := p.run(t.Context(), "builder", "start")
		require.NoError(t, start.Err(), "killed after %s", after*time.Millisecond)
		assert.Len(t, processesWith(t, p.dir+"/buildkitd.sock"), 1)
		require.NoError(t, p.run(t.Context(), "builder", "stop").Err())
		p.assertGone(t, "-")
	}
}
