//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestResources checks that a package's RUN steps have no more than jetson.yaml gives them, and what an error says of one
// that needs more.
func TestResources(t *testing.T) {
	t.Parallel()
	const body = "RUN cd /sys/fs/cgroup && for of in memory.max memory/memory.limit_in_bytes cpu.max cpu/cpu.cfs_quota_us; do test ! -e $of || cut -d' ' -f1 $of; done > /limits; echo \"jobs=${MAX_JOBS}\" >> /limits; : @ID@\n"
	p := newProject(t, files{
		"jetson.yaml":                 "packages: [free, limited]\nresources:\n  '*': {memory: 1g}\n  lim*: {memory: 64m, cpus: 0.5, jobs: 3}\n  free: {memory: 100g}\n",
		"packages/free/Dockerfile":    dockerfile("name: free", "RUN echo \"jobs=${MAX_JOBS}\" > /free; : @ID@\n"),
		"packages/limited/Dockerfile": dockerfile("name: limited", body),
	})
	b := p.build(t, push())
	assert.Equal(t, "67108864\n50000\njobs=3\n", b.file(t, "/limits"))
	assert.Equal(t, "jobs=\n", b.file(t, "/free"))

	// Another limit makes no other step.
	p.write(t, files{"jetson.yaml": replaced(t, p, "64m", "80m")})
	p.build(t).assertExecuted(t)

	p.write(t, files{
		"jetson.yaml":                 replaced(t, p, "80m", "32m"),
		"packages/limited/Dockerfile": dockerfile("name: limited", "RUN : @ID@; exec dd if=/dev/zero of=/dev/null bs=150M count=1\n"),
	})
	assertContains(t, p.fail(t).Stderr, "package limited failed in step 1/1", "exit code: 137",
		"resources (jetson.yaml:6:3) gives its RUN steps 32MiB of memory: raise it, or give them fewer jobs")
}

// replaced returns the project's jetson.yaml with another text in the place of one.
func replaced(t *testing.T, p *project, old, now string) string {
	t.Helper()
	text := p.read(t, "jetson.yaml")
	assert.Contains(t, text, old)
	return strings.Replace(text, old, now, 1)
}
