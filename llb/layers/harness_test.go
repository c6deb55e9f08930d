package layers_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/patternmatcher"
	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
	"jetkit/llb/llbtest"
)

// recordsDir is where the program looks for records.
const recordsDir = "/usr/share/jetkit/layers"

// lab builds packages without a builder: file systems are folders, a Dockerfile is a shell
// script that runs in one, and a merge is a copy. The program is the real one.
type lab struct {
	t              testing.TB
	dir            string
	program, rules string
	excluded       *patternmatcher.PatternMatcher
	shell          *shell
	trees          int
}

func newLab(tb testing.TB) *lab {
	tb.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		tb.Skip("it needs Linux and root, as a builder does")
	}
	l := &lab{t: tb, dir: tb.TempDir()}
	// SANITIZE=FILE program/build.sh compiles a program that checks itself.
	l.program = os.Getenv("JETKIT_TEST_LAYERS_PROGRAM")
	if l.program == "" {
		l.program = llbtest.Program(tb, "layers")
	}
	var err error
	l.excluded, err = patternmatcher.New(layers.Excluded())
	require.NoError(tb, err)
	l.rules = filepath.Join(l.dir, "rules")
	require.NoError(tb, os.WriteFile(l.rules, layers.Rules(), 0o600))
	return l
}

func (l *lab) newDir(name string) string {
	l.trees++
	dir := filepath.Join(l.dir, fmt.Sprintf("%d-%s", l.trees, name))
	require.NoError(l.t, os.Mkdir(dir, 0o755)) // a file system's root
	return dir
}

// sh runs a script in a folder. Paths in it are relative.
func (l *lab) sh(dir, script string) {
	l.t.Helper()
	if l.shell == nil {
		l.shell = startShell(l.t)
	}
	out, code := l.shell.run(dir, script)
	require.Zero(l.t, code, "%s\n%s", script, out)
}

// base makes a file system by a script.
func (l *lab) base(script string) string {
	l.t.Helper()
	dir := l.newDir("base")
	l.sh(dir, script)
	setTimes(l.t, dir, time.Unix(1000000000, 0)) // so that what a script touches later is seen to be newer
	return dir
}

// layer is a package that was built.
type layer struct {
	name  string
	after string // the file system that it left
	tree  string // its layer
}

// build runs a package's script on a copy of a file system, and makes its layer.
func (l *lab) build(name, before, script string) layer {
	l.t.Helper()
	made, stderr := l.tryBuild(name, before, script)
	require.Empty(l.t, stderr)
	return made
}

// tryBuild makes a layer, which may fail.
func (l *lab) tryBuild(name, before, script string) (made layer, stderr string) {
	l.t.Helper()
	after, diff, out := l.newDir(name+"-after"), l.newDir(name+"-diff"), l.newDir(name+"-record")
	copyTree(l.t, before, after, everything)
	l.sh(after, script)
	changed := difference(l.t, before, after)
	copyTree(l.t, after, diff, func(path string) bool { return changed[path] })
	code, stdout, stderr := l.run("record", "--before", before, "--after", after, "--diff", diff, "--out", out)
	require.Equal(l.t, stderr != "", code != 0, stderr)
	require.Empty(l.t, stdout)
	tree := l.included(name, diff, changed)
	records := filepath.Join(tree, recordsDir)
	require.NoError(l.t, os.MkdirAll(records, 0o755))
	require.NoError(l.t, os.Rename(out, filepath.Join(records, name)))
	return layer{name, after, tree}, stderr
}

// included is a copy of a package's changes, without what no layer has.
func (l *lab) included(name, diff string, changed map[string]bool) string {
	l.t.Helper()
	isIncluded := func(path string) bool {
		excluded, err := l.excluded.MatchesOrParentMatches(path)
		require.NoError(l.t, err)
		return !excluded
	}
	for path, is := range changed {
		if is && !isIncluded(path) {
			tree := l.newDir(name)
			copyTree(l.t, diff, tree, isIncluded)
			return tree
		}
	}
	return diff // which nobody needs any more
}

// run runs the program.
func (l *lab) run(command string, args ...string) (code int, stdout, stderr string) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), l.program, append([]string{command, "--rules", l.rules}, args...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1"}
	err := cmd.Run()
	require.NotNil(l.t, cmd.ProcessState, "%v", err)
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// merge puts layers on a file system as the builder does.
func (l *lab) merge(start string, add ...layer) string {
	l.t.Helper()
	root := l.newDir("root")
	copyTree(l.t, start, root, everything)
	for _, a := range add {
		copyTree(l.t, a.tree, root, everything)
	}
	return root
}

// join merges layers and joins them.
func (l *lab) join(start string, add []layer, flags ...string) (root string, code int, stdout, stderr string) {
	l.t.Helper()
	root = l.merge(start, add...)
	code, stdout, stderr = l.joinIn(root, start, add, flags...)
	return root, code, stdout, stderr
}

// joinIn joins layers that are merged in a folder. Where they do not fit together, stderr has the report of a second run.
func (l *lab) joinIn(root, start string, add []layer, flags ...string) (code int, stdout, stderr string) {
	l.t.Helper()
	args := append([]string{"--root", root, "--start", start}, flags...)
	for _, a := range add {
		args = append(args, "--layer", a.name+"="+a.tree)
	}
	code, stdout, stderr = l.run("join", args...)
	if code == layers.ConflictCode {
		require.Regexp(l.t, `^(.+ and .+ do not fit together\n)+$`, stderr)
		report := filepath.Join(l.dir, "report")
		again, _, err := l.run("join", append(args, "--report", report)...)
		require.Zero(l.t, again, err)
		dt, err2 := os.ReadFile(report)
		require.NoError(l.t, err2)
		stderr = string(dt)
	}
	return code, stdout, stderr
}

// joined is a join that must succeed and say nothing.
func (l *lab) joined(start string, add ...layer) string {
	l.t.Helper()
	root, code, stdout, stderr := l.join(start, add)
	require.Zero(l.t, code, stderr)
	require.Empty(l.t, stdout+stderr)
	return root
}

// list describes all paths of a tree.
func (l *lab) list(dir string) map[string]string {
	l.t.Helper()
	return listTree(l.t, dir)
}

// show lists a tree without records and times: a line for each path that is no folder.
func (l *lab) show(dir string) string {
	l.t.Helper()
	var b strings.Builder
	paths := listTree(l.t, dir)
	for _, path := range slices.SortedFunc(maps.Keys(paths), cmp.Compare[string]) {
		if strings.HasPrefix("/"+path, recordsDir) || strings.HasPrefix(paths[path], "d") {
			continue
		}
		info, err := os.Lstat(filepath.Join(dir, path))
		require.NoError(l.t, err)
		switch {
		case info.Mode().IsRegular():
			dt, err := os.ReadFile(filepath.Join(dir, path))
			require.NoError(l.t, err)
			fmt.Fprintf(&b, "%s %q\n", path, dt)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(filepath.Join(dir, path))
			require.NoError(l.t, err)
			fmt.Fprintf(&b, "%s -> %s\n", path, target)
		default:
			fmt.Fprintf(&b, "%s %s\n", path, info.Mode())
		}
	}
	return b.String()
}

// all lists a tree but for records, with all that list tells.
func (l *lab) all(dir string) string {
	l.t.Helper()
	var b strings.Builder
	paths := listTree(l.t, dir)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if p := "/" + path; !strings.HasPrefix(p, recordsDir) && !strings.HasPrefix(recordsDir, p+"/") {
			fmt.Fprintf(&b, "%s: %s\n", path, paths[path])
		}
	}
	return b.String()
}
