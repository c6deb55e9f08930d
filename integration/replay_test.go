//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestReplay has buildx build an image again from its provenance alone, after all that it was built of has moved: the
// manifest is the same.
func TestReplay(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.write(t, files{"jetson.lock": m.build(t, noBase(), with("--call", "jetson.lock")).Stdout})
	served := m.serveGit(t, "")
	commit := served.git(t, "rev-parse", "HEAD")
	elsewhere := &project{dir: t.TempDir(), id: m.id + "-replay"}
	first := elsewhere.build(t, noBase(), pushTimeless("first"), with("--provenance", "mode=max"), inContext(served.url+"#"+commit))
	m.move(t, "two")
	served.commit(t, files{"packages/a/Dockerfile": dockerfile("name: a", "RUN false\n")}) // the main branch goes on

	again := shared.Ref(elsewhere.id + ":again")
	replay := func(args ...string) harness.Result {
		return shared.BuildxCommand(t.Context(), harness.BuildxRun{Dir: elsewhere.dir, Daemon: secondDaemon(t), Args: append([]string{"replay", "build", "docker-image://" + first.image, "--progress", "plain"}, args...)})
	}
	r := replay("--output", "type=image,push=true,rewrite-timestamp=true,name="+again)
	require.NoError(t, r.Err())
	repeated := &built{image: again}
	assert.Equal(t, "one/one/one/one/one", repeated.contents(t))
	assert.Equal(t, first.digest(t), repeated.digest(t), r.Stderr)

	// What the provenance names, buildx pins.
	r = replay("--dry-run", "--format", "json")
	require.NoError(t, r.Err())
	assertContains(t, r.Stdout, served.url+"#"+commit, m.download.URL+"/file.txt", strings.Replace(m.base, ":base", "@base", 1), strings.Replace(m.tool, ":tool", "@tool", 1),
		m.served.url+"#"+m.served.git(t, "rev-parse", "HEAD~1"))
}
