//go:build linux

package harness

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// rootPattern names the Envs' folders, each of which holds a file that its process has locked for as long as it lives.
const (
	rootPattern = "jk-*"
	ownerLock   = "owner.lock"
)

// own locks the Env's folder. The kernel gives the lock up when this process ends, however it ends. The file gets its
// name once it is locked: without a lock it would pass for a dead run's.
func (e *Env) own() error {
	path := filepath.Join(e.Root, ownerLock)
	unlock, err := lockFile(path+".new", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	e.disown = unlock
	return os.Rename(path+".new", path)
}

// removeStale clears away what Envs of killed processes left in parent: daemons have ended by themselves then, but
// folders, mounts and containers remain. Envs in use are locked; one that is just being made has no lock file yet.
func removeStale(parent string, logf func(string, ...any)) error {
	roots, err := filepath.Glob(filepath.Join(parent, rootPattern))
	if err != nil {
		return err
	}
	var failures []error
	for _, root := range roots {
		lock := filepath.Join(root, ownerLock)
		if _, err := os.Stat(lock); err != nil {
			continue
		}
		unlock, err := lockFile(lock, syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // in use
		}
		logf("harness: removing %s of a run that was killed", root)
		left := &Env{Root: root, cgroup: cgroupOf(root)}
		failures = append(failures, left.removeTraces())
		unlock()
	}
	return errors.Join(append(failures, removeStaleEmulation())...)
}

func cgroupOf(root string) string { return "jetkit-" + filepath.Base(root) }

// lockFile takes a lock among processes (how: syscall.LOCK_EX, with LOCK_NB to fail rather than wait), which also ends
// when we do.
func lockFile(path string, how int) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
