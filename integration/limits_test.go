//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Tests that would disturb each other take turns, and what passed stays passed however many
// may run at once.
func TestTestsTakeTurns(t *testing.T) {
	t.Parallel()
	tree := files{"jetson.yaml": target() + "\npackages: [one, two, three]\ntests: {data: @ID@, run: intermediate, parallel: 1}\n"}
	for _, name := range []string{"one", "two", "three"} {
		tree["packages/"+name+"/Dockerfile"] = dockerfile("name: "+name+"\ntest: test.sh", "COPY Dockerfile /"+name+"\n")
		tree["packages/"+name+"/test.sh"] = script("mkdir /data/running || { echo 'another runs'; exit 1; }; sleep 0.5; rmdir /data/running; touch /.jetkit-turn/x || echo closed")
	}
	p := newProject(t, tree)
	b := p.build(t)
	assert.Len(t, b.tests(), 3)
	assertContains(t, b.output(t, "[test three] test.sh"), "closed")
	p.build(t, arg("TEST_PARALLEL=3")).assertExecuted(t)
}

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, body, test string
		args               []buildOption
		want               []string
	}{
		"of a test": {
			"name: a\ntest: test.sh", "RUN echo @ID@ > /a\n", "echo 'loading the model'; setsid sleep 600 & sleep 600",
			[]buildOption{arg("TEST_TIMEOUT=1s")},
			[]string{
				`test "test.sh" of package a did not end within 1s on its own stage (declared at packages/a/Dockerfile:`,
				"if it needs more time: test_timeout in the package's metadata, or tests.timeout", "loading the model", "it did not end within 1s: it is stopped",
				`process "/bin/bash /test/test.sh" did not complete`,
			},
		},
		"of a RUN step": {
			"name: a\nbuild_timeout: 1s", "RUN echo compiling @ID@; sleep 600\n", "true", nil,
			[]string{
				"package a did not end within 1s in step 1/1 (packages/a/Dockerfile:", "if it needs more time: build_timeout in the package's metadata, or build.timeout",
				"compiling", "it did not end within 1s: it is stopped",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newProject(t, one(c.header, c.body).and(files{"packages/a/test.sh": script(c.test)})).fail(t, c.args...)
			assertContains(t, b.Stderr, c.want...)
			_, says, _ := strings.Cut(b.Stderr, "failed to solve: ")
			assert.NotContains(t, says, ".jetkit-init")
		})
	}
}

// A test that passes when it runs again passes, and the image says with which attempt.
func TestRetries(t *testing.T) {
	t.Parallel()
	tree := one("name: a\ntest: test.sh\ntest_retries: 2\nbuild_timeout: 1h", "RUN echo @ID@ > /a\n").and(files{
		"packages/a/test.sh": script("test -e /tmp/failed || { touch /tmp/failed; echo 'the camera is busy'; exit 3; }"),
	})
	b := newProject(t, tree).build(t, push())
	assertContains(t, b.output(t, "[test a] test.sh"), "the camera is busy", "failed with exit code 3: attempt 2 of 3")
	assert.Equal(t, "2\n", b.file(t, "/usr/share/jetkit/tests/001-a-test.sh-package/attempts"))
	for _, h := range b.config(t).History {
		assert.NotContains(t, h.CreatedBy, "jetkit-init")
	}
	b.assertAbsent(t, "/.jetkit-init", "/.jetkit-turn")
}
