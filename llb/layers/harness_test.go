package layers_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
)

// recordsDir is where the program looks for records.
const recordsDir = "/usr/share/jetkit/layers"

// lab builds packages without a builder: file systems are folders, a Dockerfile is a shell
// script that runs in one, and a merge is a copy. The program is the real one.
type lab struct {
	t              testing.TB
	dir            string
	program, rules string
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
		dt, err := os.ReadFile(filepath.Join("program", "layers-"+runtime.GOARCH+".bin"))
		require.NoError(tb, err)
		l.program = filepath.Join(l.dir, "layers")
		require.NoError(tb, os.WriteFile(l.program, dt, 0o755)) // it is a program
	}
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

// sh runs a script in a folder. ~ is a tree's own root in it: paths are relative.
func (l *lab) sh(dir, script string) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), "bash", "-euc", "umask 022\n"+script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(l.t, err, "%s\n%s", script, out)
}

// base makes a file system by a script.
func (l *lab) base(script string) string {
	l.t.Helper()
	dir := l.newDir("base")
	l.sh(dir, script)
	l.age(dir)
	return dir
}

// age makes all files old, so that one which a script touches later is seen to be newer.
func (l *lab) age(dir string) {
	l.sh(dir, "find . -depth -print0 | xargs -0 touch -h -d @1000000000")
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
	after, diff, tree := l.newDir(name+"-after"), l.newDir(name+"-diff"), l.newDir(name)
	l.copy(before, after)
	l.sh(after, script)
	l.difference(before, after, diff)
	l.copy(diff, tree)
	l.exclude(tree)
	out := filepath.Join(tree, recordsDir, name)
	require.NoError(l.t, os.MkdirAll(out, 0o755))
	code, stdout, stderr := l.run("record", "--before", before, "--after", after, "--diff", diff, "--out", out)
	require.Zero(l.t, code, stderr)
	require.Empty(l.t, stdout+stderr)
	return layer{name, after, tree}
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
	l.copy(start, root)
	for _, a := range add {
		l.copy(a.tree, root)
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

// copy puts a tree into another one. What is no folder in both replaces what is there.
func (l *lab) copy(from, to string) {
	l.t.Helper()
	require.NoError(l.t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		there := filepath.Join(to, strings.TrimPrefix(path, from))
		if st, err := os.Lstat(there); err == nil && (!st.IsDir() || !d.IsDir()) && (st.IsDir() || d.IsDir()) {
			return os.RemoveAll(there)
		}
		return nil
	}))
	out, err := exec.CommandContext(l.t.Context(), "cp", "-a", "--remove-destination", from+"/.", to).CombinedOutput()
	require.NoError(l.t, err, "%s", out)
}

// difference copies what a script changed, with the folders above it, as an overlay has it.
func (l *lab) difference(before, after, to string) {
	l.t.Helper()
	was, is := l.list(before), l.list(after)
	keep := map[string]bool{}
	change := func(path string) {
		for ; path != "." && !keep[path]; path = filepath.Dir(path) {
			keep[path] = is[path] != ""
		}
	}
	for path := range is {
		if was[path] != is[path] {
			change(path)
		}
	}
	for path := range was {
		if is[path] == "" {
			change(filepath.Dir(path))
		}
	}
	l.copy(after, to)
	require.NoError(l.t, filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(to, path)
		if err != nil || rel == "." || keep[rel] {
			return err
		}
		if err := os.RemoveAll(path); err != nil || !d.IsDir() {
			return err
		}
		return filepath.SkipDir
	}))
}

func (l *lab) exclude(tree string) {
	l.t.Helper()
	m, err := patternmatcher.New(layers.Excluded())
	require.NoError(l.t, err)
	require.NoError(l.t, filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(tree, path)
		if errors.Is(err, fs.ErrNotExist) || rel == "." {
			return nil
		}
		excluded, err := m.MatchesOrParentMatches(rel)
		if err != nil || !excluded {
			return err
		}
		if err := os.RemoveAll(path); err != nil || !d.IsDir() {
			return err
		}
		return filepath.SkipDir
	}))
}

// list describes all paths of a tree: content, mode, owner, links, times but of folders.
func (l *lab) list(dir string) map[string]string {
	l.t.Helper()
	paths, first := map[string]string{}, map[uint64]string{}
	require.NoError(l.t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%s %d:%d", info.Mode(), st.Uid, st.Gid)
		switch {
		case info.Mode().IsRegular():
			dt, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %d %q", st.Mtim.Nano(), dt)
			if first[st.Ino] == "" {
				first[st.Ino] = rel
			} else {
				text += " = " + first[st.Ino]
			}
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += " -> " + target
		case info.Mode()&fs.ModeDevice != 0:
			text += fmt.Sprintf(" %d", st.Rdev)
		}
		paths[rel] = text + attributes(path)
		return nil
	}))
	return paths
}

func attributes(path string) string {
	names := make([]byte, 4096)
	n, err := syscall.Listxattr(path, names)
	if err != nil {
		return ""
	}
	var text string
	for name := range bytes.SplitSeq(bytes.TrimRight(names[:n], "\x00"), []byte{0}) {
		value := make([]byte, 4096)
		if size, err := syscall.Getxattr(path, string(name), value); err == nil {
			text += fmt.Sprintf(" %s=%q", name, value[:size])
		}
	}
	return text
}

// show lists a tree without records and times: a line for each path that is no folder.
func (l *lab) show(dir string) string {
	l.t.Helper()
	var b strings.Builder
	paths := l.list(dir)
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
	paths := l.list(dir)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if p := "/" + path; !strings.HasPrefix(p, recordsDir) && !strings.HasPrefix(recordsDir, p+"/") {
			fmt.Fprintf(&b, "%s: %s\n", path, paths[path])
		}
	}
	return b.String()
}
