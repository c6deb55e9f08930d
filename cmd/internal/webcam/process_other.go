//go:build !linux

package webcam

import "syscall"

// endsWithParent starts a process in a group of its own.
func endsWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
