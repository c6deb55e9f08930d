package layers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// list is a file before, what two packages make of it, and what the join does.
type list struct{ base, a, b, want string }

var lists = map[string]list{
	"/var/lib/dpkg/status": {
		"Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n",
		"Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\nPackage: x\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDescription: a\n more\n\n",
		"Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\nPackage: c\nStatus: install ok installed\nArchitecture: all\nVersion: 3\n\nPackage: x\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\nDescription: a\n more\n\n",
		"Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\nPackage: c\nStatus: install ok installed\nArchitecture: all\nVersion: 3\n\nPackage: x\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\nDescription: a\n more\n\n",
	},
	"/var/lib/dpkg/diversions":   {"/bin/sh\n/bin/sh.distrib\ndash\n", "/bin/sh\n/bin/sh.distrib\ndash\n/a\n/a.real\na\n", "/b\n/b.real\nb\n", "/a\n/a.real\na\n/b\n/b.real\nb\n"},
	"/var/lib/dpkg/statoverride": {"root crontab 2755 /usr/bin/crontab\n", "root crontab 2755 /usr/bin/crontab\nroot mail 2755 /a b\n", "root adm 755 /usr/bin/crontab\n", "root adm 755 /usr/bin/crontab\nroot mail 2755 /a b\n"},
	"/var/lib/dpkg/arch":         {"amd64\n", "amd64\narm64\n", "amd64\ni386\n", "amd64\narm64\ni386\n"},
	"/var/lib/dpkg/triggers/*":   {"/usr/share/man man-db/noawait\n", "/usr/share/man man-db/noawait\n/usr/share/info install-info/noawait\n", "/usr/share/man man-db/noawait\n/usr/share/info other\n", "/usr/share/man man-db/noawait\n/usr/share/info install-info/noawait\n/usr/share/info other\n"},
	"/var/lib/dpkg/alternatives/*": {
		"auto\n/usr/bin/editor\neditor.1\n/usr/share/man/man1/editor.1\n\n/bin/ed\n-100\n/usr/share/man/man1/ed.1\n\n",
		"auto\n/usr/bin/editor\neditor.1\n/usr/share/man/man1/editor.1\n\n/bin/ed\n-100\n/usr/share/man/man1/ed.1\n/usr/bin/vim\n30\n\n\n",
		"auto\n/usr/bin/editor\neditor.1\n/usr/share/man/man1/editor.1\neditor.fr.1\n/usr/share/man/fr/man1/editor.1\n\n/bin/ed\n-100\n/usr/share/man/man1/ed.1\n\n/bin/nano\n40\n/usr/share/man/man1/nano.1\n/usr/share/man/fr/man1/nano.1\n\n",
		"auto\n/usr/bin/editor\neditor.1\n/usr/share/man/man1/editor.1\neditor.fr.1\n/usr/share/man/fr/man1/editor.1\n\n/bin/ed\n-100\n/usr/share/man/man1/ed.1\n\n/bin/nano\n40\n/usr/share/man/man1/nano.1\n/usr/share/man/fr/man1/nano.1\n/usr/bin/vim\n30\n\n\n\n",
	},
	"/var/lib/apt/extended_states": {
		"Package: base\nArchitecture: amd64\nAuto-Installed: 1\n\n",
		"Package: base\nArchitecture: amd64\nAuto-Installed: 0\n\nPackage: x\nArchitecture: amd64\nAuto-Installed: 1\n\n",
		"Package: base\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: x\nArchitecture: amd64\nAuto-Installed: 0\n\n",
		"Package: base\nArchitecture: amd64\nAuto-Installed: 0\n\nPackage: x\nArchitecture: amd64\nAuto-Installed: 0\n\n",
	},
	"/var/cache/debconf/config.dat": {
		"Name: debconf/frontend\nTemplate: debconf/frontend\nValue: Dialog\nOwners: debconf\n\n",
		"Name: debconf/frontend\nTemplate: debconf/frontend\nValue: Dialog\nOwners: a, debconf\n\nName: tz\nValue: a\nOwners: a\n\n",
		"Name: debconf/frontend\nTemplate: debconf/frontend\nValue: Noninteractive\nOwners: b, debconf\nFlags: seen\n\nName: tz\nValue: b\nOwners: b\n\n",
		"Name: debconf/frontend\nTemplate: debconf/frontend\nValue: Noninteractive\nOwners: a, debconf, b\nFlags: seen\n\nName: tz\nValue: b\nOwners: a, b\n\n",
	},
	"/var/lib/ucf/hashfile":     {"11  /etc/x\n", "12  /etc/x\n21  /etc/a\n", "11  /etc/x\n31  /etc/b\n22  /etc/a\n", "12  /etc/x\n22  /etc/a\n31  /etc/b\n"},
	"/var/lib/ucf/registry":     {"x /etc/x\n", "x /etc/x\na /etc/a\n", "b /etc/b\n", "a /etc/a\nb /etc/b\n"},
	"/etc/passwd":               {"root:x:0:0:root:/root:/bin/bash\n", "root:x:0:0:root:/root:/bin/bash\na:x:100:65534::/a:/bin/false\n", "root:x:0:0:root:/root:/bin/sh\nb:x:101:65534::/b:/bin/false\n", "root:x:0:0:root:/root:/bin/sh\na:x:100:65534::/a:/bin/false\nb:x:101:65534::/b:/bin/false\n"},
	"/etc/group":                {"video:x:44:me\nold:x:50:\n", "video:x:44:me,a\na:x:101:\nold:x:50:\n", "video:x:44:b\n", "video:x:44:a,b\na:x:101:\n"},
	"/etc/shadow":               {"root:*:19000:0:99999:7:::\n", "root:*:19000:0:99999:7:::\nx:!:20000::::::\n", "root:*:19000:0:99999:7:::\nx:!:20001::::::\n", "root:*:19000:0:99999:7:::\nx:!:20000::::::\n"},
	"/etc/gshadow":              {"video:*::me\n", "video:*::me,a\n", "video:*:adm:me,b\n", "video:*:adm:me,a,b\n"},
	"/etc/subuid":               {"me:100000:65536\n", "me:100000:65536\na:165536:65536\n", "me:100000:65536\nb:165536:65536\n", "me:100000:65536\na:165536:65536\nb:231072:65536\n"},
	"/etc/shells":               {"# shells\n/bin/sh\n/bin/old\n", "# shells\n/bin/sh\n/bin/old\n/bin/zsh\n/bin/fish", "# shells\n/bin/sh\n/bin/fish\n", "# shells\n/bin/sh\n/bin/zsh\n/bin/fish\n"},
	"/etc/environment":          {"PATH=\"/bin\"\n", "PATH=\"/bin\"\nA=1\n", "PATH=\"/bin:/b\"\nB=2=3\n", "PATH=\"/bin:/b\"\nA=1\nB=2=3\n"},
	"/etc/nsswitch.conf":        {"passwd: files\nhosts: files dns\n", "passwd: files systemd\nhosts: files dns\n", "passwd: files\nhosts: files mdns dns\n", "passwd: files systemd\nhosts: files mdns dns\n"},
	"/var/lib/pam/seen":         {"unix\n", "unix\nsystemd\n", "unix\ncapability\n", "unix\nsystemd\ncapability\n"},
	"/etc/locale.gen":           {"# en_US.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n", "en_US.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n", "# en_US.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\n", "en_US.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\n"},
	"/etc/ca-certificates.conf": {"mozilla/A.crt\n!mozilla/B.crt\n", "mozilla/A.crt\nmozilla/B.crt\n", "mozilla/A.crt\n!mozilla/B.crt\nlocal/C.crt\n", "mozilla/A.crt\nmozilla/B.crt\nlocal/C.crt\n"},
}

// TestKeyedRules has an example for each row, joined at once and one by one.
func TestKeyedRules(t *testing.T) {
	l := newLab(t)
	quote := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "%", "%%"), "\n", "\\n")
	}
	script := func(text func(list) string) string {
		var b strings.Builder
		for pattern, c := range lists {
			p := strings.TrimPrefix(example(pattern), "/")
			b.WriteString(writes(quote(text(c)), []string{p}))
		}
		return b.String()
	}
	base := l.base(script(func(c list) string { return c.base }))
	a := l.build("a", base, script(func(c list) string { return c.a }))
	b := l.build("b", base, script(func(c list) string { return c.b }))
	c := l.build("c", base, "touch etc/passwd; mkdir opt")
	root := l.joined(base, c, a, b)
	require.Equal(t, l.all(l.joined(l.joined(l.joined(base, c), a), b)), l.all(root))
	for _, r := range rows(t, "keyed") {
		c, ok := lists[r.Paths[0]]
		require.True(t, ok, "%s needs an example", r.Paths[0])
		for _, p := range r.Paths {
			require.Equal(t, "-", read(t, a.tree, example(p)), "%s is not in the layer", p)
		}
		require.Equal(t, c.want, read(t, root, example(r.Paths[0])), r.Paths[0])
	}
}

// A list keeps owner, mode and attributes, and takes those that a package gave it.
func TestListsKeepOwners(t *testing.T) {
	l := newLab(t)
	base := l.base("mkdir etc; echo root:*:1:: >etc/shadow; chown 0:42 etc/shadow; chmod 640 etc/shadow; echo root:x:0:0:::/bin/sh >etc/passwd")
	a := l.build("a", base, "echo a:*:1:: >>etc/shadow")
	b := l.build("b", base, "echo b:*:1:: >>etc/shadow; chmod 600 etc/passwd")
	c := l.build("c", base, "printf 'root:*::\\n' >etc/gshadow; chown 0:42 etc/gshadow; chmod 640 etc/gshadow")
	d := l.build("d", base, "rm etc/passwd")
	list := l.list(l.joined(base, a, b, c))
	require.Equal(t, "-rw-r----- 0:42 1000000000000000000 \"root:*:1::\\na:*:1::\\nb:*:1::\\n\"", list["etc/shadow"])
	require.Equal(t, "-rw------- 0:0 1000000000000000000 \"root:x:0:0:::/bin/sh\\n\"", list["etc/passwd"])
	require.Equal(t, "-rw-r----- 0:42 0 \"root:*::\\n\"", list["etc/gshadow"])
	require.Equal(t, "-", read(t, l.joined(base, a, d), "etc/passwd"))
	e := l.build("e", base, "echo e:x:7:0:::/bin/sh >>etc/passwd")
	require.Equal(t, "e:x:7:0:::/bin/sh\n", read(t, l.joined(base, e, d), "etc/passwd"))
}

const dpkg = `
	stanza() { mkdir -p var/lib/dpkg var/lib/apt; printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n' $1 >>var/lib/dpkg/status; }
	auto() { mkdir -p var/lib/dpkg var/lib/apt; stanza $1; printf 'Package: %s\nArchitecture: amd64\nAuto-Installed: 1\n\n' $1 >>var/lib/apt/extended_states; }
`

// A package that one layer has for another one only, and another layer has by hand, stays.
func TestInstalledByHandStays(t *testing.T) {
	const x = "Package: x\nArchitecture: amd64\nAuto-Installed: 1\n\n"
	const y = "Package: y\nArchitecture: amd64\nAuto-Installed: 1\n\n"
	l := newLab(t)
	base := l.base(dpkg + "stanza base; auto old")
	byHand, asNeeded, other := l.build("a", base, dpkg+"stanza x"), l.build("b", base, dpkg+"auto x"), l.build("c", base, dpkg+"auto y")
	old := read(t, base, "var/lib/apt/extended_states")
	for _, c := range []struct {
		want  string
		order []layer
	}{
		{old, []layer{byHand, asNeeded}},
		{old, []layer{asNeeded, byHand}},
		{old + x + y, []layer{asNeeded, other}},
		{old + y, []layer{other, asNeeded, byHand}},
	} {
		want, order := c.want, c.order
		require.Equal(t, want, read(t, l.joined(base, order...), "var/lib/apt/extended_states"))
		steps := base
		for _, a := range order {
			steps = l.joined(steps, a)
		}
		require.Equal(t, want, read(t, steps, "var/lib/apt/extended_states"))
	}
}

// The links of alternatives follow the choices of all packages.
func TestAlternatives(t *testing.T) {
	const tools = `
		choice() { # NAME PRIORITY [SLAVE]
			mkdir -p usr/bin etc/alternatives usr/share/man var/lib/dpkg/alternatives; echo $1 >usr/bin/$1; echo $1 >usr/share/man/$1.1
			printf 'auto\n/usr/bin/editor\neditor.1\n/usr/share/man/editor.1\n\n/usr/bin/%s\n%s\n%s\n\n' $1 $2 "${3:-}" >var/lib/dpkg/alternatives/editor
			link $1 "${3:-}"
		}
		link() {
			ln -sfn /usr/bin/$1 etc/alternatives/editor; ln -sfn /etc/alternatives/editor usr/bin/editor
			rm -f etc/alternatives/editor.1 usr/share/man/editor.1
			[ ! "$2" ] || { ln -s $2 etc/alternatives/editor.1; ln -s /etc/alternatives/editor.1 usr/share/man/editor.1; }
		}
		manual() { sed -i 1s/.*/manual/ var/lib/dpkg/alternatives/editor; link $1 ""; }
	`
	links := func(l *lab, root string) string {
		var lines []string
		for line := range strings.Lines(l.show(root)) {
			if strings.Contains(line, "->") {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		return strings.Join(lines, "; ")
	}
	const (
		viaAlternatives = "; usr/bin/editor -> /etc/alternatives/editor"
		withSlave       = "; usr/share/man/editor.1 -> /etc/alternatives/editor.1"
	)
	l := newLab(t)
	base := l.base("mkdir etc")
	ed := l.build("ed", base, tools+"choice ed 10 /usr/share/man/ed.1")
	vim := l.build("vim", base, tools+"choice vim 30")
	nano := l.build("nano", base, tools+"choice nano 40 /usr/share/man/nano.1")
	equal := l.build("emacs", base, tools+"choice emacs 40")
	byHand := l.build("joe", base, tools+"choice joe 1; manual joe")
	for want, order := range map[string][]layer{
		"etc/alternatives/editor -> /usr/bin/nano; etc/alternatives/editor.1 -> /usr/share/man/nano.1" + viaAlternatives + withSlave: {nano, vim, ed},
		"etc/alternatives/editor -> /usr/bin/vim" + viaAlternatives:                                                                  {vim, ed},
		"etc/alternatives/editor -> /usr/bin/emacs" + viaAlternatives:                                                                {nano, equal},
		"etc/alternatives/editor -> /usr/bin/joe" + viaAlternatives:                                                                  {nano, byHand, ed},
	} {
		root := l.joined(base, order...)
		require.Equal(t, want, links(l, root))
		steps := base
		for _, a := range order {
			steps = l.joined(steps, a)
		}
		require.Equal(t, l.all(root), l.all(steps))
	}
	withEd := l.joined(base, ed)
	removes := l.build("removes", withEd, "rm var/lib/dpkg/alternatives/editor etc/alternatives/editor* usr/bin/ed* usr/share/man/ed*")
	require.Equal(t, "etc/alternatives/editor -> /usr/bin/vim"+viaAlternatives, links(l, l.joined(withEd, vim, removes)))
	gone := l.joined(withEd, removes)
	require.Empty(t, l.show(gone))
}

// Numbers of users and groups that two packages took follow their names.
func TestRenumbers(t *testing.T) {
	const adduser = `
		user() { # NAME NUMBER [GROUP NUMBER]
			echo "$1:x:$2:${3:-$2}::/var/lib/$1:/bin/false" >>etc/passwd; echo "$1:!:19000::::::" >>etc/shadow
			[ "${3:-}" ] || { echo "$1:x:$2:" >>etc/group; echo "$1:!::" >>etc/gshadow; }
			mkdir -p var/lib/$1; touch var/lib/$1/file; chown -R $2:${3:-$2} var/lib/$1
			ln -s file var/lib/$1/link; chown -h $2 var/lib/$1/link
		}
	`
	l := newLab(t)
	base := l.base("mkdir etc; echo root:x:0:0::/root:/bin/sh >etc/passwd; printf 'root:x:0:\nvideo:x:44:\nnogroup:x:65534:\n' >etc/group; touch etc/shadow etc/gshadow")
	a := l.build("a", base, adduser+"user anna 100; sed -i 's/^video.*/&anna/' etc/group")
	b := l.build("b", base, adduser+"user bert 100; user carl 101 65534; sed -i 's/^video.*/&bert/' etc/group; chmod 4755 var/lib/bert/file")
	onB := l.joined(base, b)
	c := l.build("c", onB, adduser+"mkdir srv; touch srv/of-bert; chown 100:100 srv/of-bert; user dora 102; sed -i 's/^video.*/&,dora/' etc/group")
	same := l.build("same", base, adduser+"user anna 101")
	unknown := l.build("unknown", base, "mkdir srv; touch srv/nobody; chown 100:4711 srv/nobody")

	root, code, stdout, stderr := l.join(base, []layer{a, b, c, unknown})
	require.Zero(t, code, stderr)
	require.Equal(t, `The user bert of b gets number 102, because 100 is that of anna.
The group bert of b gets number 101, because 100 is that of anna.
The user dora of c gets number 103, because 102 is that of bert.
`, stdout)
	require.Equal(t, "root:x:0:0::/root:/bin/sh\nanna:x:100:100::/var/lib/anna:/bin/false\nbert:x:102:101::/var/lib/bert:/bin/false\ncarl:x:101:65534::/var/lib/carl:/bin/false\ndora:x:103:102::/var/lib/dora:/bin/false\n", read(t, root, "etc/passwd"))
	require.Equal(t, "root:x:0:\nvideo:x:44:anna,bert,dora\nnogroup:x:65534:\nanna:x:100:\nbert:x:101:\ndora:x:102:\n", read(t, root, "etc/group"))
	list := l.list(root)
	for path, want := range map[string]string{
		"var/lib/anna/file": "-rw-r--r-- 100:100", "var/lib/bert": "drwxr-xr-x 102:101", "var/lib/bert/file": "urwxr-xr-x 102:101",
		"var/lib/bert/link": "Lrwxrwxrwx 102:0", "var/lib/carl/file": "-rw-r--r-- 101:65534", "srv/of-bert": "-rw-r--r-- 102:101",
		"var/lib/dora/file": "-rw-r--r-- 103:102", "srv/nobody": "-rw-r--r-- 100:4711",
	} {
		require.True(t, strings.HasPrefix(list[path], want), "%s: %s", path, list[path])
	}
	steps := base
	for _, x := range []layer{a, b, c, unknown} {
		steps, code, _, stderr = l.join(steps, []layer{x})
		require.Zero(t, code, stderr)
	}
	require.Equal(t, l.all(root), l.all(steps))

	root, code, stdout, stderr = l.join(base, []layer{a, same})
	require.Zero(t, code, stderr)
	require.Equal(t, "The user anna of same has number 100, and not 101, as with the packages before it.\nThe group anna of same has number 100, and not 101, as with the packages before it.\n", stdout)
	require.True(t, strings.HasPrefix(l.list(root)["var/lib/anna/file"], "-rw-r--r-- 100:100"))
}
