//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"os/exec"
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

// TestDoctorRepairsDockerd looks at a Jetson whose Docker was never set up, with a real engine that reads its
// daemon.json, lets doctor repair it, and has the engine read it again: then a container gets the Jetson's GPU.
func TestDoctorRepairsDockerd(t *testing.T) {
	t.Parallel()
	cli := filepath.Join(t.TempDir(), "jetkit")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(t, err, "%s", out)
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
		cmd := exec.CommandContext(t.Context(), cli, append([]string{"doctor", "--machine-root", machine, "--format", "json"}, args...)...)
		cmd.Env = append(cmd.Environ(), "DOCKER_HOST="+engine.Host, "PATH="+runtime+":"+os.Getenv("PATH"))
		out, err := cmd.Output()
		var report doctorReport
		require.NoError(t, json.Unmarshal(out, &report), "%v\n%s", err, out)
		assert.Equal(t, report.Worst == "error", err != nil, "the exit code is that of the worst finding")
		return &report, string(out)
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
