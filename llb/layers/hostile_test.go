package layers_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile is a place where a layer was joined whose record a package has made itself.
type hostile struct {
	*lab
	base    string
	good    []layer
	records string // of the first layer, which is to be tampered with
	outside string // a folder that no tree has
}

func newHostile(tb testing.TB) *hostile {
	tb.Helper()
	l := newLab(tb)
	h := &hostile{lab: l, base: l.base(plainBase + "\nmkdir -p root; echo base >root/.bashrc; echo root:x:0:0::/root:/bin/sh >etc/passwd"), outside: l.newDir("outside")}
	h.good = []layer{
		l.build("a", h.base, "echo a >>etc/one; rm etc/two; mkdir opt/a; echo a >opt/a/file; echo anna:x:100:100::/:/bin/sh >>etc/passwd"),
		l.build("b", h.base, "echo b >>etc/one; echo b >>etc/three; echo bert:x:100:100::/:/bin/sh >>etc/passwd"),
	}
	h.records = filepath.Join(h.good[0].tree, recordsDir, "a")
	l.sh(h.outside, "echo secret >secret")
	return h
}

// record returns a file of the record.
func (h *hostile) record(name string) string { return read(h.t, h.records, name) }

func (h *hostile) write(name, text string) {
	require.NoError(h.t, os.WriteFile(filepath.Join(h.records, name), []byte(text), 0o600))
}

// TestHostileRecords joins layers whose packages wrote the records themselves.
func TestHostileRecords(t *testing.T) {
	h := newHostile(t)
	good := map[string]string{"changes": h.record("changes"), "keys": h.record("keys"), "seen": h.record("seen")}
	const file = "f,644,0,0,2,,"
	changes := func(lines ...string) string { return "jetkit-layer 1\n" + strings.Join(lines, "\n") + "\n" }
	for name, c := range map[string]struct{ file, text, want string }{
		"nothing":               {"changes", "", "is of another version of jetkit"},
		"another version":       {"changes", "jetkit-layer 2\n", "is of another version of jetkit"},
		"no end of the line":    {"changes", "jetkit-layer 1", ""},
		"half a line":           {"changes", changes("/etc/one " + file), "damaged in line 2"},
		"no end of the file":    {"changes", "jetkit-layer 1\n/etc/one " + file + " -", ""},
		"a path above the root": {"changes", changes("/../etc/one " + file + " -"), "damaged in line 2"},
		"above a folder":        {"changes", changes("/etc/../../x " + file + " -"), "damaged in line 2"},
		"a path of dots":        {"changes", changes("/etc/./one " + file + " -"), "damaged in line 2"},
		"no path of the root":   {"changes", changes("etc/one " + file + " -"), "damaged in line 2"},
		"the root":              {"changes", changes("/ d,755,0,0,0,, -"), "damaged in line 2"},
		"an empty name":         {"changes", changes("/etc//one " + file + " -"), "damaged in line 2"},
		"a zero byte":           {"changes", changes("/etc/o%00ne " + file + " -"), "damaged in line 2"},
		"a long name":           {"changes", changes("/" + strings.Repeat("x", 300) + " " + file + " -"), "damaged in line 2"},
		"a long path":           {"changes", changes(strings.Repeat("/x", 3000) + " " + file + " -"), "damaged in line 2"},
		"no kind":               {"changes", changes("/etc/one z,644,0,0,2,, -"), "damaged in line 2"},
		"a large number":        {"changes", changes("/etc/one f,644,99999999999,0,2,, -"), "damaged in line 2"},
		"a negative number":     {"changes", changes("/etc/one f,644,-1,0,2,, -"), "damaged in line 2"},
		"a negative size":       {"changes", changes("/etc/one f,644,0,0,-2,, -"), "damaged in line 2"},
		"a mode of other bits":  {"changes", changes("/etc/one f,7777777,0,0,2,, -"), "damaged in line 2"},
		"no digest":             {"changes", changes("/etc/one " + file + " f,644,0,0,2,abc,"), "damaged in line 2"},
		"text at the end":       {"changes", changes("/etc/one "+file+" - append more", ""), "damaged in line 2"},
		"appends to a folder":   {"changes", changes("/etc d,755,0,0,0,, d,700,0,0,0,, append"), "damaged in line 2"},
		"neither now nor then":  {"changes", changes("/etc/one - -"), "damaged in line 2"},
		"escapes of a terminal": {"changes", changes("/etc/one\x1b[31m z -"), "damaged in line 2"},
		"a key of no file":      {"keys", "entry a - b\n", "damaged"},
		"a list of no path":     {"keys", "file ../etc/passwd\n", "damaged"},
		"words of another file": {"keys", "user 0 root\n", "damaged"},
		"no number of a user":   {"seen", "user -1 anna\n", "damaged"},
		"a user with a colon":   {"seen", "user 100 anna:x:0\n", "damaged"},
		"a user of two lines":   {"seen", "user 100 anna%0Aroot\n", "damaged"},
		"half of a word":        {"changes", changes("/etc/%4 " + file + " -"), "damaged in line 2"},
		"a zero byte as it is":  {"changes", changes("/etc/one " + file + " -\x00 more"), "damaged record"},
		"a path twice":          {"changes", changes("/etc/one "+file+" -", "/etc/one "+file+" f,755,0,0,7,,"), ""},
		"a list twice":          {"keys", "file /etc/passwd\nentry x - y\nfile /etc/passwd\nentry x - z\nentry x y -\n", ""},
		"sizes without end":     {"changes", changes("/root/.bashrc f,644,0,0,9223372036854775807,, -"), ""},
		"becomes shorter":       {"changes", changes("/etc/one f,644,0,0,1,, f,644,0,0,4," + strings.Repeat("0", 64) + ", append"), "damaged in line 2"},
		"an endless device":     {"changes", changes("/etc/zero f,644,0,0,4,, f,644,0,0,4,"+strings.Repeat("0", 64)+",", "/etc/zero f,644,0,0,4,, -"), ""},
		"a python above":        {"seen", "python /../../x-1.dist-info\n", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			for file, text := range good {
				h.write(file, text)
			}
			h.write(c.file, c.text)
			root, code, stderr := h.joinsOrFails(t)
			if c.want == "" {
				return
			}
			assert.Equal(t, 1, code, stderr)
			assert.Contains(t, stderr, c.want)
			assert.NotContains(t, stderr, "\x1b")
			assert.Equal(t, h.all(h.merge(h.base, h.good...)), h.all(root), "a record that is damaged must change nothing")
		})
	}
}

// joinsOrFails joins, with a record that may be anything, and leaves alone what is not in the root.
func (h *hostile) joinsOrFails(t *testing.T) (root string, code int, stderr string) {
	t.Helper()
	before := h.all(h.outside) + h.all(h.base) + h.all(h.good[0].tree)
	root = h.merge(h.base, h.good...)
	code, stderr = h.joinSoon(t, root)
	require.Equal(t, before, h.all(h.outside)+h.all(h.base)+h.all(h.good[0].tree), "what is outside of the root was changed")
	return root, code, stderr
}

// joinSoon joins in a root. The program ends by itself, soon.
func (h *hostile) joinSoon(t *testing.T, root string, flags ...string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	args := append([]string{"join", "--rules", h.rules, "--root", root, "--start", h.base}, flags...)
	for _, l := range h.good {
		args = append(args, "--layer", l.name+"="+l.tree)
	}
	cmd := exec.CommandContext(ctx, h.program, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1"}
	_ = cmd.Run() // its exit code counts
	require.NotNil(t, cmd.ProcessState)
	require.Contains(t, []int{0, 1, 3}, cmd.ProcessState.ExitCode(), "%s", &errs)
	return cmd.ProcessState.ExitCode(), errs.String()
}

// TestHostileTrees joins layers with trees that no builder makes of a difference.
func TestHostileTrees(t *testing.T) {
	all := newHostile(t)
	for name, c := range map[string]struct{ script, want string }{
		"a record that is a link":        {"rm $r/changes; ln -s $o/secret $r/changes", "has no record"},
		"a record that is a folder":      {"rm $r/changes; mkdir $r/changes", "has no record"},
		"a record that is a FIFO":        {"rm $r/changes; mkfifo $r/changes", "has no record"},
		"no record":                      {"rm $r/keys", "has no record"},
		"records in another place":       {"mv $r $o/r; ln -s $o/r $r", "has no record"},
		"a file that is a link":          {"rm etc/one; ln -s $o/secret etc/one", ""},
		"a file that is a FIFO":          {"rm etc/one; mkfifo etc/one", ""},
		"a file that is a device":        {"rm etc/one; mknod etc/one c 1 5", "is no file"},
		"a large record":                 {"truncate -s 1T $r/changes", "is larger than"},
		"a file that is gone":            {"rm etc/one", ""},
		"a folder that is a link":        {"rm -r etc; ln -s $o etc", ""},
		"a list that is a link":          {"rm -f etc/passwd; ln -s $o/secret etc/passwd", ""},
		"a folder where a file is":       {"rm etc/one; mkdir etc/one; echo x >etc/one/x", ""},
		"a deep tree":                    {"p=.; for i in $(seq 300); do p=$p/d; done; mkdir -p $p", ""},
		"a link to itself":               {"ln -s loop etc/loop", ""},
		"the name of a temporary file":   {"ln -s $o/secret etc/.jetkit-layers-new", ""},
		"the temporary file is a folder": {"mkdir etc/.jetkit-layers-new", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := *all
			h.good = slices.Clone(all.good)
			h.good[0].tree, h.outside = h.merge(all.good[0].tree), h.merge(all.outside)
			h.sh(h.good[0].tree, "r=."+recordsDir+"/a o="+h.outside+"\n"+c.script)
			_, code, stderr := h.joinsOrFails(t)
			assert.NotContains(t, stderr, "secret\n")
			if c.want != "" {
				assert.Equal(t, 1, code)
				assert.Contains(t, stderr, c.want)
			}
		})
	}
}

// FuzzRecords joins layers with any record: what a join says first, and all that it does if that is no error.
func FuzzRecords(f *testing.F) {
	f.Add("jetkit-layer 1\n/etc/one f,644,0,0,6,,  -\n", "", "")
	f.Add("jetkit-layer 1\n/etc/two - f,644,0,0,4,,\n", "file /etc/passwd\nentry root - root:x:0:0::/root:/bin/sh\n", "user 0 root\n")
	h := newHostile(f)
	f.Add(h.record("changes"), h.record("keys"), h.record("seen"))
	f.Add("jetkit-layer 1\n/root/.bashrc f,644,0,0,1,, f,644,0,0,9,"+strings.Repeat("0", 64)+", append\n/etc d,755,0,0,0,, -\n/etc/one l,777,0,0,9,, -\n",
		"file /var/lib/dpkg/status\nentry ../x Package:%20../x%0AVersion:%201 -\nfile /etc/subuid\nentry a - a:4294967295:4294967295\n", "group 4294967295 a\npython /usr/lib/python3/dist-packages/x-1.dist-info\n")
	root := h.merge(h.base, h.good...)
	f.Fuzz(func(t *testing.T, changes, keys, seen string) {
		h.t = t
		h.write("changes", changes)
		h.write("keys", keys)
		h.write("seen", seen)
		code, stderr := h.joinSoon(t, root, "--report", h.dir+"/report")
		if code == 0 {
			_, _, stderr = h.joinsOrFails(t)
		}
		assert.NotContains(t, stderr, "secret\n")
	})
}
