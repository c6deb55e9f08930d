package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"

	"jetkit/cmd/internal/outfile"
)

// Limits of the private daemon's life.
const (
	startLimit = 30 * time.Second
	// stopLimit is for a daemon to end in order. One that builds waits for the build,
	// and is killed; its cache is made for that.
	stopLimit = 3 * time.Second
	// giveUpLimit is for a daemon that never answered.
	giveUpLimit = time.Second
	killLimit   = 30 * time.Second
	pollEvery   = 20 * time.Millisecond
	maxLog      = 8 << 20
)

// daemon is the private builder.
type daemon struct {
	opts  Options
	uid   int
	paths Paths
	group string
}

// private is the daemon of whoever runs this: root's own, where this user may
// use it, else the user's.
func private(opts Options) (*daemon, error) {
	uid := os.Geteuid()
	if uid != 0 && opts.Env.Get("JETKIT_BUILDER_DIR") == "" {
		roots, err := PathsOf(opts.Env, 0)
		const write = 2
		if err == nil && syscall.Access(roots.Socket, write) == nil {
			return &daemon{opts: opts, paths: roots}, nil
		}
	}
	paths, err := PathsOf(opts.Env, uid)
	return &daemon{opts: opts, uid: uid, paths: paths}, err
}

// record is the file that names the daemon's process.
type record struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// address is the daemon's argument by which its process is known again: a process
// that got its number later has another.
func (d *daemon) address() string { return "--addr=unix://" + d.paths.Socket }

// process returns the daemon's process, nil when there is none. The record says
// which it is; where that is missing or wrong, a look at all processes does.
func (d *daemon) process() *record {
	var r record
	text, err := os.ReadFile(d.paths.PID)
	if err == nil && json.Unmarshal(text, &r) == nil && d.isOurs(r.PID) {
		return &r
	}
	entries, _ := os.ReadDir("/proc") // without it there is no process to see
	for _, e := range entries {
		var pid int
		if _, err := fmt.Sscanf(e.Name(), "%d", &pid); err == nil && d.isOurs(pid) && !d.isOurs(parentOf(pid)) {
			info, err := e.Info()
			if err == nil {
				return &record{PID: pid, Started: info.ModTime()}
			}
		}
	}
	return nil
}

func (d *daemon) isOurs(pid int) bool {
	if pid <= 0 {
		return false
	}
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && slices.Contains(strings.Split(string(args), "\x00"), d.address())
}

// stat returns a process's state and its parent's number: nothing where there is no
// such process.
func stat(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	// "PID (NAME) STATE PARENT": the name may hold anything.
	rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
	if _, err := fmt.Sscan(rest, &state, &parent); err != nil {
		return "", 0
	}
	return state, parent
}

func parentOf(pid int) int {
	_, parent := stat(pid)
	return parent
}

// ended reports whether a process is no more. One with a PID namespace of its own
// is there until all processes in it have ended, though its command line is not.
func ended(pid int) bool {
	state, _ := stat(pid)
	return state == "" || state == "Z" || state == "X"
}

// running returns the daemon's process and an error unless it answers.
func (d *daemon) running(ctx context.Context) (*record, error) {
	r := d.process()
	if r == nil && d.uid == os.Geteuid() {
		return nil, ErrStopped
	}
	return r, d.answers(ctx)
}

// answers fails unless the daemon can build.
func (d *daemon) answers(ctx context.Context) error {
	if _, err := os.Stat(d.paths.Socket); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := client.New(ctx, "unix://"+d.paths.Socket)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_, err = ask(ctx, c)
	return err
}

// lock makes sure that one process at a time starts or stops the daemon.
func (d *daemon) lock(ctx context.Context) (*flock.Flock, error) {
	for _, dir := range []string{filepath.Dir(d.paths.Lock), filepath.Dir(d.paths.Log)} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, err
		}
	}
	l := flock.New(d.paths.Lock)
	_, err := l.TryLockContext(ctx, pollEvery)
	if err != nil {
		return nil, fmt.Errorf("another jetkit starts or stops the builder: %w", err)
	}
	return l, nil
}

// start starts the daemon and waits until it can build. It reports whether it had
// to: another jetkit may have done it.
func (d *daemon) start(ctx context.Context) (bool, error) {
	argv, err := d.command(ctx)
	if err != nil {
		return false, err
	}
	l, err := d.lock(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = l.Unlock() }()
	if r := d.process(); r != nil {
		return false, d.await(ctx, nil, 0)
	}
	if err := d.prepare(); err != nil {
		return false, err
	}
	log, err := openLog(d.paths.Log)
	if err != nil {
		return false, err
	}
	defer log.Close()
	from, err := log.Seek(0, 2)
	if err != nil {
		return false, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = "/", daemonEnvironment(os.Environ()), log, log
	cmd.SysProcAttr = detached(d.uid == 0)
	keepFiles()
	if err := cmd.Start(); err != nil {
		return false, startError(err)
	}
	if err := writeRecord(d.paths.PID, record{PID: cmd.Process.Pid, Started: time.Now()}); err != nil {
		return false, errors.Join(err, cmd.Process.Kill())
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	if err := d.await(ctx, exited, from); err != nil {
		return false, errors.Join(err, d.end(giveUpLimit))
	}
	return true, nil
}

// prepare clears away what a daemon that was killed left, and writes the
// configuration.
func (d *daemon) prepare() error {
	if err := d.clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.paths.Root, 0o711); err != nil {
		return err
	}
	return os.WriteFile(d.paths.Config, []byte(config(d.opts.Machine, d.customConfig())), 0o644)
}

// await waits until the daemon can build. Exited tells that it ended; its log from
// an offset on says why.
func (d *daemon) await(ctx context.Context, exited <-chan error, from int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("it was not ready within %s", startLimit))
	defer cancel()
	for {
		last := d.answers(ctx)
		if last == nil {
			return nil
		}
		select {
		case err := <-exited:
			return d.failure(fmt.Sprintf("it ended while starting (%v)", err), from)
		case <-ctx.Done():
			return d.failure(fmt.Sprintf("%v: %v", context.Cause(ctx), last), from)
		case <-time.After(pollEvery):
		}
		if exited == nil && d.process() == nil {
			return d.failure("it ended while starting", from)
		}
	}
}

// failure is an error with the end of the daemon's log.
func (d *daemon) failure(what string, from int64) error {
	text, err := os.ReadFile(d.paths.Log)
	if err != nil || int64(len(text)) < from {
		return fmt.Errorf("%s; its log is %s", what, d.paths.Log)
	}
	return &startFailure{fmt.Sprintf("%s; its log, %s, ends:\n%s", what, d.paths.Log, lastLines(string(text[from:])))}
}

// startFailure is an error that ends with lines of a log.
type startFailure struct{ text string }

func (e *startFailure) Error() string { return e.text }

// MultiLine tells that the text has several lines.
func (e *startFailure) MultiLine() {}

// stop ends the daemon and waits for it, and reports whether there was one.
func (d *daemon) stop(ctx context.Context) (bool, error) {
	if _, err := os.Stat(filepath.Dir(d.paths.Lock)); errors.Is(err, fs.ErrNotExist) {
		return false, nil // it was never started
	}
	if d.uid != os.Geteuid() {
		return false, fmt.Errorf("the private builder at %s belongs to root: sudo jetkit builder stop", d.paths.Socket)
	}
	l, err := d.lock(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = l.Unlock() }()
	found := d.process() != nil
	return found, d.end(stopLimit)
}

// end asks the daemon to end, kills it when it does not in time, and removes what
// tells of it. Its steps and mounts end with it: see detached.
func (d *daemon) end(limit time.Duration) error {
	signal := syscall.SIGTERM
	deadline := time.Now().Add(limit)
	for r := d.process(); r != nil; r = d.process() {
		p, err := os.FindProcess(r.PID) // holds on to this very process, on kernels that can
		if err != nil {
			return err
		}
		if d.isOurs(r.PID) {
			if err := p.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("end buildkitd, process %d: %w", r.PID, err)
			}
		}
		for !ended(r.PID) && time.Now().Before(deadline) {
			time.Sleep(pollEvery)
		}
		if signal == syscall.SIGKILL && !ended(r.PID) {
			return fmt.Errorf("buildkitd, process %d, does not end", r.PID)
		}
		signal, deadline = syscall.SIGKILL, time.Now().Add(killLimit)
	}
	return d.clear()
}

// clear removes the files that a daemon has while it runs.
func (d *daemon) clear() error {
	for _, left := range []string{d.paths.Socket, d.paths.PID, d.traces()} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.RemoveAll(d.paths.rootlessKit())
}

// traces is the socket on which steps hand in their traces.
func (d *daemon) traces() string { return filepath.Join(filepath.Dir(d.paths.Socket), "otel.sock") }

func writeRecord(path string, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return outfile.Keep(path, 0o644, text)
}

// openLog opens the log for appending; a large one makes room first.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

// daemonVariables are those that a daemon may need. Nothing else is handed on:
// it outlives the command, whose environment may hold secrets.
var (
	daemonVariables = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "NO_PROXY", "no_proxy", "GODEBUG", "GOMAXPROCS"}
	daemonPrefixes  = []string{"XDG_", "SSL_CERT_", "BUILDKIT", "CONTAINERD_", "CNI_", "ROOTLESSKIT_", "JETKIT_"}
	// logLimits are buildkitd's limits for the output of a step: 2 MiB and 200 KiB/s if
	// nobody sets them. A log of a long build shall be whole.
	logLimits = []string{"BUILDKIT_STEP_LOG_MAX_SIZE", "BUILDKIT_STEP_LOG_MAX_SPEED"}
)

func daemonEnvironment(all []string) []string {
	var kept []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(daemonVariables, name) || strings.HasSuffix(strings.ToUpper(name), "_PROXY") ||
			slices.ContainsFunc(daemonPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			kept = append(kept, variable)
		}
	}
	for _, limit := range logLimits {
		if !slices.ContainsFunc(kept, func(variable string) bool { return strings.HasPrefix(variable, limit+"=") }) {
			kept = append(kept, limit+"=-1")
		}
	}
	return kept
}
