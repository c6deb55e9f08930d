package diskfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"

	"jetkit/cmd/jetkit/diskfs"
)

// folder writes files to a new folder of the disk.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string, dirs []string, ignore []byte) *diskfs.FS {
	t.Helper()
	f, err := diskfs.Open(dir, dirs, ignore)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// files lists all files that can be seen.
func files(t *testing.T, f fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestSeesWhatDescribesPackages(t *testing.T) {
	dir := folder(t, map[string]string{
		"jetson.yaml": "x", "packages/a/Dockerfile": "x", "packages/a/main.cpp": "x", "packages/a/config.py": "x",
		"packages/a/tests/data.bin": "x", "packages/b/README.md": "x", "other/Dockerfile": "x",
	})
	f := open(t, dir, []string{"packages"}, nil)
	want := []string{"packages/a/Dockerfile", "packages/a/config.py", "packages/a/tests/data.bin"}
	if got := files(t, f); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := fstest.TestFS(f, want...); err != nil {
		t.Error(err)
	}
	if got := files(t, open(t, dir, []string{"."}, nil)); len(got) != 5 {
		t.Errorf("the whole context shows %v", got)
	}
}

func TestIgnoreFile(t *testing.T) {
	dir := folder(t, map[string]string{
		".dockerignore": "old\nnew/*\n!new/kept\n", "old/a/Dockerfile": "x", "new/b/Dockerfile": "x", "new/kept/Dockerfile": "x",
	})
	for name, test := range map[string]struct {
		ignore []byte
		want   []string
	}{
		"the folder's own": {nil, []string{".dockerignore", "new/kept/Dockerfile"}},
		"another":          {[]byte("new"), []string{".dockerignore", "old/a/Dockerfile"}},
		"none":             {[]byte{}, []string{".dockerignore", "new/b/Dockerfile", "new/kept/Dockerfile", "old/a/Dockerfile"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, dir, []string{"."}, test.ignore)
			if got := files(t, f); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if _, err := f.ReadFile("new/b/Dockerfile"); name != "none" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an ignored file can be read: %v", err)
			}
		})
	}
	if _, err := diskfs.Open(dir, nil, []byte("[")); err == nil {
		t.Error("a bad pattern is no error")
	}
}

func TestLinksStayInside(t *testing.T) {
	outside := folder(t, map[string]string{"Dockerfile": "secret", "p/Dockerfile": "secret"})
	dir := folder(t, map[string]string{"a/Dockerfile": "inside", "hidden/a.cpp": "hidden"})
	links := map[string]string{
		"relative/Dockerfile": "../a/Dockerfile",
		"absolute/Dockerfile": "/a/Dockerfile",
		"out/Dockerfile":      filepath.Join(outside, "Dockerfile"),
		"up/Dockerfile":       "../../" + filepath.Base(outside) + "/Dockerfile",
		"unsent/Dockerfile":   "../hidden/a.cpp",
		"circle/Dockerfile":   "Dockerfile",
		"folder":              filepath.Join(outside, "p"),
		"deep/folder":         "../a",
	}
	for name, target := range links {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, dir, []string{"."}, nil)
	for _, name := range []string{"relative/Dockerfile", "absolute/Dockerfile", "deep/folder/Dockerfile"} {
		if dt, err := f.ReadFile(name); string(dt) != "inside" {
			t.Errorf("%s: %q, %v", name, dt, err)
		}
	}
	for _, name := range []string{"out/Dockerfile", "up/Dockerfile", "unsent/Dockerfile", "folder/Dockerfile", "../Dockerfile"} {
		if dt, err := f.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", name, dt, err)
		}
	}
	if _, err := f.ReadFile("circle/Dockerfile"); err == nil {
		t.Error("a link to itself can be read")
	}
	if target, err := f.ReadLink("relative/Dockerfile"); target != "../a/Dockerfile" {
		t.Errorf("ReadLink: %q, %v", target, err)
	}
}

func TestUnusualFiles(t *testing.T) {
	dir := folder(t, map[string]string{"big.yaml": string(make([]byte, 5<<20))})
	f := open(t, dir, []string{"."}, nil)
	if _, err := f.ReadFile("big.yaml"); !errors.Is(err, diskfs.ErrTooLarge) {
		t.Errorf("a large file: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFile("pipe.yaml"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a pipe: %v", err)
	}
}

// More folders than are kept open are read all the same.
func TestManyFolders(t *testing.T) {
	content := map[string]string{}
	for i := range 1000 {
		content[fmt.Sprintf("group%d/p%d/Dockerfile", i%7, i)] = fmt.Sprint(i)
	}
	f := open(t, folder(t, content), []string{"."}, nil)
	if got := files(t, f); len(got) != len(content) {
		t.Errorf("%d files can be seen", len(got))
	}
	for name, want := range content {
		if dt, err := f.ReadFile(name); string(dt) != want {
			t.Errorf("%s: %q, %v", name, dt, err)
		}
	}
}
