package layers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const plainBase = `
	mkdir -p etc usr/bin opt/tool/lib
	printf 'one\n' >etc/one; printf 'two\n' >etc/two; printf 'three\n' >etc/three
	printf x >opt/tool/lib/x; printf y >opt/tool/y
	ln -s lib/x opt/tool/link; ln -s usr/bin bin`

// A chain runs the scripts one after the other. Layers of independent packages make the
// same of it, whether they are joined at once or one by one.
func TestJoinsAsAChain(t *testing.T) {
	for name, c := range map[string][]string{
		"new files":                 {"echo a >etc/a; mkdir -p opt/a; echo a >opt/a/a", "echo b >etc/b; mkdir -p opt/b; echo b >opt/b/b", "mkdir -p srv/c/d/e"},
		"the same file":             {"echo a >etc/a; touch -d @5 etc/a", "echo a >etc/a; touch -d @5 etc/a"},
		"one changes":               {"echo a >etc/a", "echo more >etc/one", "echo less >etc/two"},
		"both append":               {"echo a >>etc/one", "echo b >>etc/one", "echo c >>etc/one; echo d >>etc/one"},
		"touched only":              {"echo changed >etc/one", "touch etc/one; cp -a etc/two x; cat x >etc/two; rm x"},
		"a file is removed":         {"rm etc/one", "touch etc/one", "rm -f etc/one; echo b >etc/b"},
		"a tree is removed":         {"rm -r opt/tool", "[ ! -e opt/tool/lib/x ] || touch opt/tool/lib/x", "rm -rf opt/tool/lib"},
		"a folder stays for others": {"rm -r opt/tool", "mkdir -p opt/tool; echo new >opt/tool/new"},
		"removed and made anew":     {"rm -r opt/tool; mkdir opt/tool; echo new >opt/tool/new", "echo b >etc/b"},
		"a folder becomes a file":   {"rm -r opt/tool; echo file >opt/tool", "echo b >etc/b"},
		"a folder becomes a link":   {"mv opt/tool opt/tool-1; ln -s tool-1 opt/tool", "touch opt/tool/y"},
		"a file becomes a folder":   {"rm etc/one; mkdir etc/one; echo in >etc/one/in", "touch etc/one"},
		"a link becomes a folder":   {"rm opt/tool/link; mkdir opt/tool/link; echo in >opt/tool/link/in", "echo b >etc/b"},
		"a link changes":            {"ln -sfn lib/y opt/tool/link", "touch -h opt/tool/link"},
		"mode and content":          {"chmod 700 etc/one", "echo more >etc/one", "chown 5:6 etc/two", "chmod 711 opt/tool", "echo b >opt/tool/b"},
		"capabilities":              {`python3 -ISc "import os; os.setxattr('opt/tool/y', 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))"`, "touch opt/tool/y", "chown 7 opt/tool/lib"},
		"devices and FIFOs":         {"mknod etc/null c 1 3; mkfifo etc/fifo", "mknod etc/loop b 7 0"},
		"hard links":                {"echo l >etc/l1; ln etc/l1 etc/l2; ln etc/l1 opt/l3", "touch opt/tool/y"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			base := l.base(plainBase)
			chain := l.merge(base)
			var all []layer
			stepwise := base
			for i, script := range c {
				l.sh(chain, script)
				all = append(all, l.build(string(rune('a'+i)), base, script))
				stepwise = l.joined(stepwise, all[i])
			}
			root := l.joined(base, all...)
			require.Equal(t, l.show(chain), l.show(root))
			require.Equal(t, l.all(root), l.all(stepwise))
		})
	}
}

// TestRemovedListStaysRemoved has dpkg write the list of a Debian package of the base anew, as it
// does where the base left folders out, while another package removes that package.
func TestRemovedListStaysRemoved(t *testing.T) {
	const list = "var/lib/dpkg/info/logsave.list"
	l := newLab(t)
	base := l.base("mkdir -p var/lib/dpkg/info; printf '/.\\n/usr\\n/usr/share\\n' >" + list)
	wrote, removed := l.build("wrote", base, "printf '/.\\n/usr\\n' >"+list), l.build("removed", base, "rm "+list)
	for _, order := range [][]layer{{wrote, removed}, {removed, wrote}} {
		root, code, _, stderr := l.join(base, order)
		require.Zero(t, code, stderr)
		require.Equal(t, "-", read(t, root, list))
	}
}

// TestListsOfFilesForget: dpkg forgets folders that are not there when it writes a list of files anew, and so each
// package forgets others.
func TestListsOfFilesForget(t *testing.T) {
	l := newLab(t)
	const list = "var/lib/dpkg/info/apt.list"
	base := l.base("mkdir -p var/lib/dpkg/info; printf '/.\\n/a\\n/b\\n/c\\n/d\\n' >" + list)
	a, b := l.build("a", base, "sed -i '/b/d' "+list), l.build("b", base, "sed -i '/c/d;s/d/e/' "+list)
	require.Equal(t, "/.\n/a\n/e\n", read(t, l.joined(base, a, b), list))
	require.Equal(t, "/.\n/a\n/e\n", read(t, l.joined(l.joined(base, b), a), list))
}

// TestLinksToTheBaseStay: a layer's link to a file of the base has the file, too, and stays one file with it.
func TestLinksToTheBaseStay(t *testing.T) {
	l := newLab(t)
	base := l.base(plainBase)
	a, b := l.build("a", base, "ln etc/one etc/link"), l.build("b", base, "touch opt/tool/y")
	list := l.list(l.joined(base, a, b))
	require.Contains(t, list["etc/one"], "= etc/link")
}

// TestFolderTimesAreTheLayers: a runtime makes /etc/hosts in the merged root before the program starts, and so
// the folder has the clock's time.
func TestFolderTimesAreTheLayers(t *testing.T) {
	l := newLab(t)
	base := l.base(plainBase)
	both := []layer{l.build("a", base, "echo a >>etc/one"), l.build("b", base, "echo b >>etc/one")}
	root := l.merge(base, both...)
	l.sh(both[0].tree, "touch -d @1100000000 etc")
	l.sh(both[1].tree, "touch -d @1200000000 etc")
	l.sh(root, "touch etc")
	code, _, stderr := l.joinIn(root, base, both)
	require.Zero(t, code, stderr)
	info, err := os.Stat(filepath.Join(root, "etc"))
	require.NoError(t, err)
	require.EqualValues(t, 1200000000, info.ModTime().Unix())
}

// TestFolderOfTheRootIsBack: what the later package touched hides a folder, from which another one removed something.
func TestFolderOfTheRootIsBack(t *testing.T) {
	l := newLab(t)
	base := l.base("echo file >top")
	a := l.build("a", base, "rm top; mkdir top; echo in >top/in; echo gone >top/gone")
	onA := l.build("on-a", l.joined(base, a), "rm top/gone; echo other >top/other")
	root := l.joined(base, a, onA, l.build("b", base, "touch top"))
	require.Equal(t, "top/in \"in\\n\"\ntop/other \"other\\n\"\n", l.show(root))
}

func TestConflictsAreAnError(t *testing.T) {
	l := newLab(t)
	base := l.base(plainBase)
	a, b := l.build("a", base, "echo a >etc/new"), l.build("b", base, "echo b >etc/new")
	_, code, _, stderr := l.join(base, []layer{a, b})
	require.Equal(t, 3, code)
	require.Contains(t, stderr, "a and b do not fit together")
	require.Contains(t, stderr, "/etc/new")

	root, code, _, stderr := l.join(base, []layer{a, b}, "--warn")
	require.Zero(t, code)
	require.Contains(t, stderr, "/etc/new")
	require.Contains(t, l.show(root), `etc/new "b\n"`)

	root, code, _, stderr = l.join(base, []layer{a, b}, "--report", l.dir+"/report")
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.Equal(t, l.all(l.merge(base, a, b)), l.all(root))
	require.Contains(t, read(t, l.dir, "report"), "do not fit together")
}
