package webcam

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

func TestParseResolution(t *testing.T) {
	got, err := ParseResolution("1640x1232@30")
	require.NoError(t, err)
	assert.Equal(t, DefaultCapture, got)
	assert.Equal(t, "1640x1232@30", got.String())
	for _, text := range []string{"", "1280x720", "1280x720@", "x720@30", "0x720@30", "1280X720@30", "1280x720@30fps", "1280x720@30 ! fakesink", "100000x1@1", "-1x1@1", "1x1@0"} {
		_, err := ParseResolution(text)
		assert.ErrorContains(t, err, "is no resolution", text)
	}
}

func TestRawFormats(t *testing.T) {
	assert.True(t, rawFormats.MatchString("\t[0]: 'RG10' (10-bit Bayer RGRG/GBGB)"))
	assert.True(t, rawFormats.MatchString("\t[0]: 'BG12' (12-bit Bayer BGBG/GRGR)"))
	assert.False(t, rawFormats.MatchString("\t[0]: 'MJPG' (Motion-JPEG, compressed)\n\t[1]: 'YUYV' (YUYV 4:2:2)"))
}

// TestStartOf tells a process from another one of the same number.
func TestStartOf(t *testing.T) {
	own := process{os.Getpid(), startOf(os.Getpid())}
	assert.True(t, own.runs())
	assert.False(t, process{os.Getpid(), "1"}.runs())
	assert.False(t, process{os.Getpid(), ""}.runs())
	cmd := exec.CommandContext(t.Context(), "true")
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return startOf(cmd.Process.Pid) == "" }, 5e9, 1e7, "one that has ended and was not waited for")
	require.NoError(t, cmd.Wait())
}

// TestRecoverBoot does nothing to processes and modules after another boot.
func TestRecoverBoot(t *testing.T) {
	folder := t.TempDir()
	setup := Setup{Machine: machine.At(t.TempDir()), State: folder, Root: true}
	undone, err := Recover(t.Context(), setup)
	require.NoError(t, err)
	assert.False(t, undone)

	sleep := exec.CommandContext(t.Context(), "sleep", "60")
	require.NoError(t, sleep.Start())
	defer func() { _ = sleep.Wait() }()
	defer func() { _ = sleep.Process.Kill() }()
	require.NoError(t, os.MkdirAll(setup.Machine.Path("/sys/module/v4l2loopback"), 0o755))
	w := &Webcams{setup: setup, started: []*pipeline{{process: process{sleep.Process.Pid, startOf(sleep.Process.Pid)}}}}
	require.NoError(t, w.save())
	undone, err = Recover(t.Context(), setup)
	require.NoError(t, err)
	assert.False(t, undone, "this test's process is the owner, and runs")

	require.NoError(t, os.WriteFile(stateFile(folder), []byte(`{"boot":"another","owner":{"pid":1,"start":"x"},"pipelines":[{"pid":1,"start":"y"}]}`), 0o600))
	undone, err = Recover(t.Context(), setup)
	require.NoError(t, err)
	assert.True(t, undone)
	assert.NoFileExists(t, stateFile(folder))
	assert.True(t, w.started[0].runs())
	assert.DirExists(t, setup.Machine.Path("/sys/module/v4l2loopback"))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "csi2webcam.json"), []byte(`{"boot":`), 0o600))
	_, err = Recover(t.Context(), setup)
	assert.ErrorContains(t, err, "remove the file")
}
