//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/integration/harness"
)

// python is the reference of an image with the distribution's Python, which the base has not.
var python lazy[string]

func pythonImage(t *testing.T) string {
	t.Helper()
	from, dir := base(t), t.TempDir()
	return python.get(t, func() (string, error) {
		writeFiles(t, dir, "", files{
			"Dockerfile": "FROM " + from + "\nRUN apt-get update && apt-get install -y --no-install-recommends python3\n",
		})
		ref := shared.Ref("python:test")
		return ref, shared.Buildx(t.Context(), harness.BuildxRun{Dir: dir, Args: []string{"--push", "--tag", ref, "."}}).Err()
	})
}

// probe is a config.py that tries what it must not be able to do, and passes
// what came of it to its Dockerfile.
const probe = `
import os, glob
from jetson_containers import L4T_VERSION, CUDA_VERSION
from packages.shared.version import GREETING

def attempt(f):
    try:
        return "worked: %s" % (f(),)
    except BaseException as error:
        return type(error).__name__

def connect():
    import socket
    return socket.create_connection(("1.1.1.1", 53), 2)

def thread():
    import _thread
    return _thread.start_new_thread(print, ())

def interfaces():
    return [line.split(":")[0].strip() for line in open("/sys/class/net") if ":" in line]

package["build_args"] = {
    "PROBE": "|".join("%s=%s" % pair for pair in [
        ("connect", attempt(connect)),
        ("fork", attempt(os.fork)),
        ("exec", attempt(lambda: os.execv("/bin/true", ["true"]))),
        ("system", attempt(lambda: os.system("true"))),
        ("thread", attempt(thread)),
        ("write tree", attempt(lambda: open(os.path.join(os.path.dirname(__file__), "x"), "w"))),
        ("write root", attempt(lambda: open("/x", "w"))),
        ("write tmp", attempt(lambda: open("/tmp/x", "w"))),
        ("write by number", attempt(lambda: os.open("/jetkit/result/x", os.O_CREAT | os.O_WRONLY))),
        ("remove", attempt(lambda: os.remove(__file__))),
        ("passwords", attempt(lambda: open("/etc/shadow").read())),
        ("secrets", attempt(lambda: os.listdir("/run/secrets"))),
        ("environment", " ".join(sorted(os.environ))),
    ]),
    "GREETING": GREETING,
    "L4T": L4T_VERSION, "CUDA": CUDA_VERSION, "IS_NEW": CUDA_VERSION.major >= 12,
}
package["depends"] = ["first"]
`

// hostile are config.py files that each end in a diagnostic, and what it says.
var hostile = map[string][2]string{
	"exits":    {"import os\nos._exit(0)\n", "it ended Python with exit code 0 and gave no result"},
	"quits":    {"exit(3)\n", "it ends Python with exit(3)"},
	"garbage":  {"import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{garbage\\n')\n    except OSError: pass\n", "it wrote something else than its result"},
	"spins":    {"while True: pass\n", "it runs longer than it may"},
	"sleeps":   {"import time\ntime.sleep(1e6)\n", "it sleeps longer than"},
	"hogs":     {"x = bytearray(1 << 34)\n", "it needs more memory than it may have"},
	"forks":    {"import os\nwhile True: os.fork()\n", "PermissionError"},
	"missing":  {"import numpy\n", "ModuleNotFoundError: No module named 'numpy'"},
	"broken":   {"x = 1\ndef f(:\n", "SyntaxError"},
	"recurses": {"package['alias'] = package\n", "values in values without end"},
}

// TestConfigPy builds a tree with config.py packages through buildx: they run in
// the sandbox, the chain is built and its tests run.
func TestConfigPy(t *testing.T) {
	t.Parallel()
	const dockerfile = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	tree := files{
		"jetson.yaml":                "packages: [probe]\n",
		"packages/first/Dockerfile":  dockerfile + "ARG FIRST\nRUN echo ${FIRST} > /first && : @ID@\n",
		"packages/first/config.py":   "def first(v):\n    pkg = package.copy()\n    pkg['name'] = 'first:' + v\n    pkg['build_args'] = {'FIRST': v}\n    if v == '2': pkg['alias'] = 'first'\n    return pkg\npackage = [first('1'), (first('2'), None)]\n",
		"packages/shared/version.py": "import os\nGREETING = os.environ.get('GREETING', 'hello')\n",
		"packages/some/probe/Dockerfile": "#---\n# name: probe\n# test: test.sh\n#---\n" + dockerfile + "ARG PROBE\nARG GREETING\nARG L4T\nARG CUDA\nARG IS_NEW\n" +
			"RUN echo \"${PROBE}\" > /probe && echo \"${GREETING} ${L4T} ${CUDA} ${IS_NEW}\" > /values\n",
		"packages/some/probe/config.py": probe,
		"packages/some/probe/test.sh":   "grep -qx 2 /first && grep -q 36.4.3 /values\n",
	}
	for name, file := range hostile {
		tree["packages/hostile/"+name+"/Dockerfile"] = dockerfile
		tree["packages/hostile/"+name+"/config.py"] = file[0]
	}
	p := newProject(t, tree)
	options := []buildOption{
		push(), arg("PYTHON_IMAGE=" + pythonImage(t)), arg("GREETING=hi"), arg("TEST_GPU=skip"), with("--secret", "id=probe,env=PATH"),
	}
	b := p.build(t, options...)
	checkProbe(t, b)
	for name, file := range hostile {
		assert.Contains(t, b.Stderr, file[1], "%s: no warning", name)
	}
	assertContains(t, b.Stderr, "packages/hostile/broken/config.py:2") // the line of the syntax error

	again := p.build(t, options...)
	again.assertExecuted(t)
	s := again.step(t, "[config] run ")
	assert.True(t, s.Cached, "the config.py files ran again: %+v", s)
}

// checkProbe checks what the probe could do, and that its values arrived.
func checkProbe(t *testing.T, b *built) {
	t.Helper()
	assert.Equal(t, "hi 36.4.3 12.6 True\n", b.file(t, "/values"), "values")
	report := strings.TrimSpace(b.file(t, "/probe"))
	attempts := strings.Split(report, "|")
	assert.Len(t, attempts, 13, "attempts")
	for _, part := range attempts {
		what, came, _ := strings.Cut(part, "=")
		assert.NotContains(t, came, "worked", "config.py could %s", what)
		if what == "environment" {
			for name := range strings.FieldsSeq(came) {
				assert.False(t, !strings.HasSuffix(name, "_VERSION") && name != "LSB_RELEASE" && !strings.HasSuffix(name, "_ARCH") && name != "GREETING" && name != "HOME", "config.py sees the variable %s", name)
			}
		}
	}
	t.Logf("the probe: %s", report)
}

// TestConfigPyThatCannotRun checks that no package of the library stands in for one
// whose config.py cannot be run.
func TestConfigPyThatCannotRun(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                "packages: [cmake]\n",
		"packages/cmake/Dockerfile":  "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n",
		"packages/cmake/config.py":   "package['name'] = 'cmake:3.31'\npackage['alias'] = 'cmake'\n",
		"packages/broken/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n",
		"packages/broken/config.py":  "package['name'] = undefined\n",
	})
	b := p.fail(t, arg("PYTHON_IMAGE=127.0.0.1:1/python"))
	assertContains(t, b.Stderr, "cmake is disabled: its config.py could not be run: ")
	assertContains(t, b.Stderr, "127.0.0.1:1/python")
	b = p.fail(t, arg("PACKAGES=broken"), arg("PYTHON_IMAGE="+pythonImage(t)))
	assertContains(t, b.Stderr, "config.py failed, so package broken is disabled: NameError: name 'undefined' is not defined (packages/broken/config.py:1)")
}
