//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// result is what the machine needed while something ran.
type result struct {
	wall time.Duration
	// memory is how much less was available than before, at most, in bytes.
	memory int64
	// runnable is the most processes and threads that ran or waited for a processor.
	runnable int64
}

// interval is how often the kernel is asked.
const interval = 20 * time.Millisecond

// watch runs something and returns what the whole machine needed meanwhile.
func watch(do func() error) (result, error) {
	before, err := kernel("/proc/meminfo", "MemAvailable:")
	if err != nil {
		return result{}, err
	}
	begin, done := time.Now(), make(chan error, 1)
	go func() { done <- do() }()
	var r result
	for {
		available, err := kernel("/proc/meminfo", "MemAvailable:")
		if err != nil {
			return r, err
		}
		running, err := kernel("/proc/stat", "procs_running")
		if err != nil {
			return r, err
		}
		r.memory, r.runnable = max(r.memory, (before-available)<<10), max(r.runnable, running)
		select {
		case err := <-done:
			r.wall = time.Since(begin)
			return r, err
		case <-time.After(interval):
		}
	}
}

// kernel returns a number that the kernel tells under a name, in its own unit: KiB of memory, or processes.
func kernel(file, name string) (int64, error) {
	dt, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(dt)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s does not have %s", file, name)
}
