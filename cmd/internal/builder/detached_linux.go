package builder

import (
	"os"
	"strconv"
	"syscall"
)

// detached makes the daemon a process that lives on after this one: in a session
// of its own and, for root, in namespaces of its own, in which the kernel ends
// everything when the daemon ends.
func detached(root bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if root {
		attr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	}
	return attr
}

// keepFiles keeps open files that this process inherited, such as a shell's lock or
// the end of a pipe, from the daemon: whoever waits for them would wait for its end.
func keepFiles() {
	entries, _ := os.ReadDir("/proc/self/fd") // without it, the daemon inherits them
	const standard = 2
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > standard {
			syscall.CloseOnExec(fd)
		}
	}
}
