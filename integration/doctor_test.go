//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// doctorReport is the part of jetkit doctor's JSON that is looked at.
type doctorReport struct {
	Worst  string
	Checks []struct {
		Name, Status, Summary, Skipped string
		Findings                       []struct {
			ID       string
			Evidence []string
		}
	}
	Repair struct {
		Applied bool
		Backup  string
		Notes   []string
	}
}

// found lists the findings of a check, and what it says.
func (r *doctorReport) found(check string) (ids []string, evidence []string, summary string) {
	for _, c := range r.Checks {
		if c.Name == check {
			for _, f := range c.Findings {
				ids, evidence = append(ids, f.ID), append(evidence, f.Evidence...)
			}
			return ids, evidence, c.Summary + c.Skipped
		}
	}
	return nil, nil, "no such check"
}

// doctorOn runs jetkit doctor on a machine's files.
func doctorOn(t *testing.T, machine string, env []string, args ...string) (report *doctorReport, text string) {
	t.Helper()
	res := shared.Jetkit(t.Context(), harness.JetkitRun{Args: append([]string{"doctor", "--machine-root", machine, "--format", "json"}, args...), Env: env})
	require.NoError(t, json.Unmarshal([]byte(res.Stdout), &report), "%v\n%s", res.Err(), res.Stdout)
	assert.Equal(t, report.Worst == "error", res.ExitCode == 1, "the exit code is that of the worst finding")
	return report, res.Stdout
}

// TestDoctorOnJetson reads the CDI specification that nvidia-ctk writes on a Jetson, and finds its devices in the
// builder that has read the same.
func TestDoctorOnJetson(t *testing.T) {
	t.Parallel()
	daemon := jetsonDaemon(t, 0)
	report, text := doctorOn(t, theJetson(t).Root, []string{"BUILDKIT_HOST=" + daemon.Addr})
	ids, _, summary := report.found("cdi")
	assert.Empty(t, ids, text)
	assert.Equal(t, "nvidia.com/gpu=0, nvidia.com/gpu=all", summary)
	ids, _, summary = report.found("builder")
	assert.Equal(t, []string{"cache-unbounded"}, ids, "the tests' daemons keep everything: %s", text)
	assert.Contains(t, summary, ", devices nvidia.com/gpu=0, nvidia.com/gpu=all")

	report, text = doctorOn(t, theJetson(t).Root, []string{"BUILDKIT_HOST=" + shared.Daemon.Addr})
	ids, _, _ = report.found("builder")
	assert.Equal(t, []string{"buildkit-devices", "cache-unbounded"}, ids, text)
}

// TestDoctorRepairsDockerd looks at a Jetson whose Docker was never set up, with a real engine that reads its
// daemon.json, lets doctor repair it, and has the engine read it again: then a container gets the Jetson's GPU.
func TestDoctorRepairsDockerd(t *testing.T) {
	t.Parallel()
	runtime, err := theJetson(t).DockerRuntime(filepath.Join(shared.Root, "nvidia-docker"))
	require.NoError(t, err)

	machine := t.TempDir()
	for name, text := range map[string]string{
		"/etc/nv_tegra_release":        "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic, EABI: aarch64, DATE: Wed\n",
		"/proc/device-tree/model":      "NVIDIA Jetson Orin Nano Developer Kit\x00",
		"/proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\x00nvidia,tegra234\x00",
		"/dev/nvmap":                   "",
		"/etc/docker/daemon.json":      "{\n  \"debug\": true,\n  \"labels\": [\"robot=7\"]\n}\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(machine, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(machine, name), []byte(text), 0o644))
	}
	config := filepath.Join(machine, "/etc/docker/daemon.json")
	engine, err := shared.StartDockerd(t.Context(), "dockerd-nvidia", harness.DockerdOptions{ConfigFile: config, Programs: runtime})
	require.NoError(t, err)
	t.Cleanup(engine.Stop)
	doctor := func(args ...string) (*doctorReport, string) {
		return doctorOn(t, machine, []string{"DOCKER_HOST=" + engine.Host, "PATH=" + runtime + ":" + os.Getenv("PATH")}, args...)
	}

	before, _ := doctor()
	ids, evidence, _ := before.found("runtime")
	assert.Equal(t, []string{"runtime-missing", "default-runtime"}, ids)
	assert.Contains(t, evidence, "docker info: Runtimes: io.containerd.runc.v2 io.containerd.runtime.v1.linux runc")
	_, _, summary := before.found("docker")
	assert.Contains(t, summary, "Docker 20.10")

	fixed, text := doctor("--fix", "--yes")
	require.True(t, fixed.Repair.Applied, text)
	assert.Equal(t, "/etc/docker/daemon.json.bak", fixed.Repair.Backup)
	assert.Equal(t, []string{"dockerd 20.10.24 cannot check a file (--validate came with 23.0)"}, fixed.Repair.Notes)
	ids, _, _ = fixed.found("runtime")
	assert.Equal(t, []string{"restart-needed"}, ids, "the engine does not know yet")

	require.NoError(t, engine.Reload())
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		info := engine.Docker(t.Context(), harness.DockerRun{Args: []string{"info", "--format", "{{.DefaultRuntime}} {{.Labels}}"}})
		assert.Equal(c, "nvidia [robot=7]\n", info.Stdout, "the label was in the file before")
	}, 20*time.Second, 100*time.Millisecond)
	image := base(t)
	require.NoError(t, engine.Docker(t.Context(), harness.DockerRun{Args: []string{"pull", "--quiet", image}}).Err())
	after, text := doctor("--gpu-test", image)
	ids, _, summary = after.found("runtime")
	assert.Empty(t, ids, text)
	assert.Equal(t, "NVIDIA's runtime is registered, and the default", summary)
	ids, evidence, summary = after.found("gpu-test")
	assert.Empty(t, ids, "%v", evidence)
	assert.Equal(t, "a container found /dev/nvhost-gpu", summary)
}
