//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// DaemonOptions configure one buildkitd.
type DaemonOptions struct {
	// RuntimeBinary is the OCI runtime that runs the steps. Empty means runc.
	RuntimeBinary string
	// Labels are worker labels, which a frontend can read.
	Labels map[string]string
	// MaxParallelism limits how many steps run at once. Zero means no limit.
	MaxParallelism int
	// DisableCDI makes a builder without devices.
	DisableCDI bool
	// ExtraConfig is appended to buildkitd.toml as it is; it starts at the top of no table, so open one.
	ExtraConfig string
}

// Daemon is one buildkitd with its buildx builder.
type Daemon struct {
	// Builder is the name buildx knows the daemon by.
	Builder string
	// Addr is the daemon's address, "unix:///...".
	Addr string
	// CDISpecDir is watched by this daemon, and by no other, for CDI device specifications.
	CDISpecDir string

	env      *Env
	process  *process
	stopOnce sync.Once
}

// StartDaemon starts a further buildkitd, with nothing in its cache, and registers it as the buildx builder
// "jetkit-NAME".
func (e *Env) StartDaemon(ctx context.Context, name string, opts DaemonOptions) (*Daemon, error) {
	defer e.timed("buildkitd " + name + " ready")()
	root := filepath.Join(e.Root, name)
	d := &Daemon{
		Builder:    "jetkit-" + name,
		Addr:       "unix://" + filepath.Join(root, "buildkitd.sock"),
		CDISpecDir: filepath.Join(root, "cdi"),
		env:        e,
	}
	if err := e.claim(name, d); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.CDISpecDir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(root, "buildkitd.toml")
	if err := os.WriteFile(config, []byte(e.daemonConfig(root, d, opts)), 0o644); err != nil {
		return nil, err
	}
	p, err := e.startProcess("buildkitd-"+name, []string{e.tool("buildkitd"), "--config", config}, nil)
	if err != nil {
		return nil, err
	}
	d.process = p
	if err := p.waitReady(ctx, d.probe); err != nil {
		return nil, err
	}
	create := e.BuildxCommand(ctx, BuildxRun{
		Daemon: d,
		Args:   []string{"create", "--driver", "remote", "--name", d.Builder, d.Addr},
	})
	return d, create.Err()
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
	return nil
}

// Stop ends the daemon before Close would. It can not be started again, and its name stays taken.
func (d *Daemon) Stop() { d.stopOnce.Do(d.process.stop) }

// daemonConfig keeps everything buildkitd would otherwise put into, or read from, the host's own folders below root.
func (e *Env) daemonConfig(root string, d *Daemon, opts DaemonOptions) string {
	runtime := opts.RuntimeBinary
	if runtime == "" {
		runtime = "runc"
	}
	labels := make([]string, 0, len(opts.Labels))
	for key, value := range opts.Labels {
		labels = append(labels, fmt.Sprintf("%q = %q", key, value))
	}
	sort.Strings(labels)
	return fmt.Sprintf(`root = %[1]q
insecure-entitlements = ["network.host", "security.insecure", "device"]
provenanceEnvDir = %[2]q

[grpc]
  address = [%[3]q]

[otel]
  socketPath = %[4]q

[cdi]
  disabled = %[5]t
  specDirs = [%[6]q]

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  gc = false
  binary = %[7]q
  networkMode = "host"
  defaultCgroupParent = %[8]q
  max-parallelism = %[9]d
  labels = {%[10]s}

[registry.%[11]q]
  http = true

%[12]s
`, filepath.Join(root, "state"), filepath.Join(root, "provenance.d"), d.Addr, filepath.Join(root, "otel.sock"),
		opts.DisableCDI, d.CDISpecDir, runtime, "/"+e.cgroup, opts.MaxParallelism, strings.Join(labels, ", "),
		e.Registry, opts.ExtraConfig)
}
