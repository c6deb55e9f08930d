package pkgspec

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// TestHostileFiles checks that files made to cost time or memory cost neither.
func TestHostileFiles(t *testing.T) {
	long := strings.Repeat("a", 100_000)
	for name, c := range map[string]struct{ file, rule string }{
		"too large":         {"packages: " + strings.Repeat("a", maxSize), "too-large"},
		"billion laughs":    {laughs() + "packages: *a9\n", "wrong-type"},
		"laughs unused":     {laughs() + "packages: a\n", ""},
		"laughs as a merge": {laughs() + "packages: a\nargs: {<<: *a9}\n", "wrong-type"},
		"one long text many times": {
			"x-a: &a " + long + "\npackages: a\nimage: {cmd: [" + strings.Repeat("*a,", 10_000) + "]}\n",
			"too-large",
		},
		"merges": {
			"x-a: &a {" + numbered("k%d: 1,", 10_000) + "}\nx-b: &b [" + strings.Repeat("*a,", 10_000) + "]\npackages: a\nargs:\n" + numbered("  a%d: {<<: *b}\n", 10_000),
			"too-large",
		},
		"deep lists":         {"packages: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "too-deep"},
		"deep mappings":      {"packages: " + strings.Repeat("{a: ", 9000) + strings.Repeat("}", 9000), "too-deep"},
		"brackets":           {strings.Repeat("[", maxSize), "too-deep"},
		"quote":              {"packages: a\n" + strings.Repeat("# x\n", 200_000) + "base: \"", "yaml-syntax"},
		"one line":           {"packages: [" + strings.Repeat("é,", 50_000) + "]", "bad-value"},
		"one line and back":  {"{x-a: [é, " + numbered("&a%d b,", 40_000) + "], packages: [" + numbered("*a%d,", 40_000) + "]}", "duplicate-package"},
		"many keys":          {numbered("k%d: 1\n", 30_000), "unknown-key"},
		"many sources":       {"packages: a\nsources:\n" + numbered("- dir: d%d\n", 30_000), ""},
		"many arguments":     {"packages: a\nargs:\n" + numbered("  A%d: 1\n", 30_000), ""},
		"a key of a million": {"? " + strings.Repeat("k", maxSize-20) + "\n: 1\n", "unknown-key"},
	} {
		t.Run(name, func(t *testing.T) {
			start := processorTime(t)
			_, problems := Load("jetson.yaml", []byte(c.file), nil)
			assert.Less(t, processorTime(t)-start, 5*time.Second)
			if c.rule == "" {
				require.Empty(t, problems)
			} else {
				require.True(t, hasRule(problems, c.rule), "want %q, got %.2000v", c.rule, problems)
			}
			for _, d := range problems {
				require.LessOrEqual(t, len(d.Message), 1000, "bytes of a message")
			}
		})
	}
}

// processorTime returns what the test's process has used of it, which other work
// on the machine does not change.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestFaultyLineFarFromTheEnd checks that a fault is found even if the parser
// notices it only at the end of a file that is too long to try again and again.
func TestFaultyLineFarFromTheEnd(t *testing.T) {
	_, problems := Load("jetson.yaml", []byte("packages: a\nbase: \"b\n"+strings.Repeat("# x\n", 200_000)), nil)
	require.Len(t, problems, 1)
	assert.Equal(t, on(2, 1, 9), problems[0].At)
}

// laughs returns ten levels of aliases: ten thousand million texts.
func laughs() string {
	file := "x-0: &a0 [a, b, c, d, e, f, g, h, i, j]\n"
	for i := 1; i < 10; i++ {
		file += fmt.Sprintf("x-%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return file
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func hasRule(problems diag.List, rule string) bool {
	for _, d := range problems {
		if d.Rule.Name == rule {
			return true
		}
	}
	return false
}

func FuzzLoad(f *testing.F) {
	f.Add(fullFile, "PACKAGES", "a,b")
	f.Add("packages: a\nbuild: {gpu: cdi, device: a/b, network: host, shm_size: 1e9p, ulimits: {core: 1:-1}, privileged: [a, true]}\n", "BUILD_ULIMITS", "nofile=1:2,core=-1,x")
	f.Add("packages: a\ntests: {shm_size: 0x1p70, ulimits: {nofile: 99999999999999999999}, privileged: 'false'}\n", "TEST_SHM_SIZE", ".5k")
	f.Add(laughs()+"packages: *a9\n", "IMAGE_CMD", `["a"]`)
	f.Add("packages: [é, \"ü\", 'x''y', |\n a\n]", "L4T_VERSON", "36")
	f.Add("\ufeff? [a]\r\n: &b !!str c\r\n<<: *b\r\n", "HF_TOKEN", "x")
	f.Add("a: 'b\n\n\tc' # d\n...\n---\n", "IMAGE_ENV", "A=1,B")
	for _, seed := range []string{"{[.]}", "0: [:!00 \xef", "#\n-\n{", "a: &a\n  b: *a\n", "- &a\n- *a", "? a\n? b", "a: !<x> b", "%YAML 1.1\n---\na: b", "packages: >-\n  a\n\n\n  b\n#c", "{a: [b, {c: d}], }"} {
		f.Add(seed, "", "")
	}
	f.Fuzz(func(t *testing.T, file, name, value string) {
		build := map[string]string{name: value}
		spec, problems := Load("jetson.yaml", []byte(file), build)
		require.Equal(t, problems.HasErrors(), spec == nil, "spec %v with %v", spec, problems)
		if spec != nil {
			checkSandbox(t, spec.Build.Sandbox)
			checkSandbox(t, spec.Tests.Sandbox)
		}
		for _, d := range problems {
			assert.NotEmpty(t, d.Rule.Name, "%+v says too little", d)
			assert.NotEmpty(t, d.Message, "%+v says too little", d)
			assert.NotEmpty(t, d.Hint, "%+v says too little", d)
			checkRange(t, file, d.At)
			for _, r := range d.Related {
				checkRange(t, file, r.At)
			}
		}
		again, repeated := Load("jetson.yaml", []byte(file), build)
		assert.Equal(t, again, spec, "two runs differ")
		assert.Equal(t, repeated, problems, "two runs differ")
	})
}

// checkSandbox checks what later phases rely on.
func checkSandbox(t *testing.T, s plan.Sandbox) {
	t.Helper()
	require.Contains(t, []plan.Network{"", plan.NetworkHost, plan.NetworkNone}, s.Network, "%+v", s)
	require.GreaterOrEqual(t, s.ShmSize, int64(0), "%+v", s)
	require.LessOrEqual(t, s.ShmSize, int64(maxShmSize), "%+v", s)
	for i, u := range s.Ulimits {
		require.False(t, i > 0 && s.Ulimits[i-1].Name >= u.Name, "%+v", s.Ulimits)
		require.GreaterOrEqual(t, min(u.Soft, u.Hard), int64(-1), "%+v", s.Ulimits)
		require.False(t, u.Hard >= 0 && (u.Soft < 0 || u.Soft > u.Hard), "%+v", s.Ulimits)
	}
}

// checkRange checks that a range lies in the file, and that its end isn't
// before its start.
func checkRange(t *testing.T, file string, at diag.Range) {
	t.Helper()
	if at == (diag.Range{}) {
		return // a build argument
	}
	file = strings.TrimPrefix(file, "\ufeff")
	start, end := offset(file, at.Start), offset(file, at.End)
	require.GreaterOrEqual(t, start, 0, "%+v is not in the file", at)
	require.GreaterOrEqual(t, end, start, "%+v is not in the file, or ends before it starts", at)
}
