//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"jetkit/integration/harness"
)

// usage reads what the kernel counts of a builder's process.
type usage struct{ dir string }

// usageOf finds a daemon's process by the configuration that it was started with.
func usageOf(d *harness.Daemon) (*usage, error) {
	config := filepath.Join(filepath.Dir(strings.TrimPrefix(d.Addr, "unix://")), "buildkitd.toml")
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	for _, file := range lines {
		dt, err := os.ReadFile(file)
		if err == nil && bytes.Contains(dt, []byte("\x00"+config+"\x00")) {
			return &usage{filepath.Dir(file)}, nil
		}
	}
	return nil, fmt.Errorf("no process has the configuration %s", config)
}

// ticks is what the kernel counts processor time in, on all architectures of today.
const ticks = time.Second / 100

// cpu is the processor time of the builder and of the processes that it waited for: steps, and what runs them.
func (u *usage) cpu() (time.Duration, error) {
	dt, err := os.ReadFile(filepath.Join(u.dir, "stat"))
	if err != nil {
		return 0, err
	}
	// Behind the name, which may hold anything, the times are the 12th to the 15th field: proc_pid_stat(5).
	fields := strings.Fields(string(dt[bytes.LastIndexByte(dt, ')')+1:]))
	var sum time.Duration
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * ticks
	}
	return sum, nil
}

// peak is the most memory that the builder's process had, in bytes.
func (u *usage) peak() (int64, error) {
	dt, err := os.ReadFile(filepath.Join(u.dir, "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(dt)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("%s/status has no VmHWM", u.dir)
}
