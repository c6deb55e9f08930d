//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

const fullDisk = "the builder's disk is full: docker buildx du lists what its cache holds, docker buildx prune frees what no build uses, for which it needs some room itself: if it fails too, remove something else from that disk first"

// TestBuilderIsFull fills a builder's disk in a step and by a copy, does what the message says, and builds on it.
func TestBuilderIsFull(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, "full", harness.DaemonOptions{DiskMiB: 700})
	other := filepath.Join(d.Dir(), "other")
	for _, c := range []struct {
		body string
		want []string
	}{
		{"RUN head -c 2G /dev/zero > /big\n", []string{"No space left on device", "package a failed in step 1/1 (packages/a/Dockerfile:6)"}},
		{
			"FROM ${BASE_IMAGE}\nRUN head -c 300M /dev/zero > /big\nFROM ${BASE_IMAGE}\nCOPY --from=1 /big /copy\n",
			[]string{"package a failed in step 1/1 (packages/a/Dockerfile:9)", fullDisk},
		},
	} {
		require.NoError(t, os.WriteFile(other, make([]byte, 8<<20), 0o600))
		p := newProject(t, one("name: a", c.body))
		b := p.fail(t, push(), on(d))
		assertContains(t, b.Stderr, c.want...)
		_, err := shared.Image(t.Context(), b.image, "")
		require.Error(t, err, "nothing is pushed")
		require.NoError(t, os.Remove(other)) // BuildKit's database needs some room to forget things
		require.NoError(t, shared.BuildxCommand(t.Context(), harness.BuildxRun{Daemon: d, Args: []string{"prune", "--all", "--force"}}).Err())
	}
	p := newProject(t, one("name: a", "COPY Dockerfile /a\n"))
	assert.NotEmpty(t, p.build(t, push(), on(d)).file(t, "/a"), "what failed left nothing behind")
}

// TestStepWithoutMemory ends a step of which the kernel says that memory ran out.
func TestStepWithoutMemory(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", `RUN perl -e '$x = "a" x 800_000_000; print length $x'`+"\n"))
	b := p.fail(t, with("--resource", "memory=64m", "--resource", "memory-swap=64m"))
	assertContains(t, b.Stderr, "package a failed in step 1/1", "exit code 137 is that of a step that was killed, as a rule by the kernel because memory ran out")
}
