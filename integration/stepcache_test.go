//go:build integration

package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// What --simulate --cached calls cached runs in no build, and what it tells costs no step.
func TestSimulateTellsWhatIsCached(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "known", harness.DaemonOptions{}) // another test's prune would make steps unknown
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a, b]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "COPY file /a\nRUN echo @ID@ > /made\n"),
		"packages/a/file":       "1\n",
		"packages/a/test.sh":    script("true"),
		"packages/b/Dockerfile": dockerfile("name: b\ntest: test.sh", "COPY file /b\nRUN echo b@ID@ > /b2\n"),
		"packages/b/file":       "1\n",
		"packages/b/test.sh":    script("true"),
	})
	home := t.TempDir()
	run := func(args ...string) (stdout, stderr string) {
		cmd := jetkitCommand(t, daemon, p.dir, append([]string{"build", "-f", "jetson.yaml", "--base", base(t)}, args...)...)
		cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+home)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		require.NoError(t, err, errs.String())
		return string(out), errs.String()
	}
	states := func(args ...string) map[string]string {
		t.Helper()
		out, _ := run(append([]string{"--simulate", "--cached=json"}, args...)...)
		var told struct {
			Steps []struct{ Name, State string }
		}
		require.NoError(t, json.Unmarshal([]byte(out), &told), out)
		m := map[string]string{}
		for _, s := range told.Steps {
			name, _, _ := strings.Cut(s.Name, " echo")
			m[name] = s.State
		}
		return m
	}
	build := func() string {
		_, errs := run("--output", "type=cacheonly", "--progress", "plain")
		return errs
	}
	everything := func(state string) map[string]string {
		return map[string]string{
			"[a 1/2] COPY file /a": state, "[a 2/2] RUN": state, "[b 1/2] COPY file /b": state, "[b 2/2] RUN": state,
			"[test a] test.sh": state, "[test b] test.sh": state, "[test a on image] test.sh": state,
		}
	}
	fresh := everything("missing")
	fresh["[a 1/2] COPY file /a"], fresh["[b 1/2] COPY file /b"] = "unknown", "unknown"
	assert.Equal(t, fresh, states(), "nothing was built")
	build()
	assert.Equal(t, everything("cached"), states(), "all was built")
	assert.Equal(t, everything("missing"), states("--no-cache"))
	for _, step := range progress.Executed(progress.Parse(build())) {
		assert.NotContains(t, everything("cached"), strings.Split(step.Name, " echo")[0], "it was cached, and ran")
	}

	p.write(t, files{"packages/b/file": "2\n"})
	told := states()
	assert.Equal(t, map[string]string{
		"[a 1/2] COPY file /a": "cached", "[a 2/2] RUN": "cached", "[test a] test.sh": "cached",
		"[b 1/2] COPY file /b": "unknown", "[b 2/2] RUN": "unknown", "[test b] test.sh": "unknown", "[test a on image] test.sh": "unknown",
	}, told)
	text, _ := run("--simulate", "--cached")
	assertContains(t, text, "Steps on the builder unix://", "  cached      [a 1/2] COPY file /a\n", "  unknown     [b 1/2] COPY file /b\n")

	require.NoError(t, shared.BuildxCommand(t.Context(), harness.BuildxRun{Daemon: daemon, Args: []string{"prune", "--force", "--all"}}).Err())
	for step, state := range states() {
		assert.NotEqual(t, "cached", state, "%s was pruned", step)
	}
}
