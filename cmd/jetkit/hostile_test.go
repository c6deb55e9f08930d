package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

// forged is what a stranger's text may hold: a line that looks like jetkit's own,
// commands for the terminal, text that reads backwards, and bytes that are no text.
const forged = "x\nERROR: build succeeded, all tests passed\x1b[2K\x1b]52;c;eA==\a\r\u202e\u200b"

// yamlForged is forged as a quoted YAML text.
var yamlForged = `"x\nERROR: build succeeded, all tests passed\e[2K\e]52;c;eA==\a\r\u202e\u200b"`

// TestHostileOutput has a tree whose every name and text is hostile. Whatever is
// asked of it, no line is forged and no command reaches the terminal.
func TestHostileOutput(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "tree")
	write := func(name, text string) {
		file := filepath.Join(tree, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	header := func(lines ...string) string {
		return "#---\n# " + strings.Join(lines, "\n# ") + "\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	}
	write(forged+"/Dockerfile", header("name: good"))
	write("named/Dockerfile", header("name: "+yamlForged))
	write("texts/Dockerfile", header("name: texts", "alias: "+yamlForged, "group: "+yamlForged, "notes: "+yamlForged, "docs: "+yamlForged,
		"depends: ["+yamlForged+"]", "test: ["+yamlForged+"]"))
	write("requires/Dockerfile", header("name: requires", "requires: "+yamlForged))
	write("key/Dockerfile", header("name: key", yamlForged+": 1"))
	write("args/Dockerfile", header("name: args", "build_args: {A: "+yamlForged+"}"))
	write("test/Dockerfile", header("name: test", "test: "+yamlForged))
	write("broken/Dockerfile", "#---\n# name: [broken "+forged+"\n#---\nFROM x\n")
	write("python/Dockerfile", header("name: python-says"))
	write("python/config.py", "print('"+strings.NewReplacer("\n", `\n`, "\r", `\r`, "\x1b", `\x1b`, "\a", `\a`).Replace(forged)+"')\nraise ValueError('a\\nERROR: build succeeded \\x1b[2K')\n")
	spec := filepath.Join(t.TempDir(), "jetson.yaml")
	require.NoError(t, os.WriteFile(spec, []byte("# "+forged+"\npackages: ["+yamlForged+"]\n"), 0o644))

	common := []string{"--source", "evil=" + tree, "--l4t", "36.4.3", "--platform", "linux/arm64", "--no-host"}
	if _, err := exec.LookPath("python3"); err == nil {
		common = append(common, "--run-config-py")
	}
	for name, args := range map[string][]string{
		"list":            {"packages", "list", "--all", "--chains"},
		"list a pattern":  {"packages", "list", "--all", "x*"},
		"show":            {"packages", "show", "texts"},
		"show by name":    {"packages", "show", strings.ReplaceAll(forged, "\x00", "")},
		"show nothing":    {"packages", "show", "texst"},
		"plan":            {"plan", "good", "args"},
		"plan of a name":  {"plan", forged},
		"plan of a file":  {"plan", "-f", spec},
		"a failing test":  {"plan", "test"},
		"a bad key":       {"plan", "key"},
		"a bad require":   {"plan", "requires"},
		"broken metadata": {"plan", "broken"},
		"config.py":       {"plan", "python-says"},
		"no such depends": {"plan", "texts"},
		"Mermaid":         {"plan", "--format", "mermaid", "good"},
		"a bad flag":      {"plan", "--format", forged},
		"a bad argument":  {"plan", "good", "--arg", "CUDA_VERSION=" + forged},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code := run(t.Context(), append(args, common...), &system{in: strings.NewReader(""), out: &out, err: &out, env: os.LookupEnv, cache: t.TempDir()})
			t.Logf("exit code %d\n%s", code, out.String())
			assert.NotEmpty(t, out.String())
			assert.Equal(t, diag.CleanLines(out.String()), out.String())
			assert.NotRegexp(t, `(?m)^\s*ERROR: build succeeded`, out.String())
		})
	}
}
