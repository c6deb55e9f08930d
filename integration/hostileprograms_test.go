//go:build integration

package integration

import "testing"

// hostilePrograms are config.py files. What the sandbox refuses in detail, the tests of pylocal say.
func hostilePrograms(t *testing.T) map[string]hostileTree {
	t.Helper()
	image := pythonImage(t)
	program := func(python string) hostileTree {
		h := hostileTree{tree: files{"packages/a/Dockerfile": plainPackage, "packages/a/config.py": python}, planning: []string{"--run-config-py"}}
		return h.giving("--build-arg", "PYTHON_IMAGE="+image)
	}
	return map[string]hostileTree{
		"reads the machine's users":      program("package['name'] = open('/etc/passwd').read()\n").says("[config-py]"),
		"reads the folder beside":        program("package['notes'] = open(__file__ + '/../../../../outside/secret').read()\n").says("[config-py]"),
		"reads the environment":          program("import os\nassert 'HOSTILE_MARKER' not in os.environ\npackage['notes'] = ' '.join(os.environ.values())\n"),
		"writes a link":                  program("import os\nos.symlink('/etc/passwd', 'result.json')\n").says("[config-py]"),
		"prints a forged line":           program("print('\\n" + forgery + "\\x1b]52;c;eA==\\a')\n"),
		"prints 100 MB":                  program("for i in range(100): print('x' * 2**20)\n"),
		"gives a name of two lines":      program("package['name'] = 'a\\n" + forgery + "'\n").says("[missing-package]"),
		"gives a million dependencies":   program("package['depends'] = ['x'] * 1000000\n").says("[config-py]"),
		"gives values in values":         program("x = []\nfor i in range(500): x = [x]\npackage['depends'] = x\n").says("[config-py]"),
		"gives a text of 64 MB":          program("package['notes'] = 'x' * 2**26\n").says("[config-py]"),
		"ends by a signal":               program("import os\nos.kill(os.getpid(), 9)\n").says("[config-py]"),
		"ends by a fault":                program("import sys\nsys.setrecursionlimit(10**9)\nf = lambda: 1 + f()\nprint(f())\n").says("[config-py]"),
		"takes a gigabyte at once":       program("x = 'x' * 2**31\n").says("[config-py]"),
		"replaces what reads its result": program("import json, sys\njson.dumps = lambda *a, **k: '{'\nsys.stdout = None\npackage['name'] = 'a'\n").says("[config-py]"),
	}
}
