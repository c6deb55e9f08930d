//go:build integration

// Package integration tests jetkit against the real programs it is used with.
package integration

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

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
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	ref := shared.Ref("smoke:1")
	build := shared.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: []string{"--push", "--tag", ref, "."}})
	if err := build.Err(); err != nil {
		t.Fatal(err)
	}
	greeting, err := shared.ImageFile(ctx, ref, "/greeting")
	if err != nil || string(greeting) != "works\n" {
		t.Errorf("/greeting = %q, %v", greeting, err)
	}
	config, err := shared.ImageConfig(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.Config.Cmd, []string{"bash"}) {
		t.Errorf("the base's command did not carry over: %q", config.Config.Cmd)
	}
}

func TestRunImage(t *testing.T) {
	t.Parallel()
	result, err := shared.RunImage(t.Context(), base(t), "sh", "-c", "echo out; echo err >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if result.Stdout != "out\n" || result.Stderr != "err\n" || result.ExitCode != 3 {
		t.Errorf("docker run: exit code %d, stdout %q, stderr %q", result.ExitCode, result.Stdout, result.Stderr)
	}
}

func TestFrontendImageSaysWhatItCan(t *testing.T) {
	t.Parallel()
	ref, err := shared.FrontendImage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config, err := shared.ImageConfig(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.Config.Entrypoint, []string{"/bin/jetkit-frontend"}) {
		t.Errorf("entry point %q", config.Config.Entrypoint)
	}
	// Without these labels buildx neither sends subrequests nor named contexts.
	for _, label := range []string{"moby.buildkit.frontend.caps", "moby.buildkit.frontend.network.none"} {
		if config.Config.Labels[label] == "" {
			t.Errorf("label %s is missing: %q", label, config.Config.Labels)
		}
	}
}
