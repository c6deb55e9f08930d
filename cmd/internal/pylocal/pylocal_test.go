package pylocal

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// python is the interpreter of these tests.
const python = "python3"

// write writes the files of a tree and gives a request for its config.py files.
func write(t *testing.T, files map[string]string) (root string, req configpy.Request) {
	t.Helper()
	_, err := exec.LookPath(python)
	require.NoError(t, err)
	root = t.TempDir()
	for name, content := range files {
		file := filepath.Join(root, "packages", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
		if dir, ok := strings.CutSuffix(name, "/config.py"); ok {
			req.Folders = append(req.Folders, configpy.Folder{Dir: dir, Package: map[string]any{"name": dir, "requires": ">=32.6"}})
		}
	}
	slices.SortFunc(req.Folders, func(a, b configpy.Folder) int { return strings.Compare(a.Dir, b.Dir) })
	req.FS, req.Tree = os.DirFS(root), plan.Origin{Kind: plan.Context, Path: "packages"}
	req.Facts = platform.TreeFacts{L4T: "36.4.3", JetPack: "6.2", CUDA: "12.6", Python: "3.10", Ubuntu: "22.04", Arch: "tegra-aarch64", System: "aarch64"}
	req.Env = req.Facts.Env()
	return root, req
}

// hostile are config.py files that each end in a diagnostic: what they do, and
// what is said of it.
var hostile = map[string][2]string{
	"argv":      {"import sys\npackage['name'] = sys.argv[5]\n", "IndexError"},
	"broken":    {"x = 1\ndef f(:\n", "SyntaxError"},
	"bytes":     {"\x00\xff", "null bytes"},
	"catches":   {"while True:\n    try:\n        while True: pass\n    except BaseException: pass\n", "it runs longer than it may"},
	"children":  {"import subprocess\nsubprocess.check_output(['id'])\n", "starts no programs"},
	"connects":  {"import socket\nsocket.create_connection(('127.0.0.1', 1))\n", "PermissionError"},
	"ctypes":    {"import ctypes\nctypes.CDLL(None).fork()\n", "PermissionError"},
	"deletes":   {"del package\n", "it deletes the variable package"},
	"deep":      {"x = []\nfor _ in range(9999): x = [x]\npackage['alias'] = x\n", "values in values without end"},
	"exits":     {"import os\nos._exit(0)\n", "exit code 0 and gave no result"},
	"forks":     {"import os\nwhile True: os.fork()\n", "PermissionError"},
	"garbage":   {"import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{garbage\\n')\n    except OSError: pass\n", "it wrote something else than its result"},
	"hogs":      {"x = bytearray(1 << 34)\n", "it needs more memory than it may have"},
	"kills":     {"import os\nos.kill(os.getppid(), 9)\n", "PermissionError"},
	"many":      {"package = [{'name': str(i)} for i in range(100000)]\n", "more than"},
	"missing":   {"import numpy\n", "ModuleNotFoundError: No module named 'numpy'"},
	"packages":  {"from packages.gone import x\n", "ModuleNotFoundError"},
	"prints":    {"while True: print('x' * 1000)\n", "it runs longer than it may"},
	"quits":     {"exit(3)\n", "it ends Python with exit(3)"},
	"reads":     {"open('/etc/passwd').read()\n", "may only read files of its tree"},
	"recurses":  {"def f(n):\n    f(n + 1)\nf(0)\n", "RecursionError"},
	"self":      {"package['alias'] = package\n", "values in values without end"},
	"signals":   {"import signal\nsignal.pause()\n", "it runs longer than it may"},
	"sleeps":    {"import time\ntime.sleep(1e6)\n", "it sleeps longer than"},
	"spins":     {"while True: pass\n", "it runs longer than it may"},
	"threads":   {"import threading\nthreading.Thread(target=print).start()\n", "RuntimeError"},
	"tmp":       {"import tempfile\ntempfile.mkdtemp()\n", "No usable temporary directory"},
	"unlinks":   {"import os\nos.remove(__file__)\n", "may not write"},
	"writes":    {"import os\nopen(os.path.join(os.path.dirname(__file__), 'new'), 'w')\n", "may not write"},
	"writes-fd": {"import os\nos.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\n", "may not write"},
}

// TestHostile runs all hostile files of one tree at once, with a good one before
// and one after each, which must not notice.
func TestHostile(t *testing.T) {
	files := map[string]string{"a-good/config.py": "package['notes'] = 'fine'\n", "zz-good/config.py": "package['notes'] = 'fine'\n"}
	for name, file := range hostile {
		files[name+"/config.py"] = file[0]
		files[name+"-good/config.py"] = "package['notes'] = 'fine'\n"
	}
	root, req := write(t, files)
	before := listing(t, root)
	req.Limits = configpy.Limits{FileSeconds: 1, WallSeconds: 60, MemoryMiB: 512}
	result, err := New(python).Evaluate(t.Context(), req)
	require.NoError(t, err)
	for i, folder := range req.Folders {
		got := result.Folders[i]
		file, bad := hostile[folder.Dir]
		assert.LessOrEqual(t, len(got.Output), 3000, "bytes of output of %s", folder.Dir)
		if bad {
			if assert.NotNil(t, got.Error, folder.Dir) {
				assert.Contains(t, got.Error.Message, file[1], folder.Dir)
			}
			continue
		}
		assert.Nil(t, got.Error, folder.Dir)
		if assert.Len(t, got.Packages, 1, folder.Dir) {
			assert.Contains(t, string(got.Packages[0]), "fine", folder.Dir)
		}
	}
	assert.Equal(t, before, listing(t, root), "the tree has changed")
}

// listing describes every file of a folder.
func listing(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var dt []byte
			dt, err = os.ReadFile(name)
			b.WriteString(name + " " + string(dt) + "\n")
		}
		return err
	})
	require.NoError(t, err)
	return b.String()
}

// TestSecrets checks that config.py files see nothing of this machine: neither
// its environment nor its files, be they linked to.
func TestSecrets(t *testing.T) {
	t.Setenv("JETKIT_TEST_SECRET", "hidden")
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	require.NoError(t, os.WriteFile(secret, []byte("hidden"), 0o600))
	root, req := write(t, map[string]string{"x/config.py": `
import os
def attempt(f):
    try:
        return str(f())
    except OSError as error:
        return type(error).__name__
here = os.path.dirname(__file__)
package["build_args"] = {
    "ENVIRONMENT": " ".join("%s=%s" % pair for pair in sorted(os.environ.items())),
    "SECRET": attempt(lambda: open("` + secret + `").read()),
    "LINK": attempt(lambda: open(os.path.join(here, "link.yaml")).read()),
    "PROC": attempt(lambda: open("/proc/1/environ").read()),
    "HERE": " ".join(sorted(os.listdir(here))),
    "HOME": attempt(lambda: os.listdir("/root")),
    "INSIDE": attempt(lambda: open(os.path.join(here, "inside.yaml")).read()),
}
`, "x/inside.txt.yaml": "inside"})
	folder := filepath.Join(root, "packages", "x")
	for link, target := range map[string]string{"link.yaml": secret, "inside.yaml": "inside.txt.yaml", "loop": ".", "self.py": "self.py"} {
		require.NoError(t, os.Symlink(target, filepath.Join(folder, link)))
	}
	result, err := New(python).Evaluate(t.Context(), req)
	require.NoError(t, err)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hidden", "a secret got out: %s", text)
	var made struct {
		Args map[string]string `json:"build_args"`
	}
	require.Len(t, result.Folders[0].Packages, 1, "%s", text)
	require.NoError(t, json.Unmarshal(result.Folders[0].Packages[0], &made), "%s", text)
	for name, want := range map[string]string{
		"SECRET": "PermissionError", "LINK": "FileNotFoundError", "PROC": "PermissionError", "HOME": "PermissionError",
		"INSIDE": "inside", "HERE": "config.py inside.txt.yaml inside.yaml",
		"ENVIRONMENT": "CUDA_ARCH=tegra-aarch64 CUDA_VERSION=12.6 HOME=/nonexistent JETPACK_VERSION=6.2 L4T_VERSION=36.4.3 LSB_RELEASE=22.04 PYTHON_VERSION=3.10 SYSTEM_ARCH=aarch64",
	} {
		assert.Equal(t, want, made.Args[name], name)
	}
}

// TestCache checks that a result is found again for the same content, and only
// for that, and that limits that were reached are not kept.
func TestCache(t *testing.T) {
	root, req := write(t, map[string]string{"x/config.py": "from packages.y import NOTES\npackage['notes'] = NOTES\n", "y.py": "NOTES = 'one'\n"})
	e := New(python)
	e.CacheDir = filepath.Join(t.TempDir(), "cache")
	notes := func() string {
		t.Helper()
		result, err := e.Evaluate(t.Context(), req)
		require.NoError(t, err)
		if len(result.Folders[0].Packages) == 0 {
			return result.Folders[0].Error.Message
		}
		var made struct{ Notes string }
		require.NoError(t, json.Unmarshal(result.Folders[0].Packages[0], &made))
		return made.Notes
	}
	expect := func(want string) {
		t.Helper()
		assert.Equal(t, want, notes(), "notes")
	}
	expect("one")
	e.python = "/nonexistent/python"
	expect("one") // found, since there is no Python to make it
	e.python = python
	require.NoError(t, os.WriteFile(filepath.Join(root, "packages", "y.py"), []byte("NOTES = 'two'\n"), 0o644))
	expect("two")
	require.NoError(t, os.WriteFile(filepath.Join(root, "packages", "y.py"), []byte("while True: pass\n"), 0o644))
	req.Limits.FileSeconds = 1
	expect("it runs longer than it may")
	kept, err := os.ReadDir(e.CacheDir)
	require.NoError(t, err, "%d results are kept", len(kept))
	assert.Len(t, kept, 2, "%d results are kept", len(kept))
}

// TestNoPython checks what is said where there is no Python, or another thing of
// its name.
func TestNoPython(t *testing.T) {
	script := filepath.Join(t.TempDir(), "python3")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho nonsense\n"), 0o755))
	_, req := write(t, map[string]string{"x/config.py": ""})
	for name, want := range map[string]string{
		"python-of-nobody": "config.py files need Python 3, and there is no python-of-nobody",
		script:             "it does not say where Python is",
		"/bin/false":       "exit status 1",
	} {
		_, err := New(name).Evaluate(t.Context(), req)
		if assert.Error(t, err, name) {
			assert.Contains(t, err.Error(), want, name)
		}
	}
}
