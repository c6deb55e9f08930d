//go:build !linux

package doctor

import "os"

// mayWrite is asked of device nodes, which only Linux has in this form.
func (s *Subject) mayWrite(os.FileInfo) bool { return true }

// owner is not known on other systems.
func owner(os.FileInfo) (uid, gid int, known bool) { return 0, 0, false }
