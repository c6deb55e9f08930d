//go:build integration

package integration

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

func TestCloseLeavesNothing(t *testing.T) {
	ctx := t.Context()
	env, err := harness.Start(ctx, harness.Options{Logf: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { _ = env.Close() }) // for when the test fails half-way; closing twice is fine
	second, err := env.StartDaemon(ctx, "second", harness.DaemonOptions{})
	require.NoError(t, err)
	base, err := env.Base(ctx)
	require.NoError(t, err)
	// Close must also cope with work in progress: a step in a builder and a container in the engine.
	waitForCallers := startEndlessWork(ctx, t, env, second, base)
	assert.NoError(t, env.Close(), "Close")
	waitForCallers()
	left := traces(t, filepath.Base(env.Root))
	assert.Nil(t, left, "left behind:\n%s", strings.Join(left, "\n"))
}

func TestStartThatFailsLeavesNothing(t *testing.T) {
	parent, err := os.MkdirTemp("/var/tmp", "jkt-") //nolint:usetesting // t.TempDir is too long a path for unix sockets
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	ending, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	starts := map[string]func() (*harness.Env, error){
		"a daemon that refuses its configuration": func() (*harness.Env, error) {
			return harness.Start(t.Context(), harness.Options{
				TempDir: parent,
				Daemon:  harness.DaemonOptions{ExtraConfig: "this is no toml"},
			})
		},
		"a context that ends": func() (*harness.Env, error) {
			return harness.Start(ending, harness.Options{TempDir: parent})
		},
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			env, err := start()
			if env != nil {
				assert.NoError(t, env.Close())
			}
			require.Error(t, err)
			assert.Contains(t, err.Error(), "--- end of ", "the error does not show the daemon's log: %v", err)
			entries, err := os.ReadDir(parent)
			if assert.NoError(t, err, "folder holds") {
				assert.Empty(t, entries, "folder holds")
			}
			left := traces(t, parent+"/")
			assert.Nil(t, left, "left behind:\n%s", strings.Join(left, "\n"))
		})
	}
}

// startEndlessWork returns once a step and a container run; the function it returns waits for those who asked for them.
func startEndlessWork(
	ctx context.Context, t *testing.T, env *harness.Env, daemon *harness.Daemon, base string,
) (waitForCallers func()) {
	t.Helper()
	dockerd, err := env.Dockerd(ctx)
	require.NoError(t, err)
	step := untilItSays(t, "step runs", func(live io.Writer) harness.Result {
		return env.Buildx(ctx, harness.BuildxRun{
			Daemon: daemon,
			Args:   []string{"-"},
			Stdin:  strings.NewReader("FROM " + base + "\nRUN echo step ''runs; sleep 1000\n"),
			Live:   live,
		})
	})
	container := untilItSays(t, "container runs", func(live io.Writer) harness.Result {
		return dockerd.Docker(ctx, harness.DockerRun{
			Args: []string{"run", "--network=host", base, "sh", "-c", "echo container ''runs; sleep 1000"},
			Live: live,
		})
	})
	return func() { <-step; <-container }
}

// traces finds processes, mounts, cgroups, container states and files whose description mentions the mark.
func traces(t *testing.T, mark string) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/cgroup", "/proc/self/mountinfo", "/run/runc/*/state.json"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err == nil && bytes.Contains(content, []byte(mark)) {
				left = append(left, path+": "+string(content))
			}
		}
	}
	for _, pattern := range []string{"/var/tmp/*", "/tmp/*", "/run/*", "/sys/fs/cgroup/*", "/sys/fs/cgroup/*/*", "/run/docker/*"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if strings.Contains(path, mark) {
				left = append(left, path)
			}
		}
	}
	return left
}
