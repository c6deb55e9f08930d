package layers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHostilePackages records what packages may leave, and joins it. What is wanted is what the
// record or the join says; where nothing is, both are good, and the root is what the package left.
func TestHostilePackages(t *testing.T) {
	l := newLab(t)
	base := l.base(plainBase + "\necho root:x:0:0::/root:/bin/sh >etc/passwd; echo old >etc/ld.so.cache")
	other := l.build("other", base, "echo other >etc/other; echo bert:x:100:100::/:/bin/sh >>etc/passwd; mkdir -p usr/lib; echo x >usr/lib/other.so")
	for name, c := range map[string]struct{ script, want string }{
		"a list that is a FIFO":        {"rm etc/passwd; mkfifo etc/passwd", "replaced by something else"},
		"a list that is a link":        {"rm etc/passwd; ln -s /etc/shadow etc/passwd", "replaced by something else"},
		"a list that is a folder":      {"rm etc/passwd; mkdir etc/passwd", "replaced by something else"},
		"a list with a zero byte":      {`printf 'a\0b\n' >>etc/passwd`, "has a byte that is zero"},
		"a list larger than memory":    {"truncate -s 1T etc/passwd", "is larger than"},
		"records of its own":           {"mkdir -p ." + recordsDir + "/other; echo x >." + recordsDir + "/other/changes", ""},
		"records that are a link":      {"mkdir -p usr/share/jetkit; ln -s /etc usr/share/jetkit/layers", ""},
		"records that are a FIFO":      {"mkdir -p usr/share/jetkit; mkfifo usr/share/jetkit/layers", ""},
		"names of all bytes":           {`for c in 01 0a 1b 20 25 2d 7f 80 c2 ff; do printf x >"etc/$(printf "\x$c")x"; done`, ""},
		"names of escapes":             {`mkdir $'etc/\e]0;title\a'; echo x >$'etc/\e]0;title\a/\xc2\x9b31m'`, ""},
		"links in a circle":            {"ln -s b etc/a; ln -s a etc/b; ln -s . etc/here; ln -s .. etc/up; ln -s /proc/self/root etc/root", ""},
		"a link where a folder was":    {"rm -r opt; ln -s /tmp opt", ""},
		"no lists at all":              {"rm -r etc", ""},
		"a deep folder":                {"d=$(printf '%.0sd' $(seq 200)); for i in $(seq 15); do mkdir $d; cd $d; done; echo x >file", ""},
		"modes, devices and a socket":  {`mknod etc/zero c 1 5; mknod etc/disk b 8 0; mkfifo etc/fifo; touch etc/no; chmod 0 etc/no; chmod 7777 etc/one; python3 -ISc 'import socket; socket.socket(socket.AF_UNIX).bind("etc/socket")'`, ""},
		"a user that is a command":     {`printf '\033[2J:x:100:100::/:/bin/sh\n' >>etc/passwd; touch etc/his; chown 100 etc/his`, ""},
		"a user of no number":          {`printf 'bert:x:-1:99999999999::/:\nbert:x::\n:::::::::\n:\n' >>etc/passwd`, ""},
		"a line of many fields":        {`{ printf 'anna%0.s:' $(seq 5000); echo; } >>etc/passwd`, ""},
		"an alternative above":         {`mkdir -p var/lib/dpkg/alternatives etc/alternatives; ln -s /../../z etc/alternatives/editor; printf 'auto\n/..\n../x\n/../y\n\n/../../z\n1\n/../../../w\n\n' >var/lib/dpkg/alternatives/editor`, ""},
		"an alternative that is cut":   {`mkdir -p var/lib/dpkg/alternatives; printf 'manual\n/usr/bin' >var/lib/dpkg/alternatives/editor`, ""},
		"a Debian package of no name":  {`mkdir -p var/lib/dpkg; printf 'Package:\nVersion\n :\n\n:\nPackage: ../../x\nVersion: 1\n\n' >var/lib/dpkg/status`, ""},
		"Python of no name or version": {"d=usr/lib/python3/dist-packages; mkdir -p $d/-.dist-info $d/a-.dist-info $d/a-1-py.egg-info $d/--1.dist-info", ""},
		"a program that is a link":     {"mkdir -p sbin; ln -s ldconfig sbin/ldconfig; mkdir -p usr/lib; echo x >usr/lib/x.so; echo x >etc/ld.so.cache", ""},
	} {
		t.Run(name, func(t *testing.T) {
			made, stderr := l.tryBuild("hostile", base, c.script)
			if c.want != "" {
				require.Contains(t, stderr, c.want)
				return
			}
			require.Empty(t, stderr)
			alone := l.joined(base, made)
			require.Equal(t, l.show(made.after), l.show(alone))
			for _, order := range [][]layer{{other, made}, {made, other}} {
				root, code, stdout, stderr := l.join(base, order)
				require.Contains(t, []int{0, 3}, code, stderr)
				require.NotRegexp(t, `[\x00-\x08\x0b-\x1f\x7f]`, stdout+stderr)
				require.Equal(t, code == 0, strings.Contains(l.show(root), `etc/other "other\n"`) && code == 0)
			}
		})
	}
}

// TestManyEntries joins what has very many of something, which is not to take long.
func TestManyEntries(t *testing.T) {
	l := newLab(t)
	base := l.base("mkdir etc; echo root:x:0:0::/root:/bin/sh >etc/passwd; echo video:x:44: >etc/group; mkdir -p usr/lib/x.dist-info; touch usr/lib/x.dist-info/RECORD")
	many := func(name string) layer {
		return l.build(name, base, `sed -i "s/^video.*/&$(seq -s, -f `+name+`%.0f 20000)/" etc/group
			yes '`+name+`' | head -20000 >usr/lib/x.dist-info/RECORD
			echo root:x:0:0:$(yes : | head -2000 | tr -d '\n')`+name+` >etc/passwd
			mkdir d; cd d; seq 300 | xargs `+map[string]string{"a": "mkdir", "b": "touch"}[name])
	}
	root, code, _, stderr := l.join(base, []layer{many("a"), many("b")}, "--warn")
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "and 290 more")
	require.Contains(t, read(t, root, "etc/group"), ",a20000,b1,")
	require.Len(t, strings.Split(read(t, root, "usr/lib/x.dist-info/RECORD"), "\n"), 40001)
}

// TestListsOutsideAreNotRead has a Debian package in two versions whose name leads out of the
// tree, to a list of its files: these would not be said to differ.
func TestListsOutsideAreNotRead(t *testing.T) {
	l := newLab(t)
	outside := l.newDir("outside")
	require.NoError(t, os.WriteFile(filepath.Join(outside, "x.list"), []byte("/etc/new\n"), 0o600))
	base := l.base("mkdir -p etc var/lib/dpkg/info")
	brings := func(name string) layer {
		return l.build(name, base, "printf 'Package: ../../../../../"+filepath.Base(outside)+"/x\nStatus: install ok installed\nVersion: "+name+"\n' >var/lib/dpkg/status; echo "+name+" >etc/new; touch var/lib/dpkg/info/"+name)
	}
	_, code, _, stderr := l.join(base, []layer{brings("a"), brings("b")}, "--warn")
	require.Zero(t, code)
	require.Contains(t, stderr, "one Debian package in two versions")
	require.Contains(t, stderr, "/etc/new\n")
}

// TestRecordsOfTheBase has records in the base image that nobody can read. They only serve to
// name who made what.
func TestRecordsOfTheBase(t *testing.T) {
	const records = "mkdir -p ." + recordsDir + "/x; cd ." + recordsDir + "/x; "
	l := newLab(t)
	base := l.base("mkdir etc")
	a := l.build("a", base, "echo a >etc/new")
	for name, c := range map[string]struct{ script, want string }{
		"another version": {"echo jetkit-layer 0 >changes", "the base image and a do not fit"},
		"nothing":         {"touch changes", "the base image and a do not fit"},
		"a FIFO":          {"mkfifo changes", "the base image and a do not fit"},
		"a link":          {"ln -s /etc/new changes", "the base image and a do not fit"},
		"a device":        {"mknod changes c 1 5", "the base image and a do not fit"},
		"half of it":      {"printf 'jetkit-layer 1\n' >changes", "has no record"},
		"damaged":         {"printf 'jetkit-layer 1\nx\n' >changes; touch keys seen", "damaged in line 2"},
	} {
		start := l.base("mkdir etc; echo base >etc/new; " + records + c.script)
		_, code, _, stderr := l.join(start, []layer{a})
		assert.NotZero(t, code, name)
		assert.Contains(t, stderr, c.want, name)
	}
}

// TestHostileRules joins with rules that are none of ours.
func TestHostileRules(t *testing.T) {
	l := newLab(t)
	base := l.base("mkdir etc; echo root:x:0:0::/root:/bin/sh >etc/passwd")
	a := l.build("a", base, "echo a:x:1:1::/:/bin/sh >>etc/passwd")
	for rules, want := range map[string]string{
		"\n":                   "an empty line is no rule",
		"nosuch /etc/passwd\n": "nosuch is no rule",
		"plain\n":              "plain is no rule",
		"plain etc\n":          "plain is no rule",
		"plain /../etc\n":      "plain is no rule",
		"plain /etc/%0\n":      "plain is no rule",
		"plain /etc/%00\n":     "plain is no rule",
		"plain /" + strings.Repeat("x/", 3000) + "\n": "plain is no rule",
		"keyed /etc/passwd\n":                         "lacks arguments",
		"keyed /etc/passwd nosuch\n":                  "names no format",
		"keyed /etc/passwd stanzas\n":                 "stanzas need the names",
		"keyed /etc/passwd fields\n":                  "fields need a separator",
		"keyed /etc/passwd fields : 0\n":              "fields need a separator",
		"keyed /etc/passwd fields : 999999999999\n":   "fields need a separator",
		"keyed /etc/passwd fields :: 1\n":             "fields need a separator",
		"keyed /etc/passwd lines x=nosuch\n":          "is no policy",
		"keyed /etc/passwd lines x\n":                 "is no policy",
		"keyed /etc/passwd alternatives\n":            "",
		"keyed /etc/passwd triples\n":                 "",
		"run /etc/passwd drop\n":                      "lacks arguments",
		"run /**/passwd drop /x|/y|/*/*/z\n":          "",
		"input /etc/passwd\n":                         "an input is",
		"plain /etc/passwd\ninput /x\n":               "an input is",
		"run /etc/passwd drop /x\ninput\n":            "an input is",
		"run /*/* drop /bin/sh\ninput /**\n":          "",
		"plain /etc/passwd\x00more\n":                 "",
	} {
		require.NoError(t, os.WriteFile(l.rules, []byte(rules), 0o600))
		_, code, _, stderr := l.join(base, []layer{a})
		require.Equal(t, want != "", code == 1, "%q: %s", rules, stderr)
		require.Contains(t, stderr, want, "%q", rules)
	}
}
