package pylocal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/configpy"
)

// sources are expressions whose values differ by machine, hour or chance, each
// with what it has to be; "" where it only has to be the same twice.
var sources = map[string][2]string{
	"uname":         {"__import__('os').uname()", "posix.uname_result(sysname='Linux', nodename='localhost', release='5.15.0-tegra', version='#1 SMP PREEMPT', machine='aarch64')"},
	"platform":      {"__import__('platform').uname()[:5]", "('Linux', 'localhost', '5.15.0-tegra', '#1 SMP PREEMPT', 'aarch64')"},
	"node":          {"__import__('platform').node()", "localhost"},
	"hostname":      {"__import__('socket').gethostname()", "localhost"},
	"fqdn":          {"__import__('socket').getfqdn()", "localhost"},
	"time":          {"int(__import__('time').time())", "1767225600"},
	"time-ns":       {"__import__('time').time_ns() // 10**9", "1767225600"},
	"clock":         {"int(__import__('time').clock_gettime(0))", "1767225600"},
	"localtime":     {"__import__('time').strftime('%Y-%m-%d %H:%M:%S %Z')", "2026-01-01 00:00:00 UTC"},
	"ctime":         {"__import__('time').ctime()", "Thu Jan  1 00:00:00 2026"},
	"monotonic":     {"__import__('time').monotonic()", ""},
	"perf":          {"__import__('time').perf_counter_ns()", ""},
	"now":           {"__import__('datetime').datetime.now().strftime('%Y-%m-%d')", "2026-01-01"},
	"utcnow":        {"__import__('datetime').datetime.now(__import__('datetime').timezone.utc)", ""},
	"today":         {"__import__('datetime').date.today()", "2026-01-01"},
	"urandom":       {"__import__('os').urandom(8).hex()", ""},
	"getrandom":     {"__import__('os').getrandom(8).hex()", ""},
	"random":        {"__import__('random').random()", ""},
	"unseeded":      {"__import__('random').Random().random()", ""},
	"reseeded":      {"(__import__('random').seed(), __import__('random').random())[1]", ""},
	"system-random": {"__import__('random').SystemRandom().random()", ""},
	"secrets":       {"__import__('secrets').token_hex(8)", ""},
	"uuid1":         {"__import__('uuid').uuid1()", ""},
	"uuid4":         {"__import__('uuid').uuid4()", ""},
	"pid":           {"__import__('os').getpid(), __import__('os').getppid(), __import__('os').getuid(), __import__('os').getgid()", "(1, 0, 0, 0)"},
	"processors":    {"__import__('os').cpu_count()", "8"},
	"affinity":      {"len(__import__('os').sched_getaffinity(0))", "8"},
	"load":          {"__import__('os').getloadavg()", "(0.0, 0.0, 0.0)"},
	"release-file":  {"__import__('os').path.exists('/etc/os-release'), __import__('os').path.exists('/usr/lib/os-release')", "(False, False)"},
	"root":          {"__import__('os').path.isdir('/home'), __import__('pathlib').Path('/etc').exists()", "(False, False)"},
	"mtime":         {"__import__('os').path.getmtime('x/config.py'), __import__('os').stat('x/config.py').st_ino", "(0, 0)"},
	"listing":       {"__import__('os').listdir('x'), [e.name for e in __import__('os').scandir('x')]", "(['a', 'b', 'config.py', 'z'], ['a', 'b', 'config.py', 'z'])"},
	"path":          {"[p for p in __import__('sys').path if 'packages' in p]", "[]"},
	"site":          {"__import__('importlib.util').util.find_spec('pip'), __import__('importlib.util').util.find_spec('setuptools')", "(None, None)"},
	"set":           {"list({'a', 'b', 'c', 'd', 'e', 'f'})", ""},
	"times":         {"__import__('os').times()", ""},
	"disk":          {"__import__('shutil').disk_usage('/'), __import__('os').statvfs('/').f_bavail", "(usage(total=68719476736, used=34359738368, free=34359738368), 8388608)"},
	"memory":        {"__import__('os').sysconf('SC_PHYS_PAGES') * __import__('os').sysconf('SC_PAGE_SIZE') // 2**30, __import__('os').sysconf('SC_NPROCESSORS_ONLN')", "(8, 8)"},
	"usage":         {"__import__('resource').getrusage(0)[:3]", "(0.0, 0.0, 0)"},
	"thread":        {"__import__('threading').get_native_id(), __import__('threading').current_thread().native_id", "(1, 1)"},
	"user":          {"__import__('os').environ.get('USER'), __import__('os').path.expanduser('~')", "(None, '/nonexistent')"},
}

// evaluated returns what the expressions are in one evaluation.
func evaluated(t *testing.T) map[string]string {
	t.Helper()
	var b strings.Builder
	b.WriteString("package['build_args'] = {}\n")
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		source := sources[name]
		fmt.Fprintf(&b, "package['build_args'][%q] = str((%s))\n", name, source[0])
	}
	_, req := write(t, map[string]string{"x/config.py": b.String(), "x/z": "", "x/a": "", "x/b": ""})
	result, err := New(python).Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.Nil(t, result.Folders[0].Error, "%+v", result.Folders[0].Error)
	var p struct {
		Args map[string]string `json:"build_args"`
	}
	require.NoError(t, json.Unmarshal(result.Folders[0].Packages[0], &p))
	return p.Args
}

// TestMachine checks that config.py files see the target in place of the machine
// that plans, and the same clock and random numbers every time.
func TestMachine(t *testing.T) {
	first, second := evaluated(t), evaluated(t)
	for name, source := range sources {
		if source[1] != "" {
			assert.Equal(t, source[1], first[name], name)
		}
		assert.Equal(t, first[name], second[name], name)
	}
}

// TestInstalledPackages checks that Python packages of this machine are not seen,
// whatever a file does for it.
func TestInstalledPackages(t *testing.T) {
	for name, config := range map[string]string{
		"path": "import sys, glob\nsys.path += ['/usr/lib/python3/dist-packages', '/usr/local/lib/python%d.%d/site-packages' % sys.version_info[:2], " +
			"'/usr/local/lib/python%d.%d/dist-packages' % sys.version_info[:2]]\nimport pip\n",
		"site": "import site\nsite.main()\nimport pip\n",
		"read": "import os, sys\nfor top in [sys.prefix + '/lib', '/usr/lib/python3']:\n    for d, _, files in os.walk(top):\n" +
			"        if 'site-packages' in d or 'dist-packages' in d:\n            if files: raise ModuleNotFoundError('a file: ' + d)\nimport pip\n",
	} {
		_, req := write(t, map[string]string{"x/config.py": config})
		result, err := New(python).Evaluate(t.Context(), req)
		require.NoError(t, err)
		require.NotNil(t, result.Folders[0].Error, name)
		assert.Contains(t, result.Folders[0].Error.Message, "No module named 'pip'", name)
	}
}

// TestNotes checks the warnings about what differs elsewhere from one evaluation to
// the next.
func TestNotes(t *testing.T) {
	_, req := write(t, map[string]string{
		"x/config.py": "import time, datetime, random, os, socket, uuid\nfrom .more import stamp\n\na = time.time()\nb = datetime.datetime.now()\n" +
			"c = random.random()\nd = uuid.uuid4()\ne = socket.gethostname()\nf = os.cpu_count()\ng = stamp()\n" +
			"i = __import__('shutil').disk_usage('/')\ntime.sleep(1)\nrandom.seed(7)\nh = random.Random(3).random()\nm = os.uname().machine\n",
		"x/more.py":   "import time\n\ndef stamp():\n    return time.monotonic()\n",
		"y/config.py": "package['name'] = 'y'\n",
	})
	result, err := New(python).Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.Nil(t, result.Folders[0].Error, "%+v", result.Folders[0].Error)
	const (
		clock  = "it reads the clock, which stands at 2026-01-01 here, so that the answer is the same every time"
		chance = "it draws random numbers, which are the same every time here"
		host   = "it asks for the name of the host, which is localhost here"
		size   = "it asks for the size of the machine, which has 8 GiB of memory and a disk of 64 GiB here"
		cpus   = "it counts the processors of the machine, which are 8 here"
	)
	var got []string
	for _, w := range result.Folders[0].Warnings {
		got = append(got, fmt.Sprintf("%s:%d %s", w.At.File, w.At.Line, w.Message))
	}
	assert.Equal(t, []string{
		"x/config.py:4 " + clock, "x/config.py:5 " + clock, "x/config.py:6 " + chance, "x/config.py:7 " + chance,
		"x/config.py:8 " + host, "x/config.py:9 " + cpus, "x/more.py:4 " + clock, "x/config.py:11 " + size,
	}, got)
	assert.Empty(t, result.Folders[1].Warnings)
}

// TestNumbers checks what becomes of values that are no texts.
func TestNumbers(t *testing.T) {
	_, req := write(t, map[string]string{
		"x/config.py": "from .version import PYTHON\npackage['build_args'] = {'A': None, 'B': 3.10, 'C': PYTHON, 'D': 2.5, 'E': '3.10', 'F': True,\n" +
			"    'G': 0x10}\nunused = 7.70\n",
		"x/version.py": "# the version\nPYTHON = 3.20\n",
	})
	result, err := New(python).Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.Nil(t, result.Folders[0].Error, "%+v", result.Folders[0].Error)
	var p struct {
		Args map[string]string `json:"build_args"`
	}
	require.NoError(t, json.Unmarshal(result.Folders[0].Packages[0], &p))
	assert.Equal(t, map[string]string{"B": "3.1", "C": "3.2", "D": "2.5", "E": "3.10", "F": "True", "G": "16"}, p.Args)
	assert.Equal(t, []configpy.Warning{
		{Message: "3.10 is a number in Python and becomes 3.1; write '3.10' to keep it", At: configpy.Frame{File: "x/config.py", Line: 2}},
		{Message: "3.20 is a number in Python and becomes 3.2; write '3.20' to keep it", At: configpy.Frame{File: "x/version.py", Line: 2}},
	}, result.Folders[0].Warnings)
}

// TestWhatIsNoPackage checks that a file which leaves something that is no package
// fails, so that its package is not taken for one that was disabled on purpose.
func TestWhatIsNoPackage(t *testing.T) {
	for code, want := range map[string]string{
		"package = 'x'":                     "TypeError: package must be a dictionary or a list of dictionaries, not a value of type str",
		"package = [None, [5]]":             "TypeError: package must be a dictionary or a list of dictionaries, not a value of type int",
		"package = None":                    "",
		"package = [None]":                  "",
		"package = [{'name': 'x'}, 'tail']": "",
	} {
		_, req := write(t, map[string]string{"x/config.py": code + "\n"})
		result, err := New(python).Evaluate(t.Context(), req)
		require.NoError(t, err)
		if want == "" {
			assert.Nil(t, result.Folders[0].Error, code)
			continue
		}
		require.NotNil(t, result.Folders[0].Error, code)
		assert.Equal(t, want, result.Folders[0].Error.Message, code)
	}
}
