//go:build integration

package integration

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// runMachine adds to a Jetson's root what jetkit run passes: device nodes, which are further nodes of /dev/null's device
// and of /dev/zero's, sockets and files.
func runMachine(t *testing.T, root string) {
	t.Helper()
	write := func(name, content string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o644))
	}
	write("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n")
	write("proc/device-tree/model", "NVIDIA Jetson Orin Nano Developer Kit\x00")
	write("etc/enctune.conf", "tuned\n")
	write("etc/localtime", "TZif")
	write("etc/timezone", "Europe/Berlin\n")
	write("run/dbus/pid", "1\n")
	for name, minor := range map[string]int{
		"dev/video0": 3, "dev/video10": 5, "dev/i2c-1": 3, "dev/ttyACM0": 3, "dev/ttyUSB0": 3, "dev/snd/controlC0": 3, "dev/bus/usb/001/002": 3,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, syscall.Mknod(filepath.Join(root, name), syscall.S_IFCHR|0o666, 1<<8|minor))
	}
	for _, name := range []string{"tmp/argus_socket", "run/avahi-daemon/socket", "run/jtop.sock", "run/docker.sock"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		listener, err := net.Listen("unix", filepath.Join(root, name))
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	}
}

// TestRun runs containers by jetkit run on a real engine with NVIDIA's runtime: they see the devices, files and variables
// of a Jetson, and nothing else of it.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	root := filepath.Join(shared.Root, "run")
	jetson, err := shared.NewJetson(ctx, root)
	require.NoError(t, err)
	runMachine(t, root)
	programs, err := jetson.DockerRuntime(filepath.Join(shared.Root, "run-nvidia"))
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "daemon.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}`), 0o600))
	docker, err := shared.StartDockerd(ctx, "dockerd-run", harness.DockerdOptions{ConfigFile: config, Programs: programs})
	require.NoError(t, err)
	t.Cleanup(docker.Stop)
	image := base(t)
	require.NoError(t, docker.Docker(ctx, harness.DockerRun{Args: []string{"pull", "--quiet", image}}).Err())
	cli := filepath.Join(t.TempDir(), "jetkit")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(t, err, "%s", out)
	home := t.TempDir()
	run := func(t *testing.T, args ...string) (stdout, stderr string, code int) {
		t.Helper()
		cmd := exec.CommandContext(ctx, cli, append([]string{"run", "--machine-root", root}, args...)...)
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+docker.Host, "HOME="+home, "XDG_RUNTIME_DIR=", "DISPLAY=", "HUGGINGFACE_TOKEN=secret-token")
		var outs, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &outs, &errs
		if err := cmd.Run(); err != nil {
			require.ErrorAs(t, err, new(*exec.ExitError))
		}
		return outs.String(), errs.String(), cmd.ProcessState.ExitCode()
	}

	t.Run("everything", func(t *testing.T) {
		got, errs, code := run(t, image, "sh", "-c", `
stat -c '%n %F' /dev/video0 /dev/video10 /dev/i2c-1 /dev/ttyACM0 /dev/ttyUSB0 /dev/snd/controlC0 /dev/bus/usb/001/002 /dev/nvmap \
  /tmp/argus_socket /run/avahi-daemon/socket /run/jtop.sock
head -c 3 /dev/video10 | od -An -tx1
cat /etc/enctune.conf /etc/nv_tegra_release /etc/timezone /run/dbus/pid
tr -d '\0' </tmp/nv_jetson_model; echo
env | sort | grep -E '^(NVIDIA_DRIVER|HUGGING)' # the runtime itself sets NVIDIA_VISIBLE_DEVICES to void in the end
df -m /dev/shm | tail -1 | while read -r _ size _; do echo "shared memory $size"; done
ls `+harness.DriverDir+`/libcuda.so.1.1
test ! -e /run/docker.sock && echo no docker.sock
echo kept >/data/file; (echo x >/etc/timezone) 2>&1 | grep -o Read-only
hostname`)
		require.Zero(t, code, errs)
		assert.Empty(t, errs)
		host, err := os.Hostname()
		require.NoError(t, err)
		assert.Equal(t, strings.TrimLeft(`
/dev/video0 character special file
/dev/video10 character special file
/dev/i2c-1 character special file
/dev/ttyACM0 character special file
/dev/ttyUSB0 character special file
/dev/snd/controlC0 character special file
/dev/bus/usb/001/002 character special file
/dev/nvmap character special file
/tmp/argus_socket socket
/run/avahi-daemon/socket socket
/run/jtop.sock socket
 00 00 00
tuned
# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64
Europe/Berlin
1
NVIDIA Jetson Orin Nano Developer Kit
HUGGINGFACE_TOKEN=secret-token
NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics
shared memory 8192
`+harness.DriverDir+`/libcuda.so.1.1
no docker.sock
Read-only
`+host+"\n", "\n"), got)
		kept, err := os.ReadFile(filepath.Join(home, ".local/share/jetkit/data/file"))
		require.NoError(t, err)
		assert.Equal(t, "kept\n", string(kept))
	})

	t.Run("less", func(t *testing.T) {
		got, errs, code := run(t, "--without", "gpu", "--without", "video", "--without", "argus", "--network=none", "-v", home+":/data:ro", "--shm-size=1g", image,
			"sh", "-c", `ls /dev/video0 /dev/nvmap /tmp/argus_socket 2>/dev/null; ls /sys/class/net; ls -d /data/.local; df -m /dev/shm | grep -o 1024`)
		require.Zero(t, code, errs)
		assert.Equal(t, "lo\n/data/.local\n1024\n1024\n", got)
	})

	t.Run("docker.sock", func(t *testing.T) {
		got, errs, code := run(t, "--with", "docker.sock", image, "stat", "-c", "%F", "/var/run/docker.sock")
		require.Zero(t, code, errs)
		assert.Equal(t, "socket\n", got)
		assert.Contains(t, errs, "warning: docker.sock: whoever is in the container is root on this machine")
	})

	t.Run("exit codes", func(t *testing.T) {
		for want, args := range map[int][]string{
			7: {image, "sh", "-c", "exit 7"}, 127: {image, "no-such-program"}, 126: {image, "/etc/passwd"}, 125: {"--runtime", "no-such-runtime", image, "true"},
		} {
			_, errs, code := run(t, args...)
			assert.Equal(t, want, code, "%v: %s", args, errs)
		}
	})

	t.Run("nothing is left", func(t *testing.T) {
		left := docker.Docker(ctx, harness.DockerRun{Args: []string{"ps", "--all", "--quiet", "--filter", "name=jetson_container"}})
		require.NoError(t, left.Err())
		assert.Empty(t, left.Stdout)
	})
}
