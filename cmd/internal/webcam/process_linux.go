package webcam

import "syscall"

// endsWithParent starts a process in a group of its own that gets SIGTERM when its parent ends.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
