package pkgmeta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// describePackages prints a catalog a line per package.
func describePackages(cat *catalog.Catalog) string {
	var b strings.Builder
	for _, p := range cat.Packages() {
		fmt.Fprintf(&b, "%s in %s", p.Name, p.Origin)
		for _, part := range []struct {
			name   string
			values []string
		}{{"alias", p.Alias}, {"depends", values(p.Depends)}, {"tests", values(p.Tests)}} {
			if len(part.values) > 0 {
				fmt.Fprintf(&b, ", %s %s", part.name, strings.Join(part.values, " "))
			}
		}
		if len(p.BuildArgs) > 0 {
			fmt.Fprintf(&b, ", args %v", p.BuildArgs)
		}
		if p.Dockerfile != "Dockerfile" {
			fmt.Fprintf(&b, ", dockerfile %q", p.Dockerfile)
		}
		if p.Disabled != "" {
			fmt.Fprintf(&b, ", disabled: %s", p.Disabled)
		}
		fmt.Fprintf(&b, ", at %s\n", p.At)
	}
	return b.String() + allProblems(cat)
}

func TestScan(t *testing.T) {
	const plain = "FROM scratch\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"subfolders come before their folder, folders in order", map[string]string{
			"b/Dockerfile": plain, "b/z/Dockerfile": plain, "b/a/dockerFile": plain, "a/readme.md": "", "c/d/e/Dockerfile": plain,
		}, `a in ./b/a, dockerfile "dockerFile", at b/a/dockerFile:1:1
z in ./b/z, at b/z/Dockerfile:1:1
b in ./b, at b/Dockerfile:1:1
e in ./c/d/e, at c/d/e/Dockerfile:1:1
`},
		{"hidden and private folders are skipped", map[string]string{
			".git/x/Dockerfile": plain, "__pycache__/y/Dockerfile": plain, "_z/Dockerfile": plain, "a/Dockerfile.gpu": plain,
		}, "_z in ./_z, at _z/Dockerfile:1:1\n"},
		{"a Dockerfile at the root needs a name", map[string]string{"Dockerfile": plain}, ""},
		{"a named package at the root", map[string]string{"Dockerfile": "#---\n# name: app\n#---\n"}, "app in ./., at Dockerfile:2:9\n"},
		{
			"default tests",
			map[string]string{"a/Dockerfile": plain, "a/test.sh": "", "a/test.py": "", "a/test.txt": ""},
			"a in ./a, tests test.py test.sh, at a/Dockerfile:1:1\n",
		},
		{"no tests by choice", map[string]string{"a/Dockerfile": "#---\n# test: []\n#---\n", "a/test.sh": ""}, "a in ./a, at a/Dockerfile:1:1\n"},
		{
			"a test in a subfolder",
			map[string]string{"a/Dockerfile": "#---\n# test: tests/run.sh --all\n#---\n", "a/tests/run.sh": ""},
			"a in ./a, tests tests/run.sh --all, at a/Dockerfile:1:1\n",
		},
		{
			"another Dockerfile",
			map[string]string{"a/Dockerfile": "#---\n# dockerfile: sub/Dockerfile.x\n#---\n", "a/sub/Dockerfile.x": plain},
			"a in ./a, dockerfile \"sub/Dockerfile.x\", at a/Dockerfile:1:1\n",
		},
		{"disabled", map[string]string{
			"a/Dockerfile": "#---\n# disabled: true\n#---\n", "b/Dockerfile": "#---\n# disabled: no longer built\n#---\n", "c/Dockerfile": "#---\n# disabled: false\n#---\n",
		}, `a in ./a, disabled: disabled by its own metadata, at a/Dockerfile:1:1
b in ./b, disabled: no longer built, at b/Dockerfile:1:1
c in ./c, at c/Dockerfile:1:1
`},
		{
			"config.py is not run",
			map[string]string{"a/Dockerfile": "#---\n# name: a:1\n# config: config.py\n#---\n", "a/config.py": "", "a/config.yaml": "x: y"},
			"a:1 in ./a, disabled: configured by config.py, which is not run here, at a/Dockerfile:2:9\n",
		},
		{"two Dockerfiles", map[string]string{"a/Dockerfile": plain, "a/dockerfile": plain}, `a in ./a, at a/Dockerfile:1:1
a/dockerfile: error: there is a dockerfile beside the Dockerfile [two-dockerfiles]
    hint: keep one
`},
		{
			"one name twice",
			map[string]string{"a/Dockerfile": "#---\n# name: x\n#---\n", "b/Dockerfile": "#---\n# name: x\n#---\n"},
			`x in ./a, at a/Dockerfile:2:9
x in ./b, at b/Dockerfile:2:9
a/Dockerfile:2:9: error: two packages are named x [duplicate-package]
    hint: rename one of them, or give them requirements that tell them apart
    b/Dockerfile:2:9: the other x
b/Dockerfile:2:9: error: two packages are named x [duplicate-package]
    hint: rename one of them, or give them requirements that tell them apart
    a/Dockerfile:2:9: the other x
`,
		},
		{"one name twice, for different targets", map[string]string{
			"a/Dockerfile": "#---\n# name: x\n# requires: '==35.*'\n#---\n", "b/Dockerfile": "#---\n# name: x\n# requires: '==36.*'\n#---\n",
		}, "x in ./a, at a/Dockerfile:2:9\nx in ./b, at b/Dockerfile:2:9\n"},
		{
			"one folder name twice: the first is used",
			map[string]string{"a/x/Dockerfile": plain, "b/x/Dockerfile": plain},
			`x in ./a/x, at a/x/Dockerfile:1:1
a/x/Dockerfile:1:1: warning: two packages are named x; this one is used [duplicate-package]
    hint: rename one of them, or give them requirements that tell them apart
    b/x/Dockerfile:1:1: the other x, which is not used
`,
		},
		{"links that stay in the folder, and links that leave it", map[string]string{
			"a/Dockerfile@": "real/Dockerfile", "a/real/Dockerfile": plain, "a/test.sh@": "/etc/passwd", "a/test.py@": "real/../../b/t.py", "b/t.py": "", "c/Dockerfile@": "../a/real/Dockerfile",
		}, `a in ./a, tests test.py test.sh, at a/Dockerfile:1:1
real in ./a/real, at a/real/Dockerfile:1:1
c in ./c, at c/Dockerfile:1:1
a/Dockerfile:1:1: error: test.py is a link to real/../../b/t.py, outside the package's folder [path-outside]
    hint: put the file itself there
a/Dockerfile:1:1: error: test.sh is a link to /etc/passwd, outside the package's folder [path-outside]
    hint: put the file itself there
c/Dockerfile: error: Dockerfile is a link to ../a/real/Dockerfile, outside the package's folder [path-outside]
    hint: put the file itself there
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := describePackages(scan(t, contextTree(test.files)))
			assert.False(t, got != test.want && sortedLines(got) != sortedLines(test.want), "got:\n%s\nwant:\n%s", got, test.want)
		})
	}
}

// sortedLines makes the order of problems and packages indifferent.
func sortedLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestScanTrees(t *testing.T) {
	header := func(name string) string { return "#---\n# name: " + name + "\n#---\n" }
	mine := Tree{FS: mapFS(map[string]string{"packages/numpy/Dockerfile": header("numpy"), "robot/Dockerfile": header("robot")}), Kind: plan.Context, Dir: "packages"}
	named := Tree{FS: mapFS(map[string]string{"arm/Dockerfile": header("arm")}), Kind: plan.Named, Name: "parts", Dir: "."}
	builtin := Tree{FS: mapFS(map[string]string{"math/numpy/Dockerfile": header("numpy"), "math/scipy/Dockerfile": header("scipy")}), Kind: plan.Builtin, Dir: "."}
	robot := Folder{FS: mine.FS, Path: "robot"}
	again := Folder{FS: mine.FS, Path: "packages/numpy"}
	cat, problems := Scan(context.Background(), []Tree{mine, named, builtin}, []Folder{robot, again}, ScanOptions{})
	require.Empty(t, problems, printed(problems))
	want := `robot in ./robot, at robot/Dockerfile:2:9
numpy in ./packages/numpy, at packages/numpy/Dockerfile:2:9
arm in parts:arm, at parts:arm/Dockerfile:2:9
scipy in builtin:math/scipy, at builtin:math/scipy/Dockerfile:2:9
`
	assert.Equal(t, want, describePackages(cat))
	p := cat.InFolder("robot")
	require.Len(t, p, 1, "in folder")
	assert.Equal(t, "robot", p[0].Name, "in folder")
}

// Of a file that does not describe packages, only the name is known.
func TestScanNames(t *testing.T) {
	tree := contextTree(nil)
	tree.FS = cachefs.New(mapFS(map[string]string{
		"a/Dockerfile":   "#---\n# dockerfile: build.docker\n# test: [selfcheck --all, missing.sh, sub/missing.py, tests/run.sh, elsewhere]\n#---\n",
		"a/build.docker": "#---\n# name: not read\n#---\n", "a/selfcheck": "", "a/bin/run": "",
		"a/tests/run.sh@": "../bin/run", "a/elsewhere@": "../b/test", "b/test": "",
	}), cachefs.Options{Metadata: IsMetadata})
	require.Equal(t, `a in ./a, tests selfcheck --all tests/run.sh elsewhere, dockerfile "build.docker", at a/Dockerfile:1:1
a/Dockerfile:3:27: error: the package's folder has no test script missing.sh [missing-file]
a/Dockerfile:3:39: error: the package's folder has no test script sub/missing.py [missing-file]
a/Dockerfile:3:69: error: elsewhere is a link to ../b/test, outside the package's folder [path-outside]
    hint: put the file itself there
`, describePackages(scan(t, tree)))
}

// TestLinksOfMetadata checks that a file which metadata names is in the package's
// folder, however many links lead to it.
func TestLinksOfMetadata(t *testing.T) {
	for name, test := range map[string]struct{ header, want string }{
		"inside":                 {"test: [in, folder/t, two, up/t]", ""},
		"a circle":               {"test: circle", "the package's folder has no test script circle"},
		"a dangling link":        {"test: dangling", "the package's folder has no test script dangling"},
		"a link to a folder":     {"test: folder", "the package's folder has no test script folder"},
		"two links":              {"test: far", "far leads over the link sub/far to ../../b/t, outside the package's folder"},
		"a linked folder":        {"test: other/t", "other/t leads over the link other to ../b, outside the package's folder"},
		"from the context":       {"test: root", "root is a link to /a/sub/t, outside the package's folder"},
		"a configuration":        {"config: there.yaml", "there.yaml is a link to ../b/c.yaml, outside the package's folder"},
		"a configuration inside": {"config: here.yaml", ""},
		"a Dockerfile":           {"dockerfile: other/Dockerfile", "other/Dockerfile leads over the link other to ../b, outside the package's folder"},
		"a missing Dockerfile":   {"dockerfile: dangling", "the package's folder has no dangling"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := contextTree(nil)
			tree.FS = cachefs.New(mapFS(map[string]string{
				"a/Dockerfile": "#---\n# " + test.header + "\n#---\n", "a/sub/t": "", "a/sub/c.yaml": "notes: x", "b/t": "", "b/c.yaml": "notes: x", "b/Dockerfile": "",
				"a/in@": "sub/t", "a/folder@": "sub", "a/two@": "folder/../in", "a/up@": "sub/../folder", "a/circle@": "circle", "a/dangling@": "sub/none",
				"a/far@": "sub/far", "a/sub/far@": "../../b/t", "a/other@": "../b", "a/root@": "/a/sub/t", "a/there.yaml@": "../b/c.yaml", "a/here.yaml@": "sub/c.yaml",
			}), cachefs.Options{Metadata: IsMetadata})
			p := scan(t, tree).Find("a")
			require.NotNil(t, p)
			if test.want == "" {
				assert.Empty(t, p.Problems, printed(p.Problems))
			} else {
				assert.Contains(t, printed(p.Problems), test.want)
			}
		})
	}
}

func TestScanMissing(t *testing.T) {
	at := diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 3, Column: 5}}
	fsys := mapFS(map[string]string{"robots/my-robot/Dockerfile": "", "docs/readme.md": ""})
	_, problems := Scan(context.Background(), []Tree{
		{FS: fsys, Kind: plan.Context, Dir: "pkgs", At: at},
		{FS: fsys, Kind: plan.Context, Dir: "packages", Optional: true, At: at},
		{FS: fsys, Kind: plan.Named, Name: "parts", Dir: "../x", At: at},
		{FS: fsys, Kind: plan.Named, Name: "parts", Dir: "nowhere", At: at},
	}, []Folder{{FS: fsys, Path: "robots/my-robto", At: at}, {FS: fsys, Path: "docs", At: at}, {FS: fsys, Path: "../up", At: at}}, ScanOptions{})
	want := `jetson.yaml:3:5: error: "../up" leaves the build context [bad-folder]
jetson.yaml:3:5: error: the folder docs holds no package [not-a-package]
    hint: a package is a folder with a Dockerfile, or with a config.yaml
jetson.yaml:3:5: error: the package folder "../x" leaves its source [bad-source]
jetson.yaml:3:5: error: there is no folder parts:nowhere to search for packages [missing-source]
jetson.yaml:3:5: error: there is no folder pkgs to search for packages [missing-source]
jetson.yaml:3:5: error: there is no folder robots/my-robto in the build context [missing-folder]
    hint: did you mean ./robots/my-robot?
`
	assert.Equal(t, want, printed(problems))
}

// slowFS counts how many calls are under way, and can fail or block.
type slowFS struct {
	fstest.MapFS
	delay     time.Duration
	now, most atomic.Int32
	broken    string
}

func (s *slowFS) enter(name string) error {
	if n := s.now.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	defer s.now.Add(-1)
	time.Sleep(s.delay)
	if name == s.broken {
		return &fs.PathError{Op: "open", Path: name, Err: errors.New("the line is cut")}
	}
	return nil
}

func (s *slowFS) ReadFile(name string) ([]byte, error) {
	if err := s.enter(name); err != nil {
		return nil, err
	}
	return s.MapFS.ReadFile(name)
}

func (s *slowFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := s.enter(name); err != nil {
		return nil, err
	}
	return s.MapFS.ReadDir(name)
}

func TestScanInParallel(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("g%d/p%d/Dockerfile", i%10, i)] = "#---\n# group: g\n#---\n"
	}
	slow := &slowFS{MapFS: mapFS(files), delay: 5 * time.Millisecond}
	start := time.Now()
	cat := scan(t, Tree{FS: slow, Kind: plan.Context, Dir: "."})
	assert.LessOrEqual(t, time.Since(start), 700*time.Millisecond, "411 calls of 5 ms")
	most := slow.most.Load()
	if assert.GreaterOrEqual(t, most, int32(8), "%d calls at once", most) {
		assert.LessOrEqual(t, most, int32(readers), "%d calls at once", most)
	}
	assert.Equal(t, describePackages(cat), describePackages(scan(t, contextTree(files))), "the order depends on timing")
}

func TestScanStops(t *testing.T) {
	files := map[string]string{}
	for i := range 20000 {
		files[fmt.Sprintf("p%d/Dockerfile", i)] = ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, problems := Scan(ctx, []Tree{{FS: &slowFS{MapFS: mapFS(files), delay: 10 * time.Millisecond}, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
	assert.LessOrEqual(t, time.Since(start), 3*time.Second)
	assert.Equal(t, "error: the search for packages was stopped: context deadline exceeded [scan-stopped]\n", printed(problems))
}

// pickyFS refuses large files, as those of contexts do.
type pickyFS struct{ fstest.MapFS }

func (f pickyFS) ReadFile(name string) ([]byte, error) {
	dt, err := f.MapFS.ReadFile(name)
	if len(dt) > maxDockerfile {
		return nil, fmt.Errorf("%s is too large", name)
	}
	return dt, err
}

// One huge file is its own package's fault and nobody else's.
func TestScanHugeFile(t *testing.T) {
	huge := pickyFS{mapFS(map[string]string{"a/Dockerfile": strings.Repeat("#", maxDockerfile+2), "b/Dockerfile": ""})}
	cat, problems := Scan(context.Background(), []Tree{{FS: huge, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
	require.Empty(t, problems, printed(problems))
	require.Len(t, cat.Packages(), 2, printed(problems))
	assert.Contains(t, printed(cat.Find("a").Problems), "[too-large]", "a")
	assert.Empty(t, printed(cat.Find("b").Problems), "b")
}

func TestScanUnreadable(t *testing.T) {
	slow := &slowFS{MapFS: mapFS(map[string]string{"a/Dockerfile": "", "b/Dockerfile": ""}), broken: "."}
	_, problems := Scan(context.Background(), []Tree{{FS: slow, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
	assert.Equal(t, "error: cannot list .: open .: the line is cut [unreadable]\n", printed(problems))
}
