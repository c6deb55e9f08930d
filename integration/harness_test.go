//go:build integration

// Package integration tests jetkit against the real programs it is used with.
package integration

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// shared is the one environment all tests of this package use. TestMain, which owns it, can hand it over in no other way.
var shared *harness.Env

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) (code int) {
	env, err := harness.Start(context.Background(), harness.Options{Logf: logToStderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := env.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	shared = env
	closeOnSignal(env)
	return m.Run()
}

// closeOnSignal is for Ctrl-C and CI's time limit, which end tests without running what they deferred.
func closeOnSignal(env *harness.Env) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		fmt.Fprintln(os.Stderr, "stopping:", <-signals)
		if err := env.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}()
}

func logToStderr(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func TestBaseImageHasWorkingApt(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	dockerfile := "FROM " + base(t) + "\nRUN apt-get update && apt-get install -y --no-install-recommends hello && hello -g works > /greeting\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644))
	ref := shared.Ref("smoke:1")
	build := shared.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: []string{"--push", "--tag", ref, "."}})
	require.NoError(t, build.Err())
	greeting, err := shared.ImageFile(ctx, ref, "/greeting")
	if assert.NoError(t, err, "/greeting = %q", greeting) {
		assert.Equal(t, "works\n", string(greeting), "/greeting = %q", greeting)
	}
	config, err := shared.ImageConfig(ctx, ref)
	require.NoError(t, err)
	assert.Equal(t, []string{"bash"}, config.Config.Cmd, "the base's command did not carry over")
}

func TestRunImage(t *testing.T) {
	t.Parallel()
	result, err := shared.RunImage(t.Context(), base(t), "sh", "-c", "echo out; echo err >&2; exit 3")
	require.NoError(t, err)
	assert.Equal(t, "out\n", result.Stdout, "docker run: exit code %d, stdout %q, stderr", result.ExitCode, result.Stdout)
	assert.Equal(t, "err\n", result.Stderr, "docker run: exit code %d, stdout %q, stderr", result.ExitCode, result.Stdout)
	assert.Equal(t, 3, result.ExitCode, "docker run: exit code %d, stdout %q, stderr", result.ExitCode, result.Stdout)
}

func TestFrontendImageSaysWhatItCan(t *testing.T) {
	t.Parallel()
	ref, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	config, err := shared.ImageConfig(t.Context(), ref)
	require.NoError(t, err)
	assert.Equal(t, []string{"/bin/jetkit-frontend"}, config.Config.Entrypoint, "entry point")
	// Without these labels buildx neither sends subrequests nor named contexts.
	for _, label := range []string{"moby.buildkit.frontend.caps", "moby.buildkit.frontend.network.none"} {
		assert.NotEmpty(t, config.Config.Labels[label], "label %s is missing: %q", label, config.Config.Labels)
	}
}
