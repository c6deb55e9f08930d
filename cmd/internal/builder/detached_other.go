//go:build !linux

package builder

import "syscall"

func detached(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func keepFiles() {}
