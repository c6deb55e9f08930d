package builder

import "syscall"

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
