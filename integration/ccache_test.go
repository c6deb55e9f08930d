//go:build integration

package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A compiler cache outlives builds whose RUN steps differ, and the image has no trace of
// it. What asks GitHub's API is left out: nothing could answer here.
func TestCcache(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml": "packages: [compiler, app]\nbuild: {ccache: true, ccache_max_size: 1G, github_api: false}\n",
		// The stand-in writes down what it was called for.
		"packages/compiler/Dockerfile": dockerfile("name: compiler", "COPY --chmod=755 ccache /usr/bin/\n"+
			"RUN mkdir /usr/lib/ccache && ln -s ../../bin/ccache /usr/lib/ccache/cc && : @ID@ ${CMAKE_CUDA_COMPILER_LAUNCHER-}\n"),
		"packages/compiler/ccache": script(`echo "$* for @ID@" >> "$CCACHE_DIR/log"`),
		"packages/app/Dockerfile": dockerfile("name: app\ndepends: compiler\ntest: test.sh", "ADD https://api.github.com/repos/robots/arm/git/refs/heads/main /tmp/arm.json\n"+
			"COPY source /\nRUN cc $(cat /source) && cat $CCACHE_DIR/log && echo launcher ${CMAKE_CUDA_COMPILER_LAUNCHER-none}, up to $CCACHE_MAXSIZE\n"),
		"packages/app/source":  "arm.c",
		"packages/app/test.sh": script(`test -z "${CCACHE_DIR-}${CMAKE_C_COMPILER_LAUNCHER-}"; ! command -v cc; test ! -e /root/.cache/ccache`),
	})
	first := p.build(t, push())
	assertContains(t, first.output(t, "[app 2/2] RUN"), "arm.c for "+p.id, "launcher ccache, up to 1G")

	p.write(t, files{"packages/app/source": "leg.c"})
	b := p.build(t, push())
	assertContains(t, b.output(t, "[app 2/2] RUN"), "arm.c for "+p.id, "leg.c for "+p.id)
	added := b.added(t)
	assert.False(t, slices.ContainsFunc(added, func(name string) bool { return strings.HasPrefix(strings.TrimLeft(name, "./"), "root") }), "traces in the layers: %q", added)
	for _, entry := range b.config(t).Config.Env {
		assert.NotRegexp(t, "(?i)ccache|launcher", entry, "environment of the image")
	}
	for _, h := range b.config(t).History {
		assert.NotContains(t, h.CreatedBy, "command -v ccache", "history of the image")
	}

	p.write(t, files{"packages/app/Dockerfile": dockerfile("name: app\ndepends: compiler", "RUN cc arm.c && exit 3\n")})
	assertContains(t, p.fail(t).Stderr, `process "/bin/sh -c cc arm.c && exit 3" did not complete successfully: exit code: 3`)
}
