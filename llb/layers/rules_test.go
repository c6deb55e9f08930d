package layers_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
)

// example returns a path that a pattern matches.
func example(pattern string) string {
	return strings.NewReplacer("**", "x/y", "*", "x", "?", "x").Replace(pattern)
}

// rows returns the rows of a kind.
func rows(t *testing.T, kind string) []layers.Rule {
	t.Helper()
	rules, err := layers.ReadRules()
	require.NoError(t, err)
	rules = slices.DeleteFunc(rules, func(r layers.Rule) bool { return string(r.Kind) != kind })
	require.NotEmpty(t, rules)
	return rules
}

// examples returns a path for each pattern of a kind, without the slash before it.
func examples(t *testing.T, kind string) []string {
	t.Helper()
	var paths []string
	for _, r := range rows(t, kind) {
		for _, p := range r.Paths {
			paths = append(paths, strings.TrimPrefix(example(p), "/"))
		}
	}
	return paths
}

// writes is a script that writes a text to each of the paths.
func writes(text string, paths []string) string {
	var folders, files strings.Builder
	for _, p := range paths {
		folders.WriteString(" '" + filepath.Dir(p) + "'")
		files.WriteString("printf '" + text + "' >'" + p + "'\n")
	}
	return "mkdir -p" + folders.String() + "\n" + files.String()
}

func read(tb testing.TB, root, path string) string {
	tb.Helper()
	dt, err := os.ReadFile(filepath.Join(root, path))
	if os.IsNotExist(err) {
		return "-"
	}
	require.NoError(tb, err)
	return string(dt)
}

func TestDropRules(t *testing.T) {
	l, paths := newLab(t), examples(t, "drop")
	paths = slices.DeleteFunc(paths, func(p string) bool { return "/"+p == recordsDir })
	var old []string // every second one is in the base
	for i := 0; i < len(paths); i += 2 {
		old = append(old, paths[i])
	}
	base := l.base(writes("base", old))
	a, b := l.build("a", base, writes("a", paths)), l.build("b", base, writes("b", paths))
	c := l.build("c", base, "rm "+paths[0]) // what a package removes is removed
	root := l.joined(base, a, b, c)
	require.Equal(t, "-", read(t, root, paths[0]))
	for i, p := range paths[1:] {
		require.Equal(t, []string{"-", "base"}[i%2], read(t, root, p), p)
	}
}

func TestOnlyJetkitWritesRecords(t *testing.T) {
	l := newLab(t)
	base := l.base("mkdir etc")
	a := l.build("a", base, writes("x", []string{"usr/share/jetkit/layers/b/changes", "usr/share/jetkit/layers/a/more"}))
	require.Equal(t, "-", read(t, a.tree, "usr/share/jetkit/layers/b/changes"))
	require.Equal(t, "-", read(t, a.tree, "usr/share/jetkit/layers/a/more"))
	require.NotContains(t, read(t, a.tree, "usr/share/jetkit/layers/a/changes"), "more")
}

func TestEitherRules(t *testing.T) {
	l, paths := newLab(t), examples(t, "either")
	base := l.base("mkdir etc")
	a, b := l.build("a", base, writes("a", paths)), l.build("b", base, writes("b", paths))
	ab, ba := l.joined(base, a, b), l.joined(base, b, a)
	for _, p := range paths {
		require.Equal(t, "b", read(t, ab, p), p)
		require.Equal(t, "a", read(t, ba, p), p)
	}
	withA := l.joined(base, a)
	removed := l.joined(withA, b, l.build("c", withA, "rm -r '"+strings.Join(paths, "' '")+"'"))
	for _, p := range paths {
		require.Equal(t, "-", read(t, removed, p), p)
	}
}

func TestPlainRules(t *testing.T) {
	l := newLab(t)
	var paths []string
	for _, p := range examples(t, "plain") {
		if filepath.Base(p) != "format" { // the only file: the others are folders
			p += "/file"
		}
		paths = append(paths, p)
	}
	base := l.base("mkdir etc")
	a, b := l.build("a", base, writes("a", paths)), l.build("b", base, writes("b", paths))
	_, code, _, stderr := l.join(base, []layer{a, b})
	require.Equal(t, 3, code)
	for _, p := range paths {
		require.Contains(t, stderr, "/"+p+"\n")
	}
}

func TestSkipRules(t *testing.T) {
	l, paths := newLab(t), examples(t, "skip")
	base := l.base("mkdir -p etc")
	a, b := l.build("a", base, writes("a", paths)), l.build("b", base, writes("b", paths))
	require.Equal(t, l.all(l.merge(base, a, b)), l.all(l.joined(base, a, b)))
	for _, p := range paths {
		require.NotContains(t, read(t, a.tree, recordsDir+"/a/changes"), "/"+p)
	}
}

func TestConcatRules(t *testing.T) {
	l, paths := newLab(t), examples(t, "concat")
	base := l.base("mkdir etc")
	a, b := l.build("a", base, writes("a\\n", paths)), l.build("b", base, writes("b\\n", paths))
	root := l.joined(base, a, b)
	for _, p := range paths {
		require.Equal(t, "a\nb\n", read(t, root, p), p)
	}
}

func TestUnionRules(t *testing.T) {
	l, paths := newLab(t), examples(t, "union")
	base := l.base("mkdir etc")
	a, b := l.build("a", base, writes("both\\na\\n", paths)), l.build("b", base, writes("b\\nboth\\n", paths))
	c := l.build("c", base, writes("both\\nc", paths))
	root := l.joined(base, a, b, c)
	for _, p := range paths {
		require.Equal(t, "both\na\nb\nc\n", read(t, root, p), p)
	}
}

// withShell is a script that puts a shell into a tree, for programs that are scripts.
const withShell = "cp -L --parents /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*') .\n"

// fakePrograms is a script that puts programs which note how they were run into a tree.
func fakePrograms(makes string, paths ...string) string {
	return writes("#!/bin/sh\\necho \"$0 $*\" >>/ran\\n"+makes+"\\n", paths) + "chmod +x " + strings.Join(paths, " ") + "\n"
}

// product returns an example of what a row's program makes.
func product(r layers.Rule) string {
	p := strings.TrimPrefix(example(r.Paths[0]), "/")
	if filepath.Base(p) == "mime" { // a folder
		p += "/mime.cache"
	}
	return p
}

// inFolder fills {dir} in a word of a row.
func inFolder(r layers.Rule, word string) string {
	return strings.ReplaceAll(word, "{dir}", "/"+filepath.Dir(product(r)))
}

// commandOf returns the first or the last program of a row, and how it is run for the row's example.
func commandOf(r layers.Rule, last bool) (program, line string) {
	names := strings.Split(example(inFolder(r, r.Args[1])), "|")
	program = filepath.Clean(names[0])
	if last {
		program = names[len(names)-1]
	}
	return strings.TrimPrefix(program, "/"), strings.Join(append([]string{program}, strings.Fields(inFolder(r, strings.Join(r.Args[2:], " ")))...), " ")
}

// TestRunRules has two packages change all files that programs make, with none of the
// programs in the image, with the first one of each row, and with the last one.
func TestRunRules(t *testing.T) {
	l := newLab(t)
	var paths []string
	for _, r := range rows(t, "run") {
		paths = append(paths, product(r))
	}
	join := func(base string) (root string, code int, stdout, stderr string) {
		return l.join(base, []layer{l.build("a", base, writes("a", paths)), l.build("b", base, writes("b", paths))})
	}

	without := l.base(withShell + writes("base", paths))
	_, code, stdout, stderr := join(without)
	require.Equal(t, 3, code)
	require.Empty(t, stdout)
	root, code, _, _ := l.join(without, []layer{l.build("a", without, writes("a", paths)), l.build("b", without, writes("b", paths))}, "--warn")
	require.Zero(t, code)
	for _, r := range rows(t, "run") {
		p := product(r)
		require.Equal(t, r.Args[0] == "conflict", strings.Contains(stderr, "/"+p+"\n"), p)
		require.Equal(t, map[string]string{"conflict": "b", "either": "b", "drop": "-"}[r.Args[0]], read(t, root, p), p)
	}

	for _, last := range []bool{false, true} {
		var programs []string
		want := map[string]bool{}
		for _, r := range rows(t, "run") {
			program, line := commandOf(r, last)
			programs = append(programs, program)
			want[line] = true
		}
		root, code, stdout, stderr := join(l.base(withShell + writes("base", paths) + fakePrograms("", programs...)))
		require.Zero(t, code, stderr)
		require.Equal(t, stdout, strings.ReplaceAll(read(t, root, "ran"), " \n", "\n"))
		for line := range strings.Lines(stdout) {
			require.True(t, want[strings.TrimSpace(line)], line)
			delete(want, strings.TrimSpace(line))
		}
		require.Empty(t, want)
	}
}

// A program is run once, and only if two packages changed what it makes.
func TestCommandsMakeFilesAnew(t *testing.T) {
	l := newLab(t)
	changes := func(text string) string { return writes(text, []string{"etc/ld.so.cache"}) }
	base := l.base(withShell + changes("base") + fakePrograms("echo anew >/etc/ld.so.cache", "sbin/ldconfig"))
	a, b, c := l.build("a", base, changes("a")), l.build("b", base, changes("b")), l.build("c", base, changes("c"))
	require.Equal(t, "a", read(t, l.joined(base, a), "etc/ld.so.cache"))
	root, code, stdout, stderr := l.join(base, []layer{a, b, c})
	require.Zero(t, code, stderr)
	require.Equal(t, "/sbin/ldconfig\n", stdout)
	require.Equal(t, "anew\n", read(t, root, "etc/ld.so.cache"))
	require.Equal(t, "/sbin/ldconfig \n", read(t, root, "ran"))
}

func TestCommandsThatFail(t *testing.T) {
	l := newLab(t)
	changes := func(text string) string { return writes(text, []string{"etc/ld.so.cache"}) }
	base := l.base(withShell + changes("base") + fakePrograms("echo no such library >&2; exit 4", "usr/sbin/ldconfig"))
	a, b := l.build("a", base, changes("a")), l.build("b", base, changes("b"))
	_, code, _, stderr := l.join(base, []layer{a, b})
	require.Equal(t, 1, code)
	require.Equal(t, "layers: /usr/sbin/ldconfig, which makes /etc/ld.so.cache anew of what several packages have, failed with code 4:\nno such library\n\n", stderr)

	base = l.base(changes("base") + "mkdir -p usr/sbin; echo text >usr/sbin/ldconfig")
	a, b = l.build("a", base, changes("a")), l.build("b", base, changes("b"))
	_, code, _, stderr = l.join(base, []layer{a, b})
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "cannot run /usr/sbin/ldconfig: Permission denied")
}

// A program may leave what no layer has.
func TestCommandsLeaveNoCache(t *testing.T) {
	l := newLab(t)
	changes := func(text string) string { return writes(text, []string{"etc/ld.so.cache"}) }
	base := l.base("mkdir -p var/cache/ldconfig\n" + withShell + fakePrograms("echo x >/var/cache/ldconfig/aux-cache", "usr/sbin/ldconfig"))
	root, code, _, stderr := l.join(base, []layer{l.build("a", base, changes("a")), l.build("b", base, changes("b"))})
	require.Zero(t, code, stderr)
	require.Equal(t, "-", read(t, root, "var/cache/ldconfig/aux-cache"))
}
