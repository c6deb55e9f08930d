package layers_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// walk calls back for all that is in a tree, with its path in it, a folder before what is in
// it. What the callback refuses is left out with all that is in it.
func walk(tb testing.TB, dir string, visit func(path string, info fs.FileInfo, st *syscall.Stat_t) bool) {
	tb.Helper()
	require.NoError(tb, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st, _ := info.Sys().(*syscall.Stat_t)
		if !visit(path[len(dir)+1:], info, st) && d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	}))
}

func everything(string) bool { return true }

// copyTree puts what is wanted of a tree into another one, as it is. What is no folder in both
// replaces what is there.
func copyTree(tb testing.TB, from, to string, wanted func(path string) bool) {
	tb.Helper()
	first := map[uint64]string{}
	folders := []string{"."}
	walk(tb, from, func(path string, info fs.FileInfo, st *syscall.Stat_t) bool {
		if !wanted(path) {
			return false
		}
		source, there := filepath.Join(from, path), filepath.Join(to, path)
		old, err := os.Lstat(there)
		if err == nil && (!old.IsDir() || !info.IsDir()) {
			require.NoError(tb, os.RemoveAll(there))
		}
		switch {
		case info.IsDir():
			require.NoError(tb, os.MkdirAll(there, 0o700))
			folders = append(folders, path)
			return true // its times are set when all is in it
		case first[st.Ino] != "":
			require.NoError(tb, os.Link(first[st.Ino], there))
			return true
		case info.Size() > 1<<16: // a shell's, which nobody changes
			require.NoError(tb, os.Link(source, there))
			return true
		case info.Mode().IsRegular():
			dt, err := os.ReadFile(source)
			require.NoError(tb, err)
			require.NoError(tb, os.WriteFile(there, dt, 0o600))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(source)
			require.NoError(tb, err)
			require.NoError(tb, os.Symlink(target, there))
		default:
			require.NoError(tb, unix.Mknod(there, st.Mode, int(st.Rdev)))
		}
		first[st.Ino] = there
		copyAttributes(tb, source, there)
		return true
	})
	for _, path := range slices.Backward(folders) {
		copyAttributes(tb, filepath.Join(from, path), filepath.Join(to, path))
	}
}

// copyAttributes copies owner, mode, extended attributes and times.
func copyAttributes(tb testing.TB, from, to string) {
	tb.Helper()
	var st unix.Stat_t
	require.NoError(tb, unix.Lstat(from, &st))
	require.NoError(tb, os.Lchown(to, int(st.Uid), int(st.Gid)))
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		require.NoError(tb, unix.Chmod(to, st.Mode&0o7777))
	}
	for _, a := range attributes(from) {
		require.NoError(tb, unix.Lsetxattr(to, a.name, a.value, 0))
	}
	require.NoError(tb, unix.UtimesNanoAt(unix.AT_FDCWD, to, []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW))
}

// setTimes gives all that is in a tree, and the tree itself, one time.
func setTimes(tb testing.TB, dir string, to time.Time) {
	tb.Helper()
	times := []unix.Timespec{unix.NsecToTimespec(to.UnixNano()), unix.NsecToTimespec(to.UnixNano())}
	set := func(path string) {
		require.NoError(tb, unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(dir, path), times, unix.AT_SYMLINK_NOFOLLOW))
	}
	walk(tb, dir, func(path string, _ fs.FileInfo, _ *syscall.Stat_t) bool {
		set(path)
		return true
	})
	set(".")
}

// difference returns the paths that a script changed, with the folders above what it changed
// or removed, as an overlay has them.
func difference(tb testing.TB, before, after string) map[string]bool {
	tb.Helper()
	was, is := listTree(tb, before), listTree(tb, after)
	changed := map[string]bool{}
	change := func(path string) {
		for ; path != "." && !changed[path]; path = filepath.Dir(path) {
			changed[path] = is[path] != ""
		}
	}
	for path := range is {
		if was[path] != is[path] {
			change(path)
		}
	}
	for path := range was {
		if is[path] == "" {
			change(filepath.Dir(path))
		}
	}
	return changed
}

// listTree describes all paths of a tree: content, mode, owner, links, times but of folders.
func listTree(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	paths, first := map[string]string{}, map[uint64]string{}
	walk(tb, dir, func(path string, info fs.FileInfo, st *syscall.Stat_t) bool {
		text := fmt.Sprintf("%s %d:%d", info.Mode(), st.Uid, st.Gid)
		switch {
		case info.Mode().IsRegular():
			text += fmt.Sprintf(" %d %s", st.Mtim.Nano(), content(tb, filepath.Join(dir, path), st))
			if first[st.Ino] == "" {
				first[st.Ino] = path
			} else {
				text += " = " + first[st.Ino]
			}
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(filepath.Join(dir, path))
			require.NoError(tb, err)
			text += " -> " + target
		case info.Mode()&fs.ModeDevice != 0:
			text += fmt.Sprintf(" %d", st.Rdev)
		}
		for _, a := range attributes(filepath.Join(dir, path)) {
			text += fmt.Sprintf(" %s=%q", a.name, a.value)
		}
		paths[path] = text
		return true
	})
	return paths
}

// content returns a file's content, or what tells it from others.
func content(tb testing.TB, file string, st *syscall.Stat_t) string {
	tb.Helper()
	if st.Size > 1<<16 {
		return fmt.Sprintf("%d bytes of %d", st.Size, st.Ino)
	}
	dt, err := os.ReadFile(file)
	require.NoError(tb, err)
	return fmt.Sprintf("%q", dt)
}

// attribute is an extended one.
type attribute struct {
	name  string
	value []byte
}

func attributes(path string) []attribute {
	names := make([]byte, 4096)
	n, err := unix.Llistxattr(path, names)
	if err != nil || n == 0 {
		return nil
	}
	var all []attribute
	for name := range bytes.SplitSeq(bytes.TrimRight(names[:n], "\x00"), []byte{0}) {
		value := make([]byte, 4096)
		if size, err := unix.Lgetxattr(path, string(name), value); err == nil {
			all = append(all, attribute{string(name), value[:size]})
		}
	}
	return all
}
