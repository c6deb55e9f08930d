package builder

import (
	"path/filepath"
	"syscall"
)

// freeSpace returns the bytes that are left on the disk of a folder, which need
// not exist yet; 0 where that cannot be known.
func freeSpace(dir string) int64 {
	for {
		var s syscall.Statfs_t
		if err := syscall.Statfs(dir, &s); err == nil {
			return int64(s.Bavail) * int64(s.Bsize) //nolint:unconvert // Bsize has another type on other systems
		}
		up := filepath.Dir(dir)
		if up == dir {
			return 0
		}
		dir = up
	}
}
