package pkgmeta

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/plan"
)

// TestStrangers checks that a file which cannot be read disables its own package
// and nothing else.
func TestStrangers(t *testing.T) {
	const link, pipe, socket = fs.ModeSymlink | 0o777, fs.ModeNamedPipe | 0o644, fs.ModeSocket | 0o644
	for name, test := range map[string]struct {
		files map[string]*fstest.MapFile
		// want is what package a is disabled for, or its problems after "+".
		want string
	}{
		"a pipe as Dockerfile":      {map[string]*fstest.MapFile{"a/Dockerfile": {Mode: pipe}}, "cannot read the package: Dockerfile is a named pipe"},
		"a socket as configuration": {map[string]*fstest.MapFile{"a/Dockerfile": {}, "a/config.yaml": {Mode: socket}}, "cannot read the package: config.yaml is a socket"},
		"a device as config.py":     {map[string]*fstest.MapFile{"a/config.py": {Mode: fs.ModeDevice}}, "cannot read the package: config.py is a device"},
		"a dangling link":           {map[string]*fstest.MapFile{"a/Dockerfile": {Mode: link, Data: []byte("nowhere")}}, "cannot read the package: open a/Dockerfile: file does not exist"},
		"a link to a folder":        {map[string]*fstest.MapFile{"a/Dockerfile": {Mode: link, Data: []byte("sub")}, "a/sub/x": {}}, "cannot read the package: "},
		"a pipe that is no test":    {map[string]*fstest.MapFile{"a/Dockerfile": {}, "a/test.sh": {Mode: pipe}}, ""},
		"a pipe as other file":      {map[string]*fstest.MapFile{"a/Dockerfile": {}, "a/data": {Mode: pipe}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"b/Dockerfile": {}, "z/Dockerfile": {}}
			maps.Copy(files, test.files)
			cat := scan(t, Tree{FS: files, Kind: plan.Context, Dir: "."})
			p := cat.Find("a")
			require.NotNil(t, p)
			assert.Contains(t, p.Disabled, test.want)
			assert.Equal(t, test.want != "", p.Unknown)
			assert.Equal(t, test.want != "", p.Problems.HasErrors(), printed(p.Problems))
			assert.Empty(t, p.Tests)
			for _, other := range []string{"b", "z"} {
				require.NotNil(t, cat.Find(other))
				assert.Empty(t, cat.Find(other).Disabled)
			}
		})
	}
}

// brokenFS fails or panics when it reads one file or folder.
type brokenFS struct {
	fstest.MapFS
	broken string
	err    error
}

func (b brokenFS) check(name string) error {
	if name != b.broken {
		return nil
	}
	if b.err == nil {
		panic("a fault of ours")
	}
	return b.err
}

func (b brokenFS) ReadFile(name string) ([]byte, error) {
	if err := b.check(name); err != nil {
		return nil, err
	}
	return b.MapFS.ReadFile(name)
}

func (b brokenFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := b.check(name); err != nil {
		return nil, err
	}
	return b.MapFS.ReadDir(name)
}

// TestPanicOfAScan checks that a fault of ours ends neither the program nor the
// search, and that its message is told.
func TestPanicOfAScan(t *testing.T) {
	const message = "internal error of jetkit, please report it with these files: a fault of ours (strangers_test.go:"
	files := mapFS(map[string]string{"a/Dockerfile": "", "b/Dockerfile": "", "c/Dockerfile": ""})
	_, problems := Scan(t.Context(), []Tree{{FS: brokenFS{files, ".", nil}, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
	assert.Contains(t, printed(problems), message)
	for _, broken := range []string{"a/Dockerfile", "a"} {
		cat, problems := Scan(t.Context(), []Tree{{FS: brokenFS{files, broken, nil}, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
		require.Empty(t, problems)
		require.NotNil(t, cat.Find("a"))
		assert.Contains(t, cat.Find("a").Disabled, message)
		assert.Empty(t, cat.Find("b").Disabled)
	}
	_, problems = Scan(t.Context(), nil, []Folder{{FS: brokenFS{files, "b", nil}, Path: "b"}}, ScanOptions{})
	assert.Contains(t, printed(problems), message)

	panics := evaluatorFunc(func(configpy.Request) (configpy.Result, error) { panic("no evaluator") })
	cat, problems := Scan(t.Context(), []Tree{contextTree(map[string]string{"a/config.py": "", "b/Dockerfile": ""})}, nil, ScanOptions{Evaluator: panics})
	require.False(t, problems.HasErrors())
	assert.Contains(t, cat.Find("a").Disabled, "its config.py could not be run: internal error of jetkit, please report it with these files: no evaluator (strangers_test.go:")
	assert.Empty(t, cat.Find("b").Disabled)
}

func TestUnreadableFolder(t *testing.T) {
	files := mapFS(map[string]string{"a/x/Dockerfile": "", "b/Dockerfile": ""})
	cut := errors.New("the line is cut")
	cat := scan(t, Tree{FS: brokenFS{files, "a/x", cut}, Kind: plan.Context, Dir: "."})
	require.NotNil(t, cat.Find("x"))
	assert.True(t, cat.Find("x").Unknown)
	assert.Equal(t, "cannot list the folder: the line is cut", cat.Find("x").Disabled)
	assert.Equal(t, "a/x: error: cannot list the folder: the line is cut [unreadable]\n", printed(cat.Find("x").Problems))
	assert.Empty(t, cat.Find("b").Disabled)
}

// countingFS notes how many goroutines there are at most.
type countingFS struct {
	fstest.MapFS
	most *atomic.Int64
}

func (c countingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if n := int64(runtime.NumGoroutine()); n > c.most.Load() {
		c.most.Store(n)
	}
	if name != "." {
		time.Sleep(100 * time.Microsecond)
		return nil, nil
	}
	return c.MapFS.ReadDir(name)
}

// TestBoundedGoroutines searches a folder with more subfolders than a program
// should have goroutines.
func TestBoundedGoroutines(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 5000 {
		files[fmt.Sprintf("p%d/x", i)] = &fstest.MapFile{}
	}
	var most atomic.Int64
	before := int64(runtime.NumGoroutine())
	scan(t, Tree{FS: countingFS{files, &most}, Kind: plan.Context, Dir: "."})
	assert.LessOrEqual(t, most.Load(), before+2*workers) // some are about to end
}

// TestOneEvaluation checks that a tree's config.py files run together and once,
// also where their folders were asked for by their paths.
func TestOneEvaluation(t *testing.T) {
	files := mapFS(map[string]string{
		"packages/a/config.py": "", "packages/b/config.py": "", "packages/b/c/config.py": "", "other/packages/d/config.py": "", "other/packages/e/config.py": "",
	})
	for _, test := range []struct {
		name    string
		trees   []Tree
		folders []string
		want    []string
	}{
		{"a tree and two of its folders", []Tree{{FS: files, Kind: plan.Context, Dir: "packages"}}, []string{"packages/b", "packages/a"}, []string{"packages: a b/c b"}},
		{"two folders of one tree", nil, []string{"other/packages/e", "other/packages/d"}, []string{"other/packages: d e"}},
		{"a tree that holds others", []Tree{{FS: files, Kind: plan.Context, Dir: "."}}, []string{"other/packages/d"}, []string{".: other/packages/d other/packages/e packages/a packages/b/c packages/b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			count := evaluatorFunc(func(req configpy.Request) (configpy.Result, error) {
				line := req.Tree.Path + ":"
				result := configpy.Result{}
				for _, folder := range req.Folders {
					line += " " + folder.Dir
					result.Folders = append(result.Folders, configpy.FolderResult{Disabled: true})
				}
				asked = append(asked, line)
				return result, nil
			})
			var folders []Folder
			for _, path := range test.folders {
				folders = append(folders, Folder{FS: files, Path: path})
			}
			cat, problems := Scan(t.Context(), test.trees, folders, ScanOptions{Evaluator: count})
			require.Empty(t, problems)
			assert.Equal(t, test.want, asked)
			for _, p := range cat.Packages() {
				assert.Equal(t, "its config.py sets package to None on this target", p.Disabled)
			}
			require.Len(t, cat.InFolder(test.folders[0]), 1)
		})
	}
}

// A build cannot have a folder whose name has a line break, so the command line tool must not find its package either.
func TestFolderWithALineBreak(t *testing.T) {
	files := fstest.MapFS{"a\nERROR: b/Dockerfile": {Data: []byte("FROM x\n")}, "good/Dockerfile": {Data: []byte("FROM x\n")}}
	cat, problems := Scan(t.Context(), []Tree{{FS: files, Kind: plan.Context, Dir: "."}}, nil, ScanOptions{})
	require.Empty(t, problems)
	require.Len(t, cat.Packages(), 1)
	require.Equal(t, "good", cat.Packages()[0].Name)
}

func TestNameThatIsNotUTF8(t *testing.T) {
	cat := scan(t, contextTree(map[string]string{"a\xff/Dockerfile": "", "b/Dockerfile": ""}))
	require.NotNil(t, cat.Find("a\xff"))
	assert.Equal(t, "cannot list the folder: its name is not UTF-8", cat.Find("a\xff").Disabled)
	assert.Empty(t, cat.Find("b").Disabled)
}
