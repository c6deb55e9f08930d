package cachefs_test

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/cachefs"
)

// folder is a folder in memory; a content that begins with "-> " makes a link.
func folder(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		file := &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			file = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		}
		m[name] = file
	}
	return m
}

// names lists all files that are shown.
func names(t *testing.T, f fs.FS) []string {
	t.Helper()
	var all []string
	require.NoError(t, fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, p)
		}
		return err
	}))
	return all
}

func TestFS(t *testing.T) {
	f := cachefs.New(folder(map[string]string{"a/Dockerfile": "x", "a/b/test.py": "y", "top": ""}), cachefs.Options{})
	require.NoError(t, fstest.TestFS(f, "a/Dockerfile", "a/b/test.py", "top"))
}

func TestLinks(t *testing.T) {
	f := cachefs.New(folder(map[string]string{
		"a/Dockerfile": "inside", "a/bin/run": "run", "a/tests/run.sh": "-> ../bin/run",
		"relative": "-> a/Dockerfile", "absolute": "-> /a/Dockerfile", "twice": "-> relative", "folder": "-> a",
		"up": "-> ../outside", "around": "-> ../a/Dockerfile", "far": "-> ../../../etc/passwd", "circle": "-> circle", "dangling": "-> nothing", "through": "-> a/Dockerfile/x",
	}), cachefs.Options{})
	for _, name := range []string{"relative", "absolute", "twice", "folder/Dockerfile"} {
		dt, err := f.ReadFile(name)
		require.NoError(t, err, name)
		assert.Equal(t, "inside", string(dt), name)
		info, err := f.Stat(name)
		require.NoError(t, err, name)
		assert.True(t, info.Mode().IsRegular(), name)
	}
	info, err := f.Stat("a/tests/run.sh")
	require.NoError(t, err)
	assert.Equal(t, "run.sh", info.Name())
	for _, name := range []string{"up", "around", "far", "dangling", "through", "nothing", "relative/x"} {
		_, err := f.ReadFile(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = f.Stat(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err = f.ReadFile("circle")
	require.ErrorContains(t, err, "too many levels")
	info, err = f.Lstat("circle")
	require.NoError(t, err)
	assert.Equal(t, fs.ModeSymlink, info.Mode().Type())
	target, err := f.ReadLink("up")
	require.NoError(t, err)
	assert.Equal(t, "../outside", target)
	_, err = f.ReadLink("a/Dockerfile")
	require.ErrorIs(t, err, fs.ErrInvalid)
	entries, err := f.ReadDir("folder")
	require.NoError(t, err)
	assert.Len(t, entries, 3)
	at, err := f.Resolve("folder/tests/run.sh")
	require.NoError(t, err)
	assert.Equal(t, "a/bin/run", at)
}

func TestMetadata(t *testing.T) {
	f := cachefs.New(folder(map[string]string{"Dockerfile": "d", "model.bin": "b", "link.yaml": "-> model.bin"}), cachefs.Options{
		Metadata: func(name string) bool { return name == "Dockerfile" || strings.HasSuffix(name, ".yaml") },
	})
	assert.Equal(t, []string{"Dockerfile", "link.yaml", "model.bin"}, names(t, f))
	_, err := f.ReadFile("Dockerfile")
	require.NoError(t, err)
	for _, name := range []string{"model.bin", "link.yaml"} {
		_, err = f.ReadFile(name)
		require.ErrorIs(t, err, cachefs.ErrNotMetadata)
	}
}

func TestUnusualFiles(t *testing.T) {
	m := folder(map[string]string{"big.yaml": strings.Repeat("x", cachefs.MaxFile+1)})
	m["pipe"] = &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o644}
	f := cachefs.New(m, cachefs.Options{})
	_, err := f.ReadFile("big.yaml")
	require.ErrorIs(t, err, cachefs.ErrTooLarge)
	_, err = f.ReadFile("pipe")
	require.ErrorContains(t, err, "no regular file")
	_, err = f.ReadFile("../etc/passwd")
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = f.ReadFile(".")
	require.ErrorContains(t, err, "is a directory")
}

func TestIgnored(t *testing.T) {
	files := map[string]string{
		"old/a/Dockerfile": "", "new/b/Dockerfile": "", "new/kept/Dockerfile": "", "node_modules/x/Dockerfile": "", "README.md": "",
	}
	for name, test := range map[string]struct{ ignore, want string }{
		"none":          {"", "README.md new/b/Dockerfile new/kept/Dockerfile node_modules/x/Dockerfile old/a/Dockerfile"},
		"folders":       {"old\nnew/*\n!new/kept\n", "README.md new/kept/Dockerfile node_modules/x/Dockerfile"},
		"files only":    {"**/Dockerfile*\n**/*.md\n", "new/b/Dockerfile new/kept/Dockerfile node_modules/x/Dockerfile old/a/Dockerfile"},
		"an exception":  {"node_modules\n!README.md\n", "README.md new/b/Dockerfile new/kept/Dockerfile old/a/Dockerfile"},
		"all but":       {"*\n!new\n", "new/b/Dockerfile new/kept/Dockerfile"},
		"any exception": {"new\n!**/kept\n", "README.md new/b/Dockerfile new/kept/Dockerfile node_modules/x/Dockerfile old/a/Dockerfile"},
	} {
		t.Run(name, func(t *testing.T) {
			hidden := ignored(t, test.ignore)
			assert.Equal(t, test.want, strings.Join(names(t, cachefs.New(folder(files), cachefs.Options{Hidden: hidden})), " "))
		})
	}
	_, err := cachefs.Ignored([]string{"["}, isDockerfile)
	require.ErrorContains(t, err, ".dockerignore")

	f := cachefs.New(folder(map[string]string{"a/Dockerfile": "", "a/test.sh": "", "old/x/y": ""}), cachefs.Options{Hidden: ignored(t, "**/*.sh\nold\n")})
	assert.Equal(t, []string{"a/Dockerfile"}, names(t, f))
	for name, want := range map[string]bool{"a/test.sh": true, "old/x/y": true, "old": true, "a/Dockerfile": false, "a": false, "missing": false, ".": false} {
		assert.Equal(t, want, f.Hides(name), name)
	}
}

func isDockerfile(name string) bool { return path.Base(name) == "Dockerfile" }

func ignored(t *testing.T, text string) func(string, bool) bool {
	t.Helper()
	f := cachefs.New(folder(map[string]string{".dockerignore": text}), cachefs.Options{})
	patterns, err := f.IgnorePatterns()
	require.NoError(t, err)
	hidden, err := cachefs.Ignored(patterns, isDockerfile)
	require.NoError(t, err)
	return hidden
}

// counting counts how often each thing is read.
type counting struct {
	fstest.MapFS
	mu    sync.Mutex
	calls map[string]int
}

func (c *counting) count(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
}

func (c *counting) ReadDir(name string) ([]fs.DirEntry, error) {
	c.count("list " + name)
	return c.MapFS.ReadDir(name)
}

func (c *counting) ReadFile(name string) ([]byte, error) {
	c.count("read " + name)
	return c.MapFS.ReadFile(name)
}

// Under the race detector this also shows that many may read at once, with an
// ignore file whose patterns have wildcards.
func TestReadsOnceForAll(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("group%d/p%d/Dockerfile", i%5, i)] = "x"
	}
	source := &counting{MapFS: folder(files), calls: map[string]int{}}
	f := cachefs.New(source, cachefs.Options{Hidden: ignored(t, "**/build-*\n!build-keep\ngroup[4]\n")})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_ = fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					_, err = f.ReadFile(p)
				}
				return err
			})
		})
	}
	wg.Wait()
	assert.Len(t, source.calls, 1+4+40+40)
	for call, n := range source.calls {
		assert.Equal(t, 1, n, call)
	}
}

// TestIgnoredAtOnce is for the race detector: a pattern matcher compiles its patterns when
// they are first used, and folders are read by many goroutines.
func TestIgnoredAtOnce(t *testing.T) {
	for range 20 {
		hidden := ignored(t, "**/*.md\nold*\n!old/kept*\n")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				assert.True(t, hidden("a/README.md", false))
				assert.False(t, hidden("old", true))
			})
		}
		wg.Wait()
	}
}
