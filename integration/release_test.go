//go:build integration

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// installing is what a user does with a Debian package, in a container of Debian: install it, use it, remove it.
const installing = `ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN --mount=from=release,target=/release <<'END'
set -eux
cd /release
sha256sum --check SHA256SUMS
find / -xdev -path '/proc/*' -prune -o -path '/release/*' -prune -o -print | sort > /tmp/before
dpkg -i jetkit_1.2.3-rc.1_$(dpkg --print-architecture).deb
test "$(dpkg-query --show --showformat '${Version}' jetkit)" = '1.2.3~rc.1'
dpkg --verify jetkit
test "$(jetkit version | head -n 1)" = 'jetkit       1.2.3-rc.1'
jetkit plan numpy --platform linux/amd64 | grep numpy
gzip --decompress --stdout /usr/share/man/man1/jetkit-plan.1.gz | grep '^.SH SYNOPSIS$'
test -s /usr/share/man/man1/jetkit.1.gz
bash -n /usr/share/bash-completion/completions/jetkit
grep '#compdef jetkit' /usr/share/zsh/vendor-completions/_jetkit
grep 'complete -c jetkit' /usr/share/fish/vendor_completions.d/jetkit.fish
test -s /usr/share/doc/jetkit/copyright
test "$(dpkg --listfiles jetkit | while read -r file; do test -d "$file" || stat --format %Y "$file"; done | sort -u)" = 1700000000
dpkg --purge jetkit
find / -xdev -path '/proc/*' -prune -o -path '/release/*' -prune -o -print | sort > /tmp/after
diff /tmp/before /tmp/after | grep '^[<>]' | grep -v -e /tmp/after -e '/var/lib/dpkg/.*-old$' -e '/var/log/' && exit 1
mkdir /tmp/archive
tar --extract --gzip --file jetkit_1.2.3-rc.1_linux_$(dpkg --print-architecture).tar.gz --directory /tmp/archive --strip-components 1
/tmp/archive/jetkit version | grep '1.2.3-rc.1'
test -s /tmp/archive/LICENSE && test -s /tmp/archive/man/jetkit.1 && test -s /tmp/archive/completions/jetkit
END
`

// TestRelease makes the files of a release as docker-bake.hcl does, and installs them.
func TestRelease(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	sums := bakeRelease(t, compileRelease(t), out)
	assert.Equal(t, 4, strings.Count(sums, "\n"), "an archive and a package for each of two architectures:\n%s", sums)

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(installing), 0o600))
	res := shared.Buildx(t.Context(), harness.BuildxRun{Dir: dir, Args: []string{
		"--build-arg", "BASE_IMAGE=" + base(t), "--build-context", "release=" + out, ".",
	}})
	require.NoError(t, res.Err())

	bad := baking{dir: "..", env: []string{"VERSION=1.2 $(id)"}}.with("release", "--print").fail(t)
	assertContains(t, bad.Stderr, "VERSION becomes part of names of files")
}

// TestReleaseIsReproducible packs one release twice. What is packed decides nothing, so that a script stands in for the
// program, which takes xz half a minute.
func TestReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	compiled := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		program := filepath.Join(compiled, "linux_"+arch, "jetkit")
		require.NoError(t, os.MkdirAll(filepath.Dir(program), 0o755))
		require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"the script for $2\"\n"), 0o755)) //nolint:gosec // a program
	}
	first := bakeRelease(t, compiled, t.TempDir())
	assert.Equal(t, 4, strings.Count(first, "\n"), first)
	assert.Equal(t, first, bakeRelease(t, compiled, t.TempDir()), "the same release gives the same bytes")
}

// bakeRelease packs compiled programs into a folder, without a cache, and returns the checksums of what it made.
func bakeRelease(t *testing.T, compiled, out string) string {
	t.Helper()
	baking{dir: "..", env: []string{"VERSION=1.2.3-rc.1", "SOURCE_DATE_EPOCH=1700000000", "RELEASE_OUT=" + out}}.with(
		"release", "--no-cache", "--allow", "fs.read="+compiled, "--allow", "fs.write="+out,
		"--set", "release.contexts.compiled="+compiled, "--set", "release.contexts.packer=docker-image://"+base(t),
	).bake(t)
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	require.NoError(t, err)
	return string(sums)
}

// compileRelease compiles the command line tool for this machine, as release/compile.sh does. A small file stands in for the
// program of the other architecture: compiling and packing that takes a minute, and goes the same way.
func compileRelease(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		program := filepath.Join(dir, "linux_"+arch, "jetkit")
		if arch != runtime.GOARCH {
			require.NoError(t, os.MkdirAll(filepath.Dir(program), 0o755))
			require.NoError(t, os.WriteFile(program, []byte("of another architecture\n"), 0o600))
			continue
		}
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.release=1.2.3-rc.1", "-o", program, "./cmd/jetkit")
		build.Dir = ".."
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return dir
}

// TestGoInstall installs the command line tool as people with Go do. It names its version by what Go knows of it.
func TestGoInstall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "go", "install", "-trimpath", "./cmd/jetkit")
	install.Dir = ".."
	install.Env = append(os.Environ(), "GOBIN="+dir)
	out, err := install.CombinedOutput()
	require.NoError(t, err, string(out))
	version, err := exec.CommandContext(t.Context(), filepath.Join(dir, "jetkit"), "version").Output()
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^jetkit       (v\d+\.|commit |unknown, built from source)`, string(version))
}
