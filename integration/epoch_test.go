//go:build integration

package integration

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The date of an image is what SOURCE_DATE_EPOCH stands for, or what the last Dockerfile sets itself.
func TestDateOfAnImage(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a, b]\n",
		"packages/a/Dockerfile": dockerfile("name: a", "RUN echo @ID@ > /a\n"),
		"packages/b/Dockerfile": "ARG SOURCE_DATE_EPOCH=1111111111\n" + dockerfile("name: b", "RUN echo ${SOURCE_DATE_EPOCH-none} > /b\n"),
	})
	check := func(b *built, want int64) {
		t.Helper()
		config := b.config(t)
		require.Equal(t, time.Unix(want, 0).UTC(), config.Created.UTC())
		last := config.History[len(config.History)-1]
		require.True(t, strings.HasPrefix(last.CreatedBy, "jetkit seal"), last.CreatedBy)
		require.Equal(t, time.Unix(want, 0).UTC(), last.Created.UTC())
	}
	check(p.build(t, push()), 1111111111)
	check(p.build(t, push(), arg("SOURCE_DATE_EPOCH=1222222222")), 1222222222)
	require.Less(t, time.Since(p.build(t, push(), arg("SOURCE_DATE_EPOCH=")).config(t).Created.Time), time.Hour)

	b := p.fail(t, arg("SOURCE_DATE_EPOCH=yesterday"))
	require.Contains(t, b.Stderr, "SOURCE_DATE_EPOCH=yesterday: it must be a number of seconds, context, the name of a named context, or of a stage of a package's Dockerfile")
	p.build(t, arg("SOURCE_DATE_EPOCH=context")) // a local folder has no date
}

func TestDateOfAGitContext(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", "RUN echo @ID@ > /a\n"))
	b := p.build(t, push(), inContext(p.serveGit(t, "").url), arg("SOURCE_DATE_EPOCH=context"))
	log := exec.CommandContext(t.Context(), "git", "log", "-1", "--format=%ct")
	log.Dir = p.dir
	committed, err := log.Output()
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(committed)), strconv.FormatInt(b.config(t).Created.Unix(), 10))
}
