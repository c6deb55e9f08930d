//go:build linux

package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// removeTraces clears away what daemons leave when they end badly, in the order in which one thing keeps the next
// busy: containers, processes, mounts, cgroups, files.
func (e *Env) removeTraces() error {
	return errors.Join(
		e.deleteContainers(),
		e.killLeftovers(),
		e.unmountLeftovers(),
		e.removeCgroups(),
		e.removeFiles(),
		e.removeHostPaths(),
	)
}

// removeFiles removes the Env's folder: first, on all cores, the folders deep in it, which is where daemons keep the
// hundred thousand files of their snapshots. It follows no link.
func (e *Env) removeFiles() error {
	const depth = 6 // NAME/state/runc-overlayfs/snapshots/snapshots/NUMBER
	folders := make(chan string)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for folder := range folders {
				_ = os.RemoveAll(folder) // what fails is still there, and is told of below
			}
		})
	}
	top := strings.Count(e.Root, "/")
	_ = filepath.WalkDir(e.Root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.Count(path, "/")-top >= depth {
			folders <- path
			return fs.SkipDir
		}
		return nil // what cannot be read is told of below too
	})
	close(folders)
	workers.Wait()
	return os.RemoveAll(e.Root)
}

// hostPaths are made by dockerd, containerd and runc whatever they are told, innermost first.
var hostPaths = []string{
	"/etc/docker/key.json", "/etc/docker",
	"/opt/containerd/bin", "/opt/containerd/lib", "/opt/containerd",
	"/run/containerd/s", "/run/containerd",
	"/run/docker/plugins", "/run/docker",
	runcState,
}

func absentHostPaths() []string {
	return slices.DeleteFunc(slices.Clone(hostPaths), func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// removeHostPaths leaves folders that somebody else has put something in meanwhile.
func (e *Env) removeHostPaths() error {
	var failures []error
	for _, path := range e.absent {
		err := os.Remove(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// runcState is where runc, run as root, keeps its containers' states, whoever runs it.
const runcState = "/run/runc"

// deleteContainers deletes the runc containers whose bundle lies in the Env's folder.
func (e *Env) deleteContainers() error {
	states, err := filepath.Glob(filepath.Join(runcState, "*", "state.json"))
	if err != nil {
		return err
	}
	var failures []error
	for _, state := range states {
		content, err := os.ReadFile(state)
		if err != nil || !bytes.Contains(content, []byte(e.Root+"/")) {
			continue // gone meanwhile, or somebody else's
		}
		id := filepath.Base(filepath.Dir(state))
		if out, err := exec.Command("runc", "delete", "--force", id).CombinedOutput(); err != nil {
			failures = append(failures, fmt.Errorf("delete container %s: %w: %s", id, err, out))
		}
	}
	return errors.Join(failures...)
}

// killLeftovers kills what still runs of this Env: processes in its cgroups (steps and containers) and processes that
// carry its mark in their environment (shims, runtimes).
func (e *Env) killLeftovers() error {
	deadline := time.Now().Add(stopGrace)
	for {
		left := append(e.processesInCgroups(), e.markedProcesses()...)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not end", left)
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // an error means it is gone
		}
		time.Sleep(pollEvery)
	}
}

// killContainers kills what runs in steps and containers now.
func (e *Env) killContainers() {
	for _, pid := range e.processesInCgroups() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // an error means it is gone
	}
}

func (e *Env) processesInCgroups() []int {
	var pids []int
	for _, dir := range e.cgroupDirs() {
		content, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			continue // removed meanwhile
		}
		for field := range strings.FieldsSeq(string(content)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func (e *Env) markedProcesses() []int {
	mark := []byte(rootVariable + "=" + e.Root + "\x00")
	environs, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is valid
	var pids []int
	for _, path := range environs {
		content, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(content, mark) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != os.Getpid() && !isZombie(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isZombie reports whether a process has ended and merely waits for its parent to look.
func isZombie(pid int) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(content, []byte(") "))
	return bytes.HasPrefix(rest, []byte("Z"))
}

// cgroupDirs are the Env's cgroups in every hierarchy (version 1 has many, version 2 one), innermost first.
func (e *Env) cgroupDirs() []string {
	tops, _ := filepath.Glob("/sys/fs/cgroup/" + e.cgroup) // the patterns are valid
	perController, _ := filepath.Glob("/sys/fs/cgroup/*/" + e.cgroup)
	var dirs []string
	for _, top := range append(tops, perController...) {
		_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // cgroups vanish while one looks
		})
	}
	slices.Reverse(dirs)
	return dirs
}

func (e *Env) removeCgroups() error {
	var failures []error
	for _, dir := range e.cgroupDirs() {
		if err := removeCgroup(dir); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// removeCgroup retries, because a cgroup stays busy for a moment after its last process was killed.
func removeCgroup(dir string) error {
	deadline := time.Now().Add(stopGrace)
	for {
		err := syscall.Rmdir(dir)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
		time.Sleep(pollEvery)
	}
}

// unmountLeftovers unmounts, innermost first, what is mounted below the Env's folder.
func (e *Env) unmountLeftovers() error {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		const mountPoint = 4
		if len(fields) > mountPoint && strings.HasPrefix(fields[mountPoint], e.Root+"/") {
			points = append(points, fields[mountPoint])
		}
	}
	slices.Reverse(points) // the kernel lists them in mount order
	var failures []error
	for _, point := range points {
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil {
			failures = append(failures, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(failures...)
}
