//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// Tests share daemons: each new one costs seconds, for it unpacks the base image anew, and as long again at the end.
// What a test builds has its project's id in it, so on any daemon where the test has not built yet it finds a cold cache.

// startDaemon starts a daemon for one test: one whose whole cache is looked at, or that does not survive the test.
func startDaemon(t *testing.T, name string, opts harness.DaemonOptions) *harness.Daemon {
	t.Helper()
	d, err := shared.StartDaemon(t.Context(), fmt.Sprintf("%s%d", name, projects.Add(1)), opts)
	require.NoError(t, err)
	t.Cleanup(d.Stop)
	return d
}

// lazy is made when a first test asks for it, and then shared.
type lazy[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (l *lazy[T]) get(t *testing.T, start func() (T, error)) T {
	t.Helper()
	l.once.Do(func() { l.value, l.err = start() })
	require.NoError(t, l.err)
	return l.value
}

// The shared ones, which the functions below start.
var (
	second, distant, gpu lazy[*harness.Daemon]
	jetson               lazy[*harness.Jetson]
	jetsons              [2]lazy[*harness.Daemon]
	// runtimes are by nvidia-container-runtime's mode.
	runtimes = map[string]*lazy[*harness.Daemon]{"csv": {}, "cdi": {}, "jit-cdi": {}}
)

// secondDaemon is a further daemon, with a cache of its own and no GPU.
func secondDaemon(t *testing.T) *harness.Daemon {
	t.Helper()
	return second.get(t, func() (*harness.Daemon, error) {
		return shared.StartDaemon(t.Context(), "second", harness.DaemonOptions{})
	})
}

// remoteDaemon is a third, which buildx reaches as it would one on another machine: by TCP, with certificates.
func remoteDaemon(t *testing.T) *harness.Daemon {
	t.Helper()
	return distant.get(t, func() (*harness.Daemon, error) {
		return shared.StartDaemon(t.Context(), "remote", harness.DaemonOptions{TLS: true})
	})
}

// gpuDaemon has a made-up GPU: a variable, a file of the host and a device node.
func gpuDaemon(t *testing.T) *harness.Daemon {
	t.Helper()
	return gpu.get(t, func() (*harness.Daemon, error) {
		d, err := shared.StartDaemon(t.Context(), "gpu", harness.DaemonOptions{})
		if err != nil {
			return nil, err
		}
		return d, giveGPU(d)
	})
}

// giveGPU makes a daemon have the made-up GPU.
func giveGPU(d *harness.Daemon) error {
	driver := d.CDISpecDir + "-libcuda.so"
	if err := os.WriteFile(driver, []byte("540.4.0\n"), 0o644); err != nil {
		return err
	}
	return writeSpec(d, fmt.Sprintf(`env: [FAKE_GPU=orin]
      deviceNodes: [{path: /dev/fake-gpu, hostPath: /dev/null}]
      mounts: [{hostPath: %s, containerPath: /usr/lib/fake-gpu/libcuda.so, options: [ro, nosuid, nodev, bind]}]`, driver))
}

// writeSpec makes a daemon have the CDI device nvidia.com/gpu=all, with these edits of containers.
func writeSpec(d *harness.Daemon, edits string) error {
	spec := "cdiVersion: \"0.6.0\"\nkind: nvidia.com/gpu\ndevices:\n  - name: all\n    containerEdits:\n      " + edits + "\n"
	return os.WriteFile(filepath.Join(d.CDISpecDir, "nvidia.yaml"), []byte(spec), 0o644)
}

// theJetson is what NVIDIA's tools take for the root of a Jetson.
func theJetson(t *testing.T) *harness.Jetson {
	t.Helper()
	return jetson.get(t, func() (*harness.Jetson, error) {
		return shared.NewJetson(t.Context(), filepath.Join(shared.Root, "jetson"))
	})
}

// jetsonDaemon is one of two daemons that have the Jetson's GPU by CDI.
func jetsonDaemon(t *testing.T, i int) *harness.Daemon {
	t.Helper()
	j := theJetson(t)
	return jetsons[i].get(t, func() (*harness.Daemon, error) {
		d, err := shared.StartDaemon(t.Context(), fmt.Sprintf("jetson%d", i), harness.DaemonOptions{})
		if err != nil {
			return nil, err
		}
		return d, j.WriteCDISpec(t.Context(), filepath.Join(d.CDISpecDir, "nvidia.yaml"))
	})
}

// runtimeDaemon is one that runs every step by nvidia-container-runtime in this mode.
func runtimeDaemon(t *testing.T, mode string) *harness.Daemon {
	t.Helper()
	j := theJetson(t)
	return runtimes[mode].get(t, func() (*harness.Daemon, error) {
		specs := filepath.Join(runtimeDir(mode), "cdi")
		if err := j.WriteCDISpec(t.Context(), filepath.Join(specs, "nvidia.yaml")); err != nil {
			return nil, err
		}
		program, err := j.Runtime(runtimeDir(mode), mode, specs)
		if err != nil {
			return nil, err
		}
		return shared.StartDaemon(t.Context(), "runtime-"+mode, harness.DaemonOptions{RuntimeBinary: program, DisableCDI: true})
	})
}

// runtimeDir is where the runtime of a mode has its configuration, and its log: runtime.log.
func runtimeDir(mode string) string { return filepath.Join(shared.Root, "nvidia-"+mode) }
