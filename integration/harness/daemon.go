//go:build linux

package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"syscall"
)

// DaemonOptions configure one buildkitd.
type DaemonOptions struct {
	// Program is the tool that runs, or its absolute path. Empty means "buildkitd"; "buildkitd-previous" is the minor version
	// before.
	Program string
	// Wrapper is a command that runs the daemon's: what comes before it on the command line.
	Wrapper []string
	// Flags are further flags of the daemon's. They win over buildkitd.toml.
	Flags []string
	// Owner is the user that the daemon's folder belongs to, for a wrapper that gives up root. Zero means root.
	Owner int
	// Containerd is the address of a containerd that keeps images and runs the steps. Empty means that runc runs them.
	Containerd string
	// RuntimeBinary is the OCI runtime that runs the steps. Empty means runc.
	RuntimeBinary string
	// Labels are worker labels, which a frontend can read.
	Labels map[string]string
	// MaxParallelism limits how many steps run at once. Zero means no limit.
	MaxParallelism int
	// DisableCDI makes a builder without devices.
	DisableCDI bool
	// NoEntitlements makes a builder that allows no build network.host, security.insecure or device.
	NoEntitlements bool
	// WorkerConfig is appended to the worker's table of buildkitd.toml as it is.
	WorkerConfig string
	// TLS has the builder reach the daemon by TCP, which lets in nobody without a certificate. The unix socket is there
	// as ever, for the harness and for builds in process.
	TLS bool
	// DiskMiB is the size of a file system of the daemon's own, in memory, for all that it keeps. Zero means the host's.
	DiskMiB int
	// ExtraConfig is appended to buildkitd.toml as it is; it starts at the top of no table, so open one.
	ExtraConfig string
}

// Daemon is one buildkitd with its buildx builder.
type Daemon struct {
	// Builder is the name buildx knows the daemon by.
	Builder string
	// Addr is the daemon's address, "unix:///...".
	Addr string
	// TCPAddr is the address "tcp://127.0.0.1:port" of a daemon with TLS, and Certificates what opens it.
	TCPAddr      string
	Certificates *Certificates
	// CDISpecDir is watched by this daemon, and by no other, for CDI device specifications.
	CDISpecDir string

	env  *Env
	name string
	argv []string

	mu      sync.Mutex
	process *process
}

// StartDaemon starts a further buildkitd, with nothing in its cache, and registers it as the buildx builder
// "jetkit-NAME".
func (e *Env) StartDaemon(ctx context.Context, name string, opts DaemonOptions) (*Daemon, error) {
	defer e.timed("buildkitd " + name + " ready")()
	root := filepath.Join(e.Root, name)
	config := filepath.Join(root, "buildkitd.toml")
	program := cmp.Or(opts.Program, "buildkitd")
	if !filepath.IsAbs(program) {
		program = e.tool(program)
	}
	d := &Daemon{
		Builder:    "jetkit-" + name,
		Addr:       "unix://" + filepath.Join(root, "buildkitd.sock"),
		CDISpecDir: filepath.Join(root, "cdi"),
		env:        e,
		name:       name,
		argv:       slices.Concat(opts.Wrapper, []string{program, "--config", config}, opts.Flags),
	}
	if err := e.claim(name, d); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.CDISpecDir, 0o755); err != nil {
		return nil, err
	}
	if opts.DiskMiB > 0 {
		if err := mountDisk(stateDir(root), opts.DiskMiB); err != nil {
			return nil, err
		}
	}
	if opts.TLS {
		certificates, err := NewCertificates(filepath.Join(root, "certificates"))
		if err != nil {
			return nil, err
		}
		d.Certificates = certificates
	}
	if err := os.WriteFile(config, []byte(e.daemonConfig(root, d, opts)), 0o644); err != nil {
		return nil, err
	}
	if err := os.Chown(root, opts.Owner, opts.Owner); err != nil {
		return nil, err
	}
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	create := e.BuildxCommand(ctx, BuildxRun{Daemon: d, Args: d.createArgs()})
	return d, create.Err()
}

// Dir is the folder that the daemon keeps everything in.
func (d *Daemon) Dir() string { return stateDir(filepath.Join(d.env.Root, d.name)) }

// stateDir is the folder that a daemon keeps everything in.
func stateDir(root string) string { return filepath.Join(root, "state") }

// mountDisk mounts a file system of a size, which [Env.Close] unmounts with all others.
func mountDisk(dir string, mib int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("disk", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		return fmt.Errorf("mounting a disk of %d MiB on %s: %w", mib, dir, err)
	}
	return nil
}

// start runs buildkitd and waits until it can build.
func (d *Daemon) start(ctx context.Context) error {
	p, err := d.env.startProcess("buildkitd-"+d.name, d.argv, nil)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.process = p
	d.mu.Unlock()
	return p.waitReady(ctx, d.probe)
}

// createArgs are the arguments of buildx that make the daemon a builder.
func (d *Daemon) createArgs() []string {
	args := []string{"create", "--driver", "remote", "--name", d.Builder}
	c := d.Certificates
	if c == nil {
		return append(args, d.Addr)
	}
	return append(args,
		"--driver-opt", "cacert="+c.CA, "--driver-opt", "cert="+c.Cert, "--driver-opt", "key="+c.Key,
		"--driver-opt", "servername="+c.ServerName, d.TCPAddr)
}

// claim refuses a second daemon of one name: they would share a folder.
func (e *Env) claim(name string, d *Daemon) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.daemons[name] != nil {
		return fmt.Errorf("there is a daemon named %q already", name)
	}
	e.daemons[name] = d
	return nil
}

// probe succeeds once the daemon lists a worker, which is when it can build.
func (d *Daemon) probe(ctx context.Context) error {
	if _, err := os.Stat(strings.TrimPrefix(d.Addr, "unix://")); err != nil {
		return err
	}
	out, err := d.env.output(ctx, d.env.tool("buildctl"), "--addr", d.Addr, "debug", "workers", "--format", "{{range .}}{{.ID}}{{end}}")
	if err != nil {
		return err
	}
	if strings.TrimSpace(out) == "" {
		return errors.New("it has no worker yet")
	}
	if d.Certificates == nil {
		return nil
	}
	match := servingTCP.FindStringSubmatch(d.running().log())
	if match == nil {
		return errors.New("it does not listen on TCP yet")
	}
	d.TCPAddr = "tcp://" + match[1]
	return nil
}

// servingTCP is how buildkitd tells which port the kernel chose.
var servingTCP = regexp.MustCompile(`running server on (127\.0\.0\.1:[0-9]+)`)

// Stop ends the daemon before Close would. Its name stays taken.
func (d *Daemon) Stop() { d.running().stop() }

// Kill ends buildkitd and nothing else, with no chance to tidy up, as the kernel does when memory runs out. [Daemon.Restart]
// brings it back.
func (d *Daemon) Kill() { d.running().kill() }

// Restart starts buildkitd, stopped or killed before, on the files it left. A daemon with TLS can't be restarted: its port
// would change, and buildx knows the old one.
func (d *Daemon) Restart(ctx context.Context) error {
	if d.Certificates != nil {
		return errors.New("a daemon with TLS can't be restarted")
	}
	defer d.env.timed("buildkitd " + d.name + " ready again")()
	return d.start(ctx)
}

func (d *Daemon) running() *process {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.process
}

// daemonConfig keeps everything buildkitd would otherwise put into, or read from, the host's own folders below root.
func (e *Env) daemonConfig(root string, d *Daemon, opts DaemonOptions) string {
	labels := make([]string, 0, len(opts.Labels))
	for key, value := range opts.Labels {
		labels = append(labels, fmt.Sprintf("%q = %q", key, value))
	}
	sort.Strings(labels)
	addresses, tls := fmt.Sprintf("%q", d.Addr), ""
	if c := d.Certificates; c != nil {
		addresses += `, "tcp://127.0.0.1:0"`
		tls = fmt.Sprintf("[grpc.tls]\ncert = %q\nkey = %q\nca = %q\n", c.ServerCert, c.ServerKey, c.CA)
	}
	entitlements := `"network.host", "security.insecure", "device"`
	if opts.NoEntitlements {
		entitlements = ""
	}
	other, worker, runs := "containerd", "oci", fmt.Sprintf("binary = %q", cmp.Or(opts.RuntimeBinary, "runc"))
	if opts.Containerd != "" {
		other, worker, runs = "oci", "containerd", fmt.Sprintf("address = %q", opts.Containerd)
	}
	return fmt.Sprintf(`root = %[1]q
insecure-entitlements = [%[14]s]
provenanceEnvDir = %[2]q

[grpc]
  address = [%[3]s]

%[13]s
[otel]
  socketPath = %[4]q

[cdi]
  disabled = %[5]t
  specDirs = [%[6]q]

[worker.%[15]s]
  enabled = false

[worker.%[16]s]
  enabled = true
  gc = false
  %[7]s
  networkMode = "host"
  defaultCgroupParent = %[8]q
  max-parallelism = %[9]d
  labels = {%[10]s}
  %[17]s

[registry.%[11]q]
  http = true

%[12]s
`, stateDir(root), filepath.Join(root, "provenance.d"), addresses, filepath.Join(root, "otel.sock"),
		opts.DisableCDI, d.CDISpecDir, runs, "/"+e.cgroup, opts.MaxParallelism, strings.Join(labels, ", "),
		e.Registry, opts.ExtraConfig, tls, entitlements, other, worker, opts.WorkerConfig)
}
