//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// autotagImage is an image that jetkit autotag finds. Labels are those of jetkit's, without their
// prefix, as "key=value"; "sealed" stands for those that each finished image has.
type autotagImage struct {
	name, arch, created string
	labels              []string
	env                 []string
}

const (
	orin = "built-for.l4t=36.4.3 built-for.cuda=12.6 built-for.python=3.10 built-for.arch=tegra-aarch64"
	thor = "built-for.l4t=39.2.0 built-for.cuda=13.2 built-for.python=3.12 built-for.arch=aarch64"
)

// sealedFor are the labels of a finished image.
func sealedFor(packages, facts string) []string {
	return append(strings.Fields("plan=sha256:0 tests.passed=2 tests.skipped=0 "+facts), "packages="+packages)
}

// without takes labels away, and with adds one in place of another.
func without(labels []string, keys ...string) []string {
	var kept []string
	for _, l := range labels {
		if key, _, _ := strings.Cut(l, "="); !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+key+" ") {
			kept = append(kept, l)
		}
	}
	return kept
}

func instead(labels []string, label string) []string {
	key, _, _ := strings.Cut(label, "=")
	return append(without(labels, key), label)
}

// engineImages are in Docker's engine.
func engineImages() []autotagImage {
	pytorch := sealedFor("python numpy pytorch:2.8", orin)
	l4t := func(version string) []string { return instead(pytorch, "built-for.l4t="+version) }
	return []autotagImage{
		{"pytorch:2.8-r36.4.tegra-aarch64-cu126-22.04", "arm64", "2026-03-01", pytorch, nil},
		{"pytorch:older", "arm64", "2026-01-01", pytorch, nil},
		{"pytorch:jp61", "arm64", "2026-05-01", l4t("36.4.0"), nil},
		{"pytorch:jp60", "arm64", "2026-05-01", l4t("36.3.0"), nil},
		{"pytorch:jp5", "arm64", "2026-05-01", instead(l4t("35.4.1"), "built-for.cuda=11.4"), nil},
		{"pytorch:thor", "arm64", "2026-05-01", sealedFor("python numpy pytorch:2.8", thor), nil},
		{"pytorch:servers", "arm64", "2026-05-01", instead(pytorch, "built-for.arch=aarch64"), nil},
		{"pytorch:pc", "amd64", "2026-05-01", without(instead(pytorch, "built-for.arch=x86_64"), "built-for.l4t"), nil},
		{"pytorch:half", "arm64", "2026-05-01", without(pytorch, "plan"), nil},
		{"pytorch:untested", "arm64", "2026-05-01", without(pytorch, "tests.passed", "tests.skipped"), nil},
		{"pytorch:failed", "arm64", "2026-05-01", append(pytorch, "tests.failed=1"), nil},
		{"pytorch:skipped", "arm64", "2025-12-01", instead(pytorch, "tests.skipped=3"), nil},
		{"pytorch:latest", "arm64", "2026-06-01", nil, nil},
		{"pytorch:r36.4.0", "arm64", "2026-06-01", nil, nil},
		{"pytorch:r35.4.1", "arm64", "2026-04-01", nil, nil},
		{"pytorch:r36.4-cu126-22.04-numpy", "arm64", "2026-06-01", nil, nil},
		{"pytorch:cu130", "arm64", "2026-06-01", instead(pytorch, "built-for.cuda=13.0"), nil},
		{"pytorch:hostile", "arm64", "2026-06-01", l4t("36.4.3\x1b[2J"), nil},
		{"pytorch:py312", "arm64", "2026-02-01", instead(pytorch, "built-for.python=3.12"), nil},
		{"robot:1", "arm64", "2026-06-01", sealedFor("python numpy pytorch:2.8 torchvision:0.23 arm", orin), nil},
		{"robot:other", "arm64", "2026-06-01", sealedFor("python", orin), nil},
		{"numpy:liar", "arm64", "2026-06-01", sealedFor("python", orin), nil},
	}
}

// registryImages are in a registry, below robots/.
func registryImages() []autotagImage {
	return []autotagImage{
		{"pytorch:2.9-r36.4.3", "arm64", "2026-07-01", sealedFor("python pytorch:2.9", orin), nil},
		{"pytorch:2.7-r36.4.0-cu128-24.04", "arm64", "2025-04-01", nil, nil},
		{"pytorch:2.7-builder-r36.4.0-cu128", "arm64", "2025-05-01", nil, nil},
		{"pytorch:2.1-r36.2.0", "arm64", "2024-04-01", nil, nil},
		{"pytorch:2.1-r35.4.1", "arm64", "2024-04-01", nil, nil},
		{"pytorch:2.6-amd64-cu128-24.04", "amd64", "2025-03-01", nil, nil},
		{"pytorch:r39.2.arm64-sbsa-cu132-24.04", "arm64", "2026-08-01", nil, nil},
		{"pytorch:2.8-r36.4.0", "arm64", "2026-08-01", sealedFor("python pytorch:2.8", "built-for.l4t=36.4.0 built-for.python=3.12 built-for.arch=tegra-aarch64"), nil},
		{"pytorch:r36.4.3", "amd64", "2026-08-01", nil, nil},
		{"ros:humble-desktop-l4t-r36.4.0", "arm64", "2024-10-01", nil, nil},
		{"ros:humble-ros-base-l4t-r36.4.0", "arm64", "2024-11-01", nil, nil},
		{"ros:humble-desktop-l4t-r35.4.1", "arm64", "2024-11-01", nil, nil},
		{"vllm:0.8.6-sbsa-cu130", "arm64", "2025-09-01", nil, nil},
		{"vllm:0.8.6-r36.4-cu128-24.04", "arm64", "2025-05-01", sealedFor("vllm:0.8.6", "built-for.l4t=35.4.1 built-for.arch=tegra-aarch64"), nil},
		{"vllm:0.8.5-r36.4.0-cu128-24.04", "arm64", "2025-04-01", nil, nil},
		{"vllm:nightly", "arm64", "2025-03-01", nil, []string{"L4T_VERSION=36.4.3", "CUDA_VERSION=12.6.1"}},
	}
}

// containerdImages are in containerd, in the namespaces default and k8s.io.
func containerdImages() (byDefault, kubernetes []autotagImage) {
	return []autotagImage{{"docker.io/library/triton:r36.4.3", "arm64", "2026-01-01", nil, nil}},
		[]autotagImage{{"docker.io/library/triton:r35.4.1", "arm64", "2026-01-01", nil, nil}}
}

// make builds an image of one small layer.
func (i autotagImage) make(t *testing.T) v1.Image {
	t.Helper()
	nothing := static.NewLayer(make([]byte, 1024), types.DockerUncompressedLayer) // an archive's end
	image, err := mutate.AppendLayers(empty.Image, nothing)
	require.NoError(t, err)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	at, err := time.Parse(time.DateOnly, i.created)
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created, config.Config.Env = "linux", i.arch, v1.Time{Time: at}, i.env
	config.Config.Labels = map[string]string{}
	for _, label := range i.labels {
		key, value, _ := strings.Cut(label, "=")
		config.Config.Labels["io.jetkit."+key] = value
	}
	image, err = mutate.ConfigFile(image, config)
	require.NoError(t, err)
	return image
}

// archive writes images into a file for docker load and ctr import.
func archive(t *testing.T, list []autotagImage) string {
	t.Helper()
	byTag := map[name.Tag]v1.Image{}
	for _, i := range list {
		tag, err := name.NewTag(i.name)
		require.NoError(t, err)
		byTag[tag] = i.make(t)
	}
	file := filepath.Join(t.TempDir(), "images.tar")
	require.NoError(t, tarball.MultiWriteToFile(file, byTag))
	return file
}

// autotagPlaces puts the images into Docker's engine, into its containerd and into the registry.
func autotagPlaces(t *testing.T) (docker *harness.Dockerd, containerd string) {
	t.Helper()
	docker, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	load := docker.Docker(t.Context(), harness.DockerRun{Args: []string{"load", "--quiet", "--input", archive(t, engineImages())}})
	require.NoError(t, load.Err())
	for _, i := range registryImages() {
		ref, err := name.ParseReference(shared.Ref("robots/"+i.name), name.Insecure)
		require.NoError(t, err)
		require.NoError(t, remote.Write(ref, i.make(t), remote.WithContext(t.Context())))
	}
	socket := filepath.Join(filepath.Dir(strings.TrimPrefix(docker.Host, "unix://")), "exec", "containerd", "containerd.sock")
	first, second := containerdImages()
	for namespace, list := range map[string][]autotagImage{"default": first, "k8s.io": second} {
		out, err := exec.CommandContext(t.Context(), "ctr", "--address", socket, "--namespace", namespace,
			"images", "import", "--no-unpack", "--all-platforms", archive(t, list)).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return docker, socket
}

// autotagMachines are roots of machines, by a name.
func autotagMachines(t *testing.T) map[string]string {
	t.Helper()
	roots := map[string]string{"pc": t.TempDir()}
	for machine, release := range map[string]string{
		"orin jp6.2": "# R36 (release), REVISION: 4.3", "orin jp6.0": "# R36 (release), REVISION: 3.0",
		"xavier jp5": "# R35 (release), REVISION: 4.1", "thor jp7.2": "# R39 (release), REVISION: 2.0", "nano jp4": "# R32 (release), REVISION: 7.1",
	} {
		roots[machine] = t.TempDir()
		writeFiles(t, roots[machine], "", files{"etc/nv_tegra_release": release + ", GCID: 1, BOARD: generic\n"})
	}
	return roots
}

// autotagAnswer is what jetkit autotag --format json says.
type autotagAnswer struct {
	Image, Source, Store string
	Candidates           []struct {
		Image   string
		Chosen  bool
		Reasons []struct{ Rule, Text string }
	}
}

// TestAutotag has forty images, in a Docker engine, its containerd and a registry, and looks for
// packages on six machines. testdata/autotag.golden is the table of what was chosen, and of why each
// other image lost. JETKIT_UPDATE=1 writes it anew.
func TestAutotag(t *testing.T) {
	t.Parallel()
	first, second := containerdImages()
	require.Len(t, append(append(append(engineImages(), registryImages()...), first...), second...), 40)
	cli := jetkitProgram(t)
	docker, containerd := autotagPlaces(t)
	roots := autotagMachines(t)
	run := func(machine string, args ...string) (stdout, stderr string, code int) {
		platform := "linux/arm64"
		if machine == "pc" {
			platform = "linux/amd64"
		}
		cmd := exec.CommandContext(t.Context(), cli, append([]string{
			"--machine-root", roots[machine], "autotag", "--platform", platform, "--user", shared.Registry + "/robots",
		}, args...)...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+docker.Host, "CONTAINERD_ADDRESS="+containerd, "DOCKERHUB_CACHE=", "DOCKER_CONFIG="+t.TempDir())
		var stdoutText, stderrText bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdoutText, &stderrText
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		} else {
			require.NoError(t, err)
		}
		return stdoutText.String(), stderrText.String(), code
	}
	registry := shared.Registry + "/robots/"
	var table strings.Builder
	plain := strings.NewReplacer(shared.Registry, "REGISTRY") // its port is another one each time
	for _, test := range []struct{ machine, args, want string }{
		{"orin jp6.2", "pytorch", "pytorch:2.8-r36.4.tegra-aarch64-cu126-22.04"},
		{"orin jp6.2", "pytorch --disable local", registry + "pytorch:2.9-r36.4.3"},
		{"orin jp6.2", "pytorch --prefer registry,local", registry + "pytorch:2.9-r36.4.3"},
		{"orin jp6.2", "pytorch torchvision", "robot:1"},
		{"orin jp6.2", "pytorch --python 3.12", "pytorch:py312"},
		{"orin jp6.2", "pytorch --python 3.12 --disable local", registry + "pytorch:2.8-r36.4.0"},
		{"orin jp6.2", "pytorch --cuda 12.8", registry + "pytorch:2.7-r36.4.0-cu128-24.04"},
		{"orin jp6.2", "pytorch:2.7", registry + "pytorch:2.7-r36.4.0-cu128-24.04"},
		{"orin jp6.2", "ros:humble-desktop", registry + "ros:humble-desktop-l4t-r36.4.0"},
		{"orin jp6.2", "vllm", registry + "vllm:nightly"},
		{"orin jp6.2", "triton", "triton:r36.4.3"},
		{"orin jp6.2", "numpy", "robot:1"},
		{"orin jp6.2", "numpy torchvision ./arm", "robot:1"},
		{"orin jp6.2", "jax", ""},
		{"orin jp6.2", "pytorch ros", ""},
		{"orin jp6.0", "pytorch", "pytorch:jp60"},
		{"orin jp6.0", "ros", ""},
		{"xavier jp5", "pytorch", "pytorch:jp5"},
		{"xavier jp5", "triton", "triton:r35.4.1"},
		{"thor jp7.2", "pytorch", "pytorch:thor"},
		{"thor jp7.2", "pytorch --disable local", registry + "pytorch:r39.2.arm64-sbsa-cu132-24.04"},
		{"thor jp7.2", "vllm", registry + "vllm:0.8.6-sbsa-cu130"},
		{"nano jp4", "pytorch", ""},
		{"pc", "pytorch", "pytorch:pc"},
		{"pc", "pytorch --disable local", registry + "pytorch:2.6-amd64-cu128-24.04"},
	} {
		stdout, stderr, code := run(test.machine, append(strings.Fields(test.args), "--quiet")...)
		what := test.machine + ": " + test.args
		if test.want == "" {
			assert.Equal(t, 127, code, "%s\n%s", what, stderr)
			assert.Empty(t, stdout, what)
		} else {
			assert.Equal(t, test.want+"\n", stdout, "%s\n%s", what, stderr)
			assert.Zero(t, code, what)
		}
		stdout, stderr, _ = run(test.machine, append(strings.Fields(test.args), "--explain", "--format", "json")...)
		var answer autotagAnswer
		require.NoError(t, json.Unmarshal([]byte(stdout), &answer), "%s\n%s", what, stderr)
		assert.Equal(t, test.want, answer.Image, what)
		fmt.Fprintf(&table, "%s, jetkit autotag %s\n", test.machine, test.args)
		for _, c := range answer.Candidates {
			verdict := []string{}
			if c.Chosen {
				verdict = []string{"CHOSEN"}
			}
			for _, r := range c.Reasons {
				verdict = append(verdict, r.Rule+": "+r.Text)
			}
			fmt.Fprintf(&table, "  %-52s %s\n", plain.Replace(c.Image), plain.Replace(strings.Join(verdict, "; ")))
		}
		assert.NotContains(t, stderr, "\x1b", what)
	}
	golden := filepath.Join("testdata", "autotag.golden")
	got := table.String()
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)

	t.Run("a registry that is down", func(t *testing.T) {
		stdout, stderr, code := run("orin jp6.2", "vllm", "--user", "127.0.0.1:1/down", "--user", shared.Registry+"/robots")
		assert.Equal(t, registry+"vllm:nightly\n", stdout)
		assert.Contains(t, stderr, "warning: 127.0.0.1:1/down: 127.0.0.1:1: it cannot be reached: ")
		assert.Zero(t, code)
	})
	t.Run("an image that docker does not see", func(t *testing.T) {
		_, stderr, _ := run("orin jp6.2", "triton")
		assert.Contains(t, stderr, "docker run does not see this image: it is in containerd's namespace default")
	})
	t.Run("docker runs what was found", func(t *testing.T) {
		stdout, _, _ := run("pc", "pytorch", "--disable", "local", "-q")
		pull := docker.Docker(t.Context(), harness.DockerRun{Args: []string{"pull", "--quiet", strings.TrimSpace(stdout)}})
		require.NoError(t, pull.Err())
	})
}

// TestAutotagAsks has no image of a package: autotag asks on the terminal whether to build one, and does. Then it finds it.
func TestAutotagAsks(t *testing.T) {
	t.Parallel()
	docker, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	writeFiles(t, dir, "", files{
		"packages/asked/Dockerfile": "#---\n# name: asked\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo built\n",
		"packages/asked/test.sh":    "true\n",
	})
	autotag := func(args ...string) *exec.Cmd {
		cmd := jetkitCommand(t, shared.Daemon, dir, append([]string{"autotag", "--disable", "registry", "--base", base(t)}, args...)...)
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+docker.Host, "CONTAINERD_ADDRESS=/nowhere/containerd.sock")
		return cmd
	}
	term := onTerminal(t, autotag("asked"))
	term.sees(t, "No image holds asked and runs on this machine (")
	term.sees(t, "Build one? [y/N] ")
	term.types(t, "\n")
	term.sees(t, "ERROR: no image holds asked")
	require.Equal(t, 127, term.ends(t))

	term = onTerminal(t, autotag("asked"))
	term.sees(t, "[y/N] ")
	term.types(t, "y\n")
	term.sees(t, "RUN echo built")
	require.Zero(t, term.ends(t), term.text())

	cmd := autotag("asked", "--quiet")
	found, err := cmd.Output()
	require.NoError(t, err)
	assert.Regexp(t, `^asked:\S+\n$`, string(found))
	assert.Contains(t, term.text(), strings.TrimSpace(string(found)), "it is the name that the build gave")
}
