package layers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
)

const (
	mimeProgram = "cd /usr/share/mime/packages; for f in *; do echo $f; done >/usr/share/mime/mime.cache"
	mimeFolder  = "mkdir -p usr/share/mime/packages; "
)

// TestCommandsKnowAllInputs has a package that has no tools bring what another package's tools
// make files of: before it, after it, or in the file system that both are joined to.
func TestCommandsKnowAllInputs(t *testing.T) {
	const ran = "/usr/bin/update-mime-database /usr/share/mime\n"
	l := newLab(t)
	base := l.base("mkdir etc")
	tool := l.build("tool", base, withShell+fakePrograms(mimeProgram, "usr/bin/update-mime-database")+mimeFolder+"echo a >usr/share/mime/packages/a.xml; echo a.xml >usr/share/mime/mime.cache")
	brings, other := l.build("brings", base, mimeFolder+"echo b >usr/share/mime/packages/b.xml"), l.build("other", base, "mkdir opt")
	withTool, withInput := l.joined(base, tool), l.joined(base, brings)
	removes := l.build("removes", withInput, "rm usr/share/mime/packages/b.xml")
	touches := l.build("touches", withTool, "touch usr/share/mime/packages/a.xml")
	makes := l.build("makes", withTool, "echo c >usr/share/mime/packages/c.xml; printf 'a.xml\\nc.xml\\n' >usr/share/mime/mime.cache")
	for name, c := range map[string]struct {
		start     string
		add       []layer
		want, ran string
	}{
		"the tool first":               {base, []layer{tool, brings}, "a.xml\nb.xml\n", ran},
		"the tool last":                {base, []layer{brings, other, tool}, "a.xml\nb.xml\n", ran},
		"the tool before":              {withTool, []layer{brings}, "a.xml\nb.xml\n", ran},
		"what it needs before":         {withInput, []layer{tool}, "a.xml\nb.xml\n", ran},
		"both before":                  {withTool, []layer{other}, "a.xml\n", "-"},
		"the tool and another package": {base, []layer{other, tool}, "a.xml\n", "-"},
		"no tool":                      {base, []layer{other, brings}, "-", "-"},
		"less than there was":          {withInput, []layer{tool, removes}, "a.xml\n", ran},
		"the same":                     {withTool, []layer{touches}, "a.xml\n", "-"},
		"by the package itself":        {withTool, []layer{makes}, "a.xml\nc.xml\n", "-"},
		"by one of two packages":       {withTool, []layer{brings, makes}, "a.xml\nb.xml\nc.xml\n", ran},
	} {
		root, code, _, stderr := l.join(c.start, c.add)
		require.Zero(t, code, "%s: %s", name, stderr)
		require.Equal(t, c.want, read(t, root, "usr/share/mime/mime.cache"), name)
		require.Equal(t, c.ran, read(t, root, "ran"), name)
	}

	record := filepath.Join(withInput, recordsDir, "brings", "changes")
	require.NoError(t, os.WriteFile(record, []byte("jetkit-layer 0\n"), 0o600)) // a base image's, which is known as a whole
	require.Equal(t, "a.xml\n", read(t, l.joined(withInput, tool), "usr/share/mime/mime.cache"))
}

// TestWhatIsRemovedIsNotMadeAnew has a package bring a library, and another one remove the cache.
func TestWhatIsRemovedIsNotMadeAnew(t *testing.T) {
	l := newLab(t)
	base := l.base(withShell + writes("base", []string{"etc/ld.so.cache"}) + fakePrograms("echo anew >/etc/ld.so.cache", "sbin/ldconfig"))
	brings, removes := l.build("brings", base, "mkdir -p usr/lib; echo >usr/lib/libx.so.1"), l.build("removes", base, "rm etc/ld.so.cache")
	for want, add := range map[string][]layer{"anew\n": {brings}, "-": {brings, removes}} {
		root, code, _, stderr := l.join(base, add)
		require.Zero(t, code, stderr)
		require.Equal(t, want, read(t, root, "etc/ld.so.cache"))
	}
}

// TestInputsOfRunRules has one package with all files that programs make, and the programs, and
// another package with an example for each input.
func TestInputsOfRunRules(t *testing.T) {
	l := newLab(t)
	var programs, made []string
	most := 0
	for _, r := range rows(t, "run") {
		program, _ := commandOf(r, false)
		programs, made = append(programs, program), append(made, product(r))
		most = max(most, len(r.Inputs))
	}
	base := l.base("mkdir etc")
	tools := l.build("tools", base, withShell+writes("made", made)+fakePrograms("", programs...))
	for i := range most {
		var inputs []string
		want := map[string]string{}
		for _, r := range rows(t, "run") {
			if i < len(r.Inputs) {
				inputs = append(inputs, inputOf(r, i))
				_, want[r.Inputs[i]+" of "+r.Paths[0]] = commandOf(r, false)
			}
		}
		_, code, stdout, stderr := l.join(base, []layer{tools, l.build("inputs", base, writes("input", inputs))})
		require.Zero(t, code, stderr)
		for input, line := range want {
			require.Contains(t, strings.Split(stdout, "\n"), line, input)
		}
	}
}

// inputOf returns an example of an input of a row.
func inputOf(r layers.Rule, i int) string {
	input := strings.TrimPrefix(example(inFolder(r, r.Inputs[i])), "/")
	folder := r.Inputs[i] == "{dir}" || !strings.Contains(filepath.Base(input), ".")
	if folder {
		input += "/file"
	}
	return input
}
