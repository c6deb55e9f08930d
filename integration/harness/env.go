//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// Options say where an Env lives and what its first daemon is like. The zero value is good for tests.
type Options struct {
	// Repo is the root of the jetkit checkout. Empty means: the nearest folder above the working directory that
	// holds jetkit's go.mod.
	Repo string
	// TempDir is where the Env's folder is made. Empty means /var/tmp, because /tmp may be a small tmpfs.
	TempDir string
	// Daemon configures the first buildkitd.
	Daemon DaemonOptions
	// Logf, when set, is told what the Env does and how long it took.
	Logf func(format string, args ...any)
}

// Env is a running registry and buildkitd with a docker CLI set up to use them. Its methods may be called from several
// goroutines at once.
type Env struct {
	// Root is the Env's folder. Close removes it.
	Root string
	// Registry is the registry's "127.0.0.1:port". It speaks plain HTTP.
	Registry string
	// Daemon is the buildkitd that Start started.
	Daemon *Daemon

	repo   string
	logf   func(format string, args ...any)
	cgroup string   // what this Env's containers run below, relative to the cgroup root
	disown func()   // gives up the lock on Root
	absent []string // host paths that the daemons make and that were not there before

	mu        sync.Mutex
	processes []*process // in start order; Close stops them last first
	daemons   map[string]*Daemon
	closed    bool

	base      once[string]
	foreign   once[string]
	index     once[string]
	frontend  once[string]
	dockerd   once[*Dockerd]
	jetkit    once[string]
	emulation once[func() error] // holds what undoes it
}

// Start brings up a registry and one buildkitd and makes its builder known to buildx. The context bounds the start only:
// what runs afterwards runs until Close. When Start fails, nothing is left behind.
func Start(ctx context.Context, opts Options) (*Env, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("the harness runs buildkitd, which needs root here: run it as root or with sudo -E")
	}
	env, err := newEnv(opts)
	if err != nil {
		return nil, err
	}
	if err := env.start(ctx, opts); err != nil {
		return nil, errors.Join(err, env.Close())
	}
	return env, nil
}

func newEnv(opts Options) (*Env, error) {
	repo := opts.Repo
	if repo == "" {
		found, err := findRepo()
		if err != nil {
			return nil, err
		}
		repo = found
	}
	parent := opts.TempDir
	if parent == "" {
		parent = "/var/tmp"
	}
	logf := opts.Logf
	if logf == nil {
		logf = func(string, ...any) {}
	}
	if err := removeStale(parent, logf); err != nil {
		return nil, fmt.Errorf("remove what a killed run left: %w", err)
	}
	root, err := os.MkdirTemp(parent, rootPattern)
	if err != nil {
		return nil, err
	}
	return &Env{
		Root:    root,
		repo:    repo,
		logf:    logf,
		cgroup:  cgroupOf(root),
		disown:  func() {},
		absent:  absentHostPaths(),
		daemons: map[string]*Daemon{},
	}, nil
}

// maxRootLength leaves room for the longest socket path below the root within the kernel's 107 bytes.
const maxRootLength = 50

func (e *Env) start(ctx context.Context, opts Options) error {
	if len(e.Root) > maxRootLength {
		return fmt.Errorf("%s is too long for the unix sockets below it (limit %d): choose a shorter TempDir",
			e.Root, maxRootLength)
	}
	if err := e.own(); err != nil {
		return err
	}
	if err := e.checkTools(); err != nil {
		return err
	}
	if err := e.makeFolders(); err != nil {
		return err
	}
	if err := e.startRegistry(ctx); err != nil {
		return err
	}
	daemon, err := e.StartDaemon(ctx, "main", opts.Daemon)
	if err != nil {
		return err
	}
	e.Daemon = daemon
	return nil
}

// Ref names an image in the Env's registry: Ref("app:1") is "127.0.0.1:port/app:1".
func (e *Env) Ref(nameAndTag string) string { return e.Registry + "/" + nameAndTag }

// Close stops everything the Env started, last started first, and removes every trace: containers, mounts, cgroups
// and the folder. It reports what it could not remove. Closing twice is fine.
func (e *Env) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	processes := e.processes
	e.mu.Unlock()

	defer e.timed("stopped everything")()
	defer e.disown()
	// Nobody waits for a step or a container any more, but daemons would before they end.
	e.killContainers()
	for _, p := range slices.Backward(processes) {
		e.stop(p)
	}
	return errors.Join(e.removeTraces(), e.stopEmulation())
}

func (e *Env) stop(p *process) {
	defer e.timed("stopped " + p.name)()
	p.stop()
}

// timed is for `defer e.timed("did x")()`.
func (e *Env) timed(what string) func() {
	start := time.Now()
	return func() { e.logf("harness: %s (%.1fs)", what, time.Since(start).Seconds()) }
}

// once runs a costly step the first time it is asked for and remembers its result; a failure is not remembered.
type once[T any] struct {
	mu    sync.Mutex
	done  bool
	value T
}

func (o *once[T]) do(step func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return o.value, nil
	}
	value, err := step()
	if err != nil {
		return value, err
	}
	o.value, o.done = value, true
	return value, nil
}
