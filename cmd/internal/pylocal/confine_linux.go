package pylocal

import (
	"os"
	"syscall"
)

// confinements lists what to try to start Python in, best first: without the
// network, and never longer than this program lives.
func confinements() []*syscall.SysProcAttr {
	plain := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	apart := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNET}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		apart.Cloneflags |= syscall.CLONE_NEWUSER
		apart.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		apart.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	}
	return []*syscall.SysProcAttr{apart, plain}
}
