//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit = 60 * time.Second // for a daemon to answer; generous because CI machines are small
	stopGrace  = 10 * time.Second // between asking a daemon to stop and killing it
	pollEvery  = 20 * time.Millisecond
)

// rootVariable marks every process the harness starts, and so what those start, as belonging to one Env. That is how
// leftovers that detached themselves (container shims) are found without ever guessing by name.
const rootVariable = "JETKIT_HARNESS_ROOT"

// process is a daemon under supervision, with its output in a log file.
type process struct {
	name    string
	logPath string
	pid     int
	exited  chan struct{} // closed once the process has been waited for
	waitErr error         // valid after exited
	ending  sync.Once     // whatever asks for the end first gets it; later, the pid may be somebody else's
}

// startProcess starts a daemon in a process group of its own, so that a terminal's Ctrl-C reaches only us and we stop
// it in order. Should we die without stopping it, the kernel asks it to stop.
func (e *Env) startProcess(name string, argv, env []string) (*process, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("the harness is closed")
	}
	p := &process{name: name, logPath: filepath.Join(e.Root, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.logPath)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = e.Root
	cmd.Env = append(append(e.environment(), "TMPDIR="+e.tempDir()), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.supervise(cmd, log); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	e.processes = append(e.processes, p)
	return p, nil
}

// supervise starts the command and waits for it on one locked thread: the kernel sends Pdeathsig when the thread that
// started the process ends, so that thread must live as long as the process does.
func (p *process) supervise(cmd *exec.Cmd, log *os.File) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.waitErr = cmd.Wait()
			close(p.exited)
		}
	}()
	return <-started
}

// waitReady polls probe until it succeeds. It fails with the end of the daemon's log when the daemon exits, the context
// ends, or startLimit passes.
func (p *process) waitReady(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s exited while starting: %w\n%s", p.name, p.waitErr, p.logTail())
		case <-ctx.Done():
			return fmt.Errorf("%s did not get ready: %w (last answer: %w)\n%s", p.name, ctx.Err(), err, p.logTail())
		case <-time.After(pollEvery):
		}
	}
}

// stop asks the daemon to end and, when it does not in time, kills its process group.
func (p *process) stop() {
	p.ending.Do(func() {
		_ = syscall.Kill(p.pid, syscall.SIGTERM) // an error means it is gone
		select {
		case <-p.exited:
		case <-time.After(stopGrace):
		}
		_ = syscall.Kill(-p.pid, syscall.SIGKILL) // also what it left in its group
		<-p.exited
	})
}

// kill ends the daemon's own process without warning, and leaves what it started alone.
func (p *process) kill() {
	p.ending.Do(func() {
		_ = syscall.Kill(p.pid, syscall.SIGKILL) // an error means it is gone
		<-p.exited
	})
}

func (p *process) log() string {
	content, err := os.ReadFile(p.logPath)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	return string(content)
}

func (p *process) logTail() string {
	const lines = 30
	return fmt.Sprintf("--- end of %s ---\n%s", filepath.Base(p.logPath), lastLines(p.log(), lines))
}
