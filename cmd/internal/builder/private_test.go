package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// program writes a shell script to a folder for the PATH.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// TestNothing: without any builder the error tells where was looked, what was
// wrong, and what to install.
func TestNothing(t *testing.T) {
	dir, opts := home(t, "DOCKER_HOST=unix:///nowhere/docker.sock")
	t.Setenv("PATH", dir)
	_, err := Find(t.Context(), opts)
	var none *NoneError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, `there is no builder:
  buildx: no builder was chosen (docker buildx use NAME)
  BUILDKIT_HOST: not set
  Docker: there is no engine at unix:///nowhere/docker.sock
  private buildkitd: buildkitd is not on the PATH
Install one of these: buildkitd 0.31.1 or later and runc on the PATH (both are in buildkit-vVERSION.linux-arm64.tar.gz or linux-amd64 of https://github.com/moby/buildkit/releases), or, but not on JetPack 5 or JetPack 6 up to 6.2, Docker Engine 29.8.2 or later (https://docs.docker.com/engine/install/)`,
		err.Error())
}

func TestProgram(t *testing.T) {
	for script, want := range map[string]string{
		"echo buildkitd github.com/moby/buildkit v0.20.0 abc": "is v0.20.0, jetkit needs v0.31.1 or later: upgrade it",
		"echo something else entirely":                        `is not BuildKit's: its --version says "something else entirely"`,
		"exit 3":                                              "buildkitd --version: exit status 3",
	} {
		dir, opts := home(t)
		opts.Name = PrivateName
		program(t, dir, "buildkitd", script)
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		_, err := Find(t.Context(), opts)
		assert.ErrorContains(t, err, want)
	}
}

// standIn puts a buildkitd on the PATH that does something else, and a RootlessKit
// that runs it as this user.
func standIn(t *testing.T, dir, script string) {
	t.Helper()
	program(t, dir, "buildkitd", `if [ "$1" = --version ]; then echo buildkitd github.com/moby/buildkit v0.34.2 abc; exit; fi
`+script)
	program(t, dir, "newuidmap", "")
	program(t, dir, "rootlesskit", `while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"`)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// TestStartFails: a daemon that does not start leaves nothing, and the error holds
// the end of what it said this time.
func TestStartFails(t *testing.T) {
	dir, opts := home(t)
	standIn(t, dir, `i=0; while [ $i -lt 20 ]; do echo line $i; i=$((i + 1)); done; echo 'could not find runc' >&2; exit 1`)
	write(t, "an earlier failure\n", dir, "builder", "buildkitd.log")
	_, _, err := Start(t.Context(), opts, "")
	skipWithoutNamespaces(t, err)
	require.ErrorContains(t, err, "it ended while starting (exit status 1); its log, "+filepath.Join(dir, "builder", "buildkitd.log")+", ends:\n")
	assert.True(t, strings.HasSuffix(err.Error(), "line 19\ncould not find runc"), "%v", err)
	assert.NotContains(t, err.Error(), "line 3\n")
	assert.NotContains(t, err.Error(), "earlier")
	assertStopped(t, opts)
}

// TestStartHangs: interrupting the start ends the daemon, and what it runs.
func TestStartHangs(t *testing.T) {
	dir, opts := home(t)
	standIn(t, dir, "sleep 600 & wait")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("interrupted"))
	defer cancel()
	_, _, err := Start(ctx, opts, "")
	skipWithoutNamespaces(t, err)
	require.ErrorContains(t, err, "interrupted")
	assertStopped(t, opts)
}

func skipWithoutNamespaces(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "needs to make namespaces") {
		t.Skip(err)
	}
}

func assertStopped(t *testing.T, opts Options) {
	t.Helper()
	d, err := private(opts)
	require.NoError(t, err)
	assert.Nil(t, d.process())
	assert.NoFileExists(t, d.paths.PID)
	assert.NoFileExists(t, d.paths.Socket)
}

// TestRecycledProcess: a record whose number another process has by now, this
// test's, names nobody.
func TestRecycledProcess(t *testing.T) {
	dir, opts := home(t)
	for _, text := range []string{fmt.Sprintf(`{"pid":%d}`, os.Getpid()), `{"pid":-1}`, "nonsense", ""} {
		write(t, text, dir, "builder", "buildkitd.pid")
		s, err := StatusOf(t.Context(), opts)
		require.NoError(t, err)
		assert.False(t, s.Running)
		assert.Zero(t, s.PID)
		stopped, err := Stop(t.Context(), opts)
		require.NoError(t, err)
		assert.False(t, stopped)
		assert.NoFileExists(t, filepath.Join(dir, "builder", "buildkitd.pid"))
	}
}

func TestPaths(t *testing.T) {
	clean := []string{"HOME=/home/a", "JETKIT_BUILDER_DIR="}
	with := func(more ...string) []string { return append(append([]string{}, clean...), more...) }
	for name, test := range map[string]struct {
		variables           []string
		uid                 int
		root, socket, wrong string
	}{
		"root":       {variables: with("XDG_RUNTIME_DIR=/run/user/0"), root: "/var/lib/jetkit/builder/root", socket: "/run/jetkit/buildkitd.sock"},
		"a user":     {variables: with("XDG_RUNTIME_DIR=/run/user/7"), uid: 7, root: "/home/a/.local/state/jetkit/builder/root", socket: "/run/user/7/jetkit/buildkitd.sock"},
		"XDG":        {variables: with("XDG_RUNTIME_DIR=/r", "XDG_STATE_HOME=/s"), uid: 7, root: "/s/jetkit/builder/root", socket: "/r/jetkit/buildkitd.sock"},
		"no session": {variables: clean, uid: 7, root: "/home/a/.local/state/jetkit/builder/root", socket: "/home/a/.local/state/jetkit/builder/buildkitd.sock"},
		"own folder": {variables: []string{"JETKIT_BUILDER_DIR=/mnt/nvme"}, root: "/mnt/nvme/root", socket: "/mnt/nvme/buildkitd.sock"},
		"relative":   {variables: []string{"JETKIT_BUILDER_DIR=nvme"}, wrong: "must be absolute paths: nvme"},
		"no home":    {variables: []string{"HOME=", "JETKIT_BUILDER_DIR="}, uid: 7, wrong: "must be absolute paths"},
		"too long":   {variables: []string{"JETKIT_BUILDER_DIR=/" + strings.Repeat("x", 100)}, wrong: "set JETKIT_BUILDER_DIR to a shorter folder"},
	} {
		_, opts := home(t, test.variables...)
		p, err := PathsOf(opts.Env, test.uid)
		if test.wrong != "" {
			assert.ErrorContains(t, err, test.wrong, name)
			continue
		}
		assert.NoError(t, err, name)
		assert.Equal(t, test.root, p.Root, name)
		assert.Equal(t, test.socket, p.Socket, name)
	}
}

func TestConfig(t *testing.T) {
	root := t.TempDir()
	m := machine.At(root)
	plain := config(m, "/etc/jetkit/buildkitd.toml")
	assert.Contains(t, plain, `insecure-entitlements = ["network.host", "security.insecure", "device"]`)
	assert.Contains(t, plain, "disabled = false\n  specDirs = [\"/etc/cdi\"", "a specification may come later")
	assert.Contains(t, plain, `maxUsedSpace = "60%"`)
	assert.NotContains(t, plain, "max-parallelism")
	write(t, "# R36 (release), REVISION: 4.3\n", root, "etc/nv_tegra_release")
	jetson := config(m, "/etc/jetkit/buildkitd.toml")
	assert.Contains(t, jetson, "max-parallelism = 2")
}

func TestDaemonEnvironment(t *testing.T) {
	assert.Equal(t, []string{"PATH=/bin", "https_proxy=http://p", "XDG_RUNTIME_DIR=/run/user/7", "BUILDKIT_STEP_LOG_MAX_SIZE=9", "BUILDKIT_STEP_LOG_MAX_SPEED=-1"},
		daemonEnvironment([]string{
			"PATH=/bin", "GITHUB_TOKEN=secret", "https_proxy=http://p", "XDG_RUNTIME_DIR=/run/user/7", "SSH_AUTH_SOCK=/s", "BUILDKIT_STEP_LOG_MAX_SIZE=9",
		}))
}
