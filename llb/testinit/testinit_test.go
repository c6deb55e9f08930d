package testinit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/llb/testinit"
)

func run(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the program is for Linux")
	}
	cmd := exec.CommandContext(t.Context(), llbtest.Program(t, "init"), args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, env
	err := cmd.Run()
	require.NotNil(t, cmd.ProcessState, "%v", err)
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestExitsAsItsChild(t *testing.T) {
	notAScript := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(notAScript, []byte("true\n"), 0o755)) // it is to be executable
	path := []string{"PATH=/nowhere::/etc/passwd:/usr/bin:/bin"}
	for name, c := range map[string]struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		"success":               {[]string{"/bin/sh", "-c", "exit 0"}, 0, "", ""},
		"a code":                {[]string{"/bin/sh", "-c", "exit 7"}, 7, "", ""},
		"the largest code":      {[]string{"/bin/sh", "-c", "exit 255"}, 255, "", ""},
		"SIGTERM":               {[]string{"sh", "-c", "kill -TERM $$; exit 0"}, 143, "", "ended by signal 15\n"},
		"SIGSEGV":               {[]string{"sh", "-c", "kill -SEGV $$; exit 0"}, 139, "", "ended by signal 11\n"},
		"SIGKILL":               {[]string{"sh", "-c", "kill -9 $$; exit 0"}, 137, "", "ended by signal 9\n"},
		"arguments as they are": {[]string{"sh", "-c", `printf '<%s>' "$@"`, "sh", "a b", `"`, "$HOME", "", "*"}, 0, `<a b><"><$HOME><><*>`, ""},
		"no such file":          {[]string{"/test/none"}, 127, "", "cannot run /test/none: the image has no such program, or not the interpreter that its first line names\n"},
		"not in PATH":           {[]string{"no-such-program"}, 127, "", "cannot run no-such-program: the image has no such program, or not the interpreter that its first line names\n"},
		"not executable":        {[]string{"/etc/passwd"}, 126, "", "cannot run /etc/passwd: permission denied\n"},
		"no script":             {[]string{notAScript}, 126, "", "cannot run " + notAScript + ": exec format error: it is neither a program for this platform nor a script that begins with #!\n"},
		"nothing":               {nil, 126, "", "no command to run\n"},
		"a name without end":    {[]string{strings.Repeat("x", 5000)}, 127, "", "cannot run " + strings.Repeat("x", 5000) + ": the image has no such program, or not the interpreter that its first line names\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, path, c.args...)
			require.Equal(t, c.code, code, stderr)
			require.Equal(t, c.stdout, stdout)
			require.Equal(t, c.stderr, stderr)
		})
	}
}

func TestSearchesWithoutAPath(t *testing.T) {
	code, _, stderr := run(t, nil, "true")
	require.Zero(t, code, stderr)
}

// Options are those before the command; the command keeps its own.
func TestOptions(t *testing.T) {
	path := []string{"PATH=/usr/bin:/bin"}
	for name, c := range map[string]struct {
		args   []string
		code   int
		stderr string
	}{
		"in time":                   {[]string{"--timeout=60", "sh", "-c", "exit 3"}, 3, ""},
		"no limit":                  {[]string{"--timeout=0", "sh", "-c", "exit 3"}, 3, ""},
		"a code that has a meaning": {[]string{"sh", "-c", "exit 253"}, 1, "ended with exit code 253\n"},
		"too long":                  {[]string{"--timeout=1", "sleep", "60"}, testinit.TimedOut, "\nit did not end within 1s: it is stopped\n"},
		"ends well when asked to":   {[]string{"--timeout=1", "sh", "-c", "trap 'echo asked >&2; exit 0' TERM; sleep 60 & wait"}, testinit.TimedOut, "\nit did not end within 1s: it is stopped\nasked\n"},
		"again and again":           {[]string{"--retries=2", "sh", "-c", "exit 3"}, 3, "failed with exit code 3: attempt 2 of 3\nfailed with exit code 3: attempt 3 of 3\n"},
		"too long again": {
			[]string{"--timeout=1", "--retries=1", "sleep", "60"},
			testinit.TimedOut,
			"\nit did not end within 1s: it is stopped\nfailed with exit code 253: attempt 2 of 2\n\nit did not end within 1s: it is stopped\n",
		},
		"not for what cannot be run": {[]string{"--retries=2", "/test/none"}, 127, "cannot run /test/none: the image has no such program, or not the interpreter that its first line names\n"},
		"nothing after them":         {[]string{"--timeout=1"}, 126, "no command to run\n"},
		"not a number":               {[]string{"--timeout=1m"}, 127, "cannot run --timeout=1m: the image has no such program, or not the interpreter that its first line names\n"},
		"of the command":             {[]string{"sh", "-c", "test $1 = --timeout=5", "sh", "--timeout=5"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := run(t, path, c.args...)
			require.Equal(t, c.code, code, stderr)
			require.Equal(t, c.stderr, stderr)
		})
	}
}

// Each attempt finds nothing running that the one before it left.
func TestAttemptsAreAlone(t *testing.T) {
	left := filepath.Join(t.TempDir(), "left")
	code, _, stderr := run(t, []string{"PATH=/usr/bin:/bin"}, "--retries=1", "sh", "-c",
		`if test -e $1; then kill -0 $(cat $1) && exit 9; exit 5; fi; setsid sleep 60 & echo $! >$1; exit 4`, "sh", left)
	require.Equal(t, 5, code, stderr)
}

// Orphans end before the test does, and their exit codes are not the test's.
func TestReapsOrphans(t *testing.T) {
	code, stdout, stderr := run(t, []string{"PATH=/usr/bin:/bin"}, "sh", "-c", `
		(sh -c 'exit 3' & sh -c 'kill -9 $$' &) ; sleep 0.3
		init=$PPID
		for p in $(cat /proc/$init/task/$init/children); do grep State /proc/$p/status; done | grep -c zombie
		exit 0`)
	require.Zero(t, code, stderr)
	require.Equal(t, "0\n", stdout)
}

// The first process of a container takes all others with it. Elsewhere (a builder without
// a process sandbox) the program ends the test's own group.
func TestEndsWhatIsLeftBehind(t *testing.T) {
	begin := time.Now()
	code, _, stderr := run(t, []string{"PATH=/usr/bin:/bin"}, "sh", "-c", "sleep 60 & setsid sleep 60 & exit 4") // they hold stdout open
	require.Equal(t, 4, code, stderr)
	require.Less(t, time.Since(begin), 30*time.Second)
}

// A program whose source changed without it, or for one platform alone, is not what it says.
func TestProgramsAreThoseOfTheSource(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join("program", "init.sha256"))
	require.NoError(t, err)
	var files int
	for line := range strings.Lines(string(sums)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 2)
		dt, err := os.ReadFile(filepath.Join("program", fields[1]))
		require.NoError(t, err)
		sum := sha256.Sum256(dt)
		require.Equal(t, fields[0], hex.EncodeToString(sum[:]), "%s changed: run go generate ./llb/testinit (it needs clang and lld)", fields[1])
		files++
	}
	require.Equal(t, 3, files)
}

func TestMountIsOfThePlatform(t *testing.T) {
	digests := map[string]bool{}
	for _, arch := range []string{"amd64", "arm64"} {
		mount, err := testinit.Mount(ocispecs.Platform{OS: "linux", Architecture: arch})
		require.NoError(t, err)
		def, err := llb.Scratch().Run(llb.Args([]string{testinit.Program, "true"}), mount).Root().Marshal(t.Context())
		require.NoError(t, err)
		digests[string(def.Def[0])] = true
	}
	require.Len(t, digests, 2)

	_, err := testinit.Mount(ocispecs.Platform{OS: "linux", Architecture: "riscv64"})
	require.ErrorAs(t, err, new(*testinit.UnsupportedError))
	require.ErrorContains(t, err, "not for linux/riscv64: build for one of these, or without them (tests.run: none, build.timeout: none)")
}
