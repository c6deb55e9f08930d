//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// As the first process of its container, a test would go on after a signal that it sends itself, and pass.
func TestTestThatDiesByASignalFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, body, says string }{
		"SIGTERM":            {"test.sh", script("echo @ID@; kill -TERM $$; exit 0"), "exit code 143 (128 + signal 15: terminated)"},
		"SIGSEGV":            {"test.sh", script("echo @ID@; kill -SEGV $$; exit 0"), "exit code 139 (128 + signal 11: segmentation fault)"},
		"SIGKILL":            {"test.sh", script("echo @ID@; kill -9 $$; exit 0"), "exit code 137 (128 + signal 9: killed)"},
		"its own group":      {"test.sh", script("echo @ID@; kill -9 0; exit 0"), "exit code 137 (128 + signal 9: killed)"},
		"abort of a program": {"verify", "#!/usr/bin/perl\nprint '@ID@'; kill 'ABRT', $$; exit 0;\n", "exit code 134 (128 + signal 6: aborted)"},
		"no interpreter":     {"verify", "#!/no/such/program\n@ID@\n", "exit code 127 (declared at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, one("name: a\ntest: "+c.file, "RUN echo @ID@ > /a\n").and(files{"packages/a/" + c.file: c.body}))
			b := p.fail(t)
			require.Contains(t, b.Stderr, `test "`+c.file+`" of package a failed on its own stage with `+c.says)
			_, message, _ := strings.Cut(b.Stderr, "failed to solve: ")
			require.NotContains(t, message, ".jetkit-init")
		})
	}
}

func TestTestsRunAsAChild(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a\ntest: [\"test.sh 'a b' '\\\"' '$HOME' ''\", orphans.sh]", "RUN echo @ID@ > /a\nUSER nobody\n").and(files{
		"packages/a/test.sh": script(`printf '<%s>' "$@"; echo
echo "process $$ of $PPID, $(id -un)"
read -r line && exit 1 || echo "no input"
sleep 600 & # holds the output open`),
		"packages/a/orphans.sh": script(`(sleep 0.1 & sleep 0.2 &)
sleep 1
echo "$(grep -l zombie /proc/[0-9]*/status | wc -l) zombies"`),
	}))
	b := p.build(t)
	out := b.output(t, `[test a] test.sh`)
	require.Contains(t, out, `<a b><"><$HOME><>`)
	require.Contains(t, out, "of 1, nobody")
	require.Contains(t, out, "no input")
	require.Contains(t, b.output(t, "[test a] orphans.sh"), "0 zombies")
}
