//go:build !linux

package pylocal

import "syscall"

// confinements lists what to try to start Python in. Where there is no Linux,
// the runner's audit hook and limits have to do.
func confinements() []*syscall.SysProcAttr { return []*syscall.SysProcAttr{{Setpgid: true}} }
