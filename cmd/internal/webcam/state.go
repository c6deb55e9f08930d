package webcam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jetkit/cmd/internal/outfile"
)

// process is a process of this machine. Numbers are used again: the time of its start, in the kernel's own count, tells
// two of the same number apart.
type process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

// state is what has to be undone. It is written before the module is loaded, and again after each pipeline's start.
type state struct {
	// Boot is the kernel's name of this boot: after another one nothing of it is there any more.
	Boot      string    `json:"boot"`
	Owner     process   `json:"owner"`
	Pipelines []process `json:"pipelines"`
}

func stateFile(folder string) string { return filepath.Join(folder, "csi2webcam.json") }

// thisBoot returns the kernel's name of this boot.
func thisBoot() string {
	dt, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // empty elsewhere, then as good as any
	return strings.TrimSpace(string(dt))
}

// startOf returns when a process was started; empty if there is none of that number.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the 22nd field, counted from the program's name, which
// may have spaces and brackets.
func startOf(pid int) string {
	dt, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := bytes.Fields(dt[bytes.LastIndexByte(dt, ')')+1:])
	if len(fields) < 20 || string(fields[0]) == "Z" { // it has ended, and its parent has not noticed
		return ""
	}
	return string(fields[19])
}

func (p process) runs() bool { return p.Start != "" && startOf(p.PID) == p.Start }

// save notes what has to be undone.
func (w *Webcams) save() error {
	s := state{Boot: thisBoot(), Owner: process{os.Getpid(), startOf(os.Getpid())}}
	for _, p := range w.started {
		s.Pipelines = append(s.Pipelines, p.process)
	}
	dt, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err = os.MkdirAll(w.setup.State, 0o700); err == nil {
		err = outfile.Keep(stateFile(w.setup.State), 0o600, dt)
	}
	if err != nil {
		return fmt.Errorf("noting what has to be undone: %w", err)
	}
	return nil
}

// left reads what another start has to undo, or should have. It is nil if there is nothing.
func left(folder string) (*state, error) {
	dt, err := os.ReadFile(stateFile(folder))
	if errors.Is(err, fs.ErrNotExist) || folder == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s state
	if err := json.Unmarshal(dt, &s); err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file, and unload the module yourself: sudo modprobe -r %s", stateFile(folder), err, module)
	}
	return &s, nil
}

// abandoned reports whether the module was loaded by a start that could not undo it.
func (w *Webcams) abandoned() bool {
	s, err := left(w.setup.State)
	return err == nil && s != nil && s.Boot == thisBoot() && !s.Owner.runs()
}

// Recover undoes what a start of this user's left behind that was killed: it ends its pipelines and unloads the module.
// It reports whether there was something.
func Recover(ctx context.Context, setup Setup) (bool, error) {
	s, err := left(setup.State)
	if err != nil || s == nil || s.Owner.runs() {
		return false, err
	}
	w := &Webcams{setup: setup}
	if s.Boot == thisBoot() {
		for _, p := range s.Pipelines {
			end(p)
		}
		if err := w.removeModule(ctx); err != nil {
			return true, fmt.Errorf("undoing the webcams of a start that was killed: %w", err)
		}
	}
	return true, os.Remove(stateFile(setup.State))
}

// end ends a process that is no child of ours, if it still runs.
func end(p process) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for range 20 {
			if !p.runs() {
				return
			}
			_ = syscall.Kill(p.PID, s) // it may have ended just now
			time.Sleep(pause)
		}
	}
}

// pause is the time between two looks at something that takes a moment.
const pause = 100 * time.Millisecond

// removeModule unloads the module. Its devices may be in use for a moment after the last pipeline has ended.
func (w *Webcams) removeModule(ctx context.Context) error {
	var out []byte
	var err error
	for range 30 {
		if !w.loaded() {
			return nil
		}
		command := w.unload()
		if out, err = exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err == nil {
			return nil
		}
		time.Sleep(pause)
	}
	return fmt.Errorf("%s: %w: %s", strings.Join(w.unload(), " "), err, bytes.TrimSpace(out))
}
