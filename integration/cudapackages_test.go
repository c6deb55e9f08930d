//go:build integration

package integration

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signer is a key that signs repositories of Debian packages.
type signer struct{ home, fingerprint, public string }

// newSigner makes a key.
func newSigner(t *testing.T) signer {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // gpg's agent has a socket there, whose path must be short
	require.NoError(t, err)
	s := signer{home: home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		assert.NoError(t, os.RemoveAll(home))
	})
	s.gpg(t, "", "--quick-generate-key", "stand-in <nobody@example.com>", "ed25519", "sign", "never")
	listed := s.gpg(t, "", "--with-colons", "--list-keys")
	s.fingerprint = regexp.MustCompile(`(?m)^fpr:+([0-9A-F]{40}):`).FindStringSubmatch(listed)[1]
	s.public = s.gpg(t, "", "--armor", "--export")
	return s
}

func (s signer) gpg(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "gpg", append([]string{"--homedir", s.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	require.NoError(t, err, "gpg %v", args)
	return string(out)
}

// repository returns the files of a signed repository of packages, by their paths on a server.
func (s signer) repository(t *testing.T, packages ...debian) map[string][]byte {
	t.Helper()
	served, index := map[string][]byte{"/key.pub": []byte(s.public)}, ""
	for _, p := range packages {
		index += p.entry + "\n"
		name := regexp.MustCompile(`Filename: \./(\S+)`).FindStringSubmatch(p.entry)[1]
		served["/"+name] = p.content
	}
	release := fmt.Sprintf("Origin: stand-in\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %x %d Packages\n", sha256.Sum256([]byte(index)), len(index))
	served["/Packages"], served["/InRelease"] = []byte(index), []byte(s.gpg(t, release, "--clearsign"))
	return served
}

// nvidiaPackages are stand-ins with what the steps of the library's packages look for.
func nvidiaPackages(t *testing.T) []debian {
	t.Helper()
	nvcc := func(version string) files {
		return files{"usr/local/cuda/bin/nvcc": "#!/bin/sh\necho 'Cuda compilation tools, release " + version + ", V" + version + ".78'\n"}
	}
	header := func(major, minor string) files {
		return files{"usr/include/cudnn_version.h": "#define CUDNN_MAJOR " + major + "\n#define CUDNN_MINOR " + minor + "\n"}
	}
	packages := []debian{
		debianPackageOf(t, "cuda-toolkit-13-2", "13.2.1-1", "", nvcc("13.2")),
		debianPackageOf(t, "cuda-toolkit-13-0", "13.0.2-1", "", nvcc("13.1")), // not what its name says
		debianPackageOf(t, "libcudnn9-dev-cuda-13", "9.12.0.46-1", "", header("9", "12")),
		debianPackageOf(t, "libcudnn9-dev-cuda-13", "9.20.0.46-1", "libcudnn9-cuda-13", header("9", "20")),
		debianPackageOf(t, "libcudnn9-dev-cuda-13", "9.27.0.42-1", "", header("9", "27")),
		debianPackageOf(t, "libcudnn9-cuda-13", "9.20.0.46-1", "", nil),
	}
	for _, name := range []string{"libnvinfer-bin", "libnvinfer-plugin-dev", "libnvonnxparsers-dev", "python3-libnvinfer"} {
		packages = append(packages, debianPackageOf(t, name, "10.16.2.10-1+cuda13.2", "libnvinfer-dev (= 10.16.2.10-1+cuda13.2)", nil),
			debianPackageOf(t, name, "11.4.1.5-1+cuda13.4", "", nil))
	}
	return append(packages, debianPackageOf(t, "libnvinfer-dev", "10.16.2.10-1+cuda13.2", "", nil), debianPackageOf(t, "libnvinfer-dev", "11.4.1.5-1+cuda13.4", "", nil))
}

// TestCUDAPackages installs the library's CUDA, cuDNN and TensorRT from a stand-in for NVIDIA's repository, which has newer versions too,
// and lets the repository be at fault.
func TestCUDAPackages(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	served := s.repository(t, nvidiaPackages(t)...)
	m := serveMirror(t, served)
	project := func(t *testing.T) *project {
		t.Helper()
		return newProject(t, files{"jetson.yaml": libraryFile(t, "standins-cuda.yaml")})
	}
	from := func(host, fingerprint string) buildOption {
		return with("--build-arg", "NVIDIA_APT_SOURCE=http://"+host+"/ ./", "--build-arg", "NVIDIA_APT_SIGNER_URL=http://"+host+"/key.pub", "--build-arg", "NVIDIA_APT_SIGNER="+fingerprint)
	}

	t.Run("the versions of the plan", func(t *testing.T) {
		t.Parallel()
		b := project(t).build(t, push(), from(m.host, s.fingerprint))
		status := b.file(t, "/var/lib/dpkg/status")
		for _, want := range []string{
			"Package: cuda-toolkit-13-2", "Version: 13.2.1-1", "Package: libcudnn9-dev-cuda-13", "Version: 9.20.0.46-1", "Package: libcudnn9-cuda-13",
			"Package: libnvinfer-dev", "Version: 10.16.2.10-1+cuda13.2", "Package: python3-libnvinfer",
		} {
			assert.Contains(t, status, want+"\n")
		}
		for _, newer := range []string{"9.27.0.42", "11.4.1.5", "cuda-toolkit-13-0"} {
			assert.NotContains(t, status, newer)
		}
		b.assertAbsent(t, "/etc/apt/sources.list.d/nvidia-apt.list", "/etc/apt/preferences.d/nvidia-apt", "/usr/share/keyrings/nvidia-apt.asc", "/var/lib/apt/lists/lock")
	})
	away := serveMirror(t, map[string][]byte{})
	other := newSigner(t)
	corrupt := maps.Clone(served)
	corrupt["/cuda-toolkit-13-2_13.2.1-1.deb"] = slices.Repeat([]byte("x"), len(served["/cuda-toolkit-13-2_13.2.1-1.deb"]))
	spoilt := serveMirror(t, corrupt)
	for name, c := range map[string]struct {
		options []buildOption
		says    []string
	}{
		"another key":               {[]buildOption{from(m.host, other.fingerprint)}, []string{"nvidia-apt: the indexes cannot be had, or are not signed by"}},
		"no repository":             {[]buildOption{from(away.host, s.fingerprint)}, []string{"nvidia-apt: the key of the repository cannot be fetched from http://" + away.host + "/key.pub"}},
		"a repository that is away": {[]buildOption{from(m.host, s.fingerprint), with("--build-arg", "NVIDIA_APT_SOURCE=http://"+away.host+"/ ./")}, []string{"nvidia-apt: the indexes cannot be had", "http://" + away.host + "/ ./"}},
		"a spoilt package":          {[]buildOption{from(spoilt.host, s.fingerprint)}, []string{"Hash Sum mismatch"}},
		"another compiler":          {[]buildOption{from(m.host, s.fingerprint), arg("CUDA_VERSION=13.0")}, []string{"the plan has CUDA 13.0, and nvcc is of CUDA 13.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertContains(t, project(t).fail(t, c.options...).Stderr, append(c.says, "package cuda:13")...)
		})
	}
}

// libraryFile returns one of the files that say what of the library is tried, without the comment in front.
func libraryFile(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "library", name))
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(file), "\ntarget:")
	require.True(t, ok)
	return "target:" + body
}
