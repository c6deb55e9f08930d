package doctor

import (
	"os"
	"slices"
	"syscall"
)

// mayWrite reports whether a file's mode lets the user write it.
func (s *Subject) mayWrite(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok, mode&0o002 != 0:
		return true
	case int(st.Uid) == s.User.UID:
		return mode&0o200 != 0
	}
	return mode&0o020 != 0 && slices.Contains(s.User.Groups, int(st.Gid))
}

// owner returns who a file belongs to.
func owner(info os.FileInfo) (uid, gid int, known bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}
