//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Dockerd is a private Docker engine without networks of its own: containers use the host's or none.
type Dockerd struct {
	// Host is the engine's address, for DOCKER_HOST.
	Host string

	env     *Env
	process *process
}

// DockerRun is one call of the docker CLI.
type DockerRun struct {
	Dir   string
	Args  []string // the subcommand and what follows
	Env   []string // added to the environment, "NAME=value"
	Stdin io.Reader
	Live  io.Writer // when set, gets stdout and stderr while the command runs
}

// DockerdOptions are how a further engine differs from the shared one.
type DockerdOptions struct {
	// ConfigFile is its daemon.json; empty is one without settings.
	ConfigFile string
	// Programs is a folder that is looked into before PATH, for runtimes.
	Programs string
}

// Dockerd starts a Docker engine the first time it is called. It is for what BuildKit alone cannot show: running an
// image with "docker run", and building with the legacy builder (Env "DOCKER_BUILDKIT=0", "--network=host").
func (e *Env) Dockerd(ctx context.Context) (*Dockerd, error) {
	return e.dockerd.do(func() (*Dockerd, error) {
		defer e.timed("dockerd ready")()
		return e.StartDockerd(ctx, "dockerd", DockerdOptions{})
	})
}

// StartDockerd starts a further Docker engine. It ends with the Env, or by Stop.
func (e *Env) StartDockerd(ctx context.Context, name string, o DockerdOptions) (*Dockerd, error) {
	if _, err := exec.LookPath("dockerd"); err != nil {
		return nil, errors.New("missing dockerd: run integration/setup.sh (make setup)")
	}
	root := filepath.Join(e.Root, name)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	config := o.ConfigFile
	if config == "" {
		config = filepath.Join(root, "daemon.json")
		if err := os.WriteFile(config, []byte("{}\n"), 0o644); err != nil {
			return nil, err
		}
	}
	d := &Dockerd{env: e, Host: "unix://" + filepath.Join(root, "docker.sock")}
	var environment []string
	if o.Programs != "" {
		environment = []string{"PATH=" + o.Programs + ":" + os.Getenv("PATH")}
	}
	p, err := e.startProcess(name, e.dockerdCommand(root, config, d.Host), environment)
	if err != nil {
		return nil, err
	}
	d.process = p
	return d, p.waitReady(ctx, func(ctx context.Context) error {
		return d.Docker(ctx, DockerRun{Args: []string{"version", "--format", "{{.Server.Version}}"}}).Err()
	})
}

// Reload has the engine read its daemon.json again, as "systemctl reload docker" does.
func (d *Dockerd) Reload() error { return syscall.Kill(d.process.pid, syscall.SIGHUP) }

// Stop ends the engine.
func (d *Dockerd) Stop() { d.process.stop() }

// dockerdCommand moves everything dockerd writes below root and keeps it from touching the host's network settings.
func (e *Env) dockerdCommand(root, config, host string) []string {
	return []string{
		"dockerd",
		"--config-file", config,
		"--host", host,
		"--data-root", filepath.Join(root, "data"),
		"--exec-root", filepath.Join(root, "exec"),
		"--pidfile", filepath.Join(root, "dockerd.pid"),
		"--exec-opt", "native.cgroupdriver=cgroupfs",
		"--cgroup-parent", "/" + e.cgroup,
		"--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
		"--userland-proxy=false",
		"--insecure-registry", "127.0.0.0/8",
		"--shutdown-timeout", "1",
	}
}

// Docker runs "docker ARGS" against this engine.
func (d *Dockerd) Docker(ctx context.Context, run DockerRun) Result {
	return d.env.run(ctx, command{
		argv:  append([]string{"docker"}, run.Args...),
		dir:   run.Dir,
		env:   append([]string{"DOCKER_HOST=" + d.Host}, run.Env...),
		stdin: run.Stdin,
		live:  run.Live,
	})
}

// RunImage pulls an image from the Env's registry and runs it as "docker run --rm --network host REF ARGS". The result
// is the container's; an error means it did not come to that.
func (e *Env) RunImage(ctx context.Context, ref string, args ...string) (Result, error) {
	d, err := e.Dockerd(ctx)
	if err != nil {
		return Result{}, err
	}
	pull := d.Docker(ctx, DockerRun{Args: []string{"pull", "--quiet", ref}})
	if err := pull.Err(); err != nil {
		return pull, fmt.Errorf("pull %s: %w", ref, err)
	}
	return d.Docker(ctx, DockerRun{Args: append([]string{"run", "--rm", "--network", "host", ref}, args...)}), nil
}
