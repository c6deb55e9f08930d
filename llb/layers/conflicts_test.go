package layers_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updateConflicts = flag.Bool("update-conflicts", false, "write testdata/conflicts.txt")

// conflicts are what two packages a and b, of which neither needs the other, do to one base.
// Both are built on it, b comes later.
var conflicts = []struct{ what, a, b string }{
	{"both add a file", "echo a >etc/new", "echo b >etc/new"},
	{"both add a link", "ln -s one etc/new", "ln -s two etc/new"},
	{"a file and a link", "echo a >etc/new", "ln -s one etc/new"},
	{"a file and a folder", "echo a >opt/new", "mkdir opt/new; echo b >opt/new/file"},
	{"a folder and a file", "mkdir opt/new; echo a >opt/new/file", "echo b >opt/new"},
	{"both change a file", "sed -i s/one/a/ etc/one", "sed -i s/one/b/ etc/one"},
	{"one appends and one changes", "echo a >>etc/one", "sed -i s/one/b/ etc/one"},
	{"both change a link", "ln -sfn y opt/tool/link", "ln -sfn z opt/tool/link"},
	{"one changes what the other removes", "echo a >etc/one", "rm etc/one"},
	{"one removes what the other changes", "rm etc/one", "echo b >etc/one"},
	{"one removes a folder that the other fills", "rm -r opt/tool/lib; ln -s /lib opt/tool/lib", "echo b >opt/tool/lib/b"},
	{"modes", "chmod 700 etc/one", "chmod 755 etc/one"},
	{"owners", "chown 7:7 etc/one", "chown 8:8 etc/one"},
	{"modes of a folder", "chmod 700 opt/tool", "chmod 1777 opt/tool"},
	{"owner of a new folder", "mkdir srv; chown 7 srv", "mkdir srv; chown 8 srv"},
	{"devices", "mknod etc/device c 1 3", "mknod etc/device c 1 5"},
	{"many files", "mkdir srv; for i in $(seq 14); do echo a >srv/$i; done", "mkdir srv; for i in $(seq 14); do echo b >srv/$i; done"},
	{
		"a Debian package in two versions",
		"mkdir -p var/lib/dpkg; printf 'Package: libx\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.0-1\n\n' >var/lib/dpkg/status",
		"mkdir -p var/lib/dpkg; printf 'Package: libx\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.2-1\n\n' >var/lib/dpkg/status",
	},
	{
		"a Python distribution in two versions",
		"d=usr/lib/python3/dist-packages; mkdir -p $d/numpy-1.26.4.dist-info $d/numpy; echo 1 >$d/numpy-1.26.4.dist-info/METADATA; echo 1 >$d/numpy/version.py",
		"d=usr/lib/python3/dist-packages; mkdir -p $d/numpy-2.1.0.dist-info $d/numpy; echo 2 >$d/numpy-2.1.0.dist-info/METADATA; echo 2 >$d/numpy/version.py",
	},
	{
		"an alternative set by hand",
		"mkdir -p var/lib/dpkg/alternatives etc/alternatives; touch usr/bin/nano; ln -s /usr/bin/nano etc/alternatives/editor; printf 'manual\n/usr/bin/editor\n\n/usr/bin/nano\n40\n\n' >var/lib/dpkg/alternatives/editor",
		"mkdir -p var/lib/dpkg/alternatives etc/alternatives; touch usr/bin/vim; ln -s /usr/bin/vim etc/alternatives/editor; printf 'manual\n/usr/bin/editor\n\n/usr/bin/vim\n30\n\n' >var/lib/dpkg/alternatives/editor",
	},
	{"names that are no words", "echo a >'etc/new\nline'; echo a >$'etc/\\e[31m'", "echo b >'etc/new\nline'; echo b >$'etc/\\e[31m'"},
	{"a password file", "echo root:a:0:0::/:/bin/sh >etc/passwd", "echo root:b:0:0::/:/bin/bash >etc/passwd"},
}

// TestConflicts checks the whole text of each conflict.
func TestConflicts(t *testing.T) {
	const golden = "testdata/conflicts.txt"
	l := newLab(t)
	base := l.base(plainBase)
	var texts strings.Builder
	for _, c := range conflicts {
		a, b := l.build("a", base, c.a), l.build("b", base, c.b)
		_, code, _, stderr := l.join(base, []layer{a, b})
		require.Equal(t, 3, code, "%s: %s", c.what, stderr)
		texts.WriteString("# " + c.what + "\n" + stderr + "\n")
	}
	if *updateConflicts {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(texts.String()), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err, "run the test with -update-conflicts to write it")
	require.Equal(t, string(want), texts.String())
}
