//go:build integration && library

package integration

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signer is a key that signs repositories of Debian packages.
type signer struct{ home, fingerprint, public string }

// newSigner makes a key, which signs with another one below it, as that of L4T's repositories does.
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
	s.gpg(t, "", "--quick-add-key", s.fingerprint, "ed25519", "sign", "never")
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

// repository returns the files of a signed repository of packages, by their paths on a server. Its indexes are in the folder of the
// packages, or, of a suite such as r36.4, where Debian has those of the component main. They are for this machine's processors, as are all programs of these tests' images.
func (s signer) repository(t *testing.T, suite string, packages ...debian) map[string][]byte {
	t.Helper()
	served, index := map[string][]byte{"/key.pub": []byte(s.public)}, ""
	for _, p := range packages {
		index += p.entry + "\n"
		name := regexp.MustCompile(`Filename: \./(\S+)`).FindStringSubmatch(p.entry)[1]
		served["/"+name] = p.content
	}
	folder, file, about := "/", "Packages", "Origin: stand-in\n"
	if suite != "" {
		folder, file = "/dists/"+suite+"/", "main/binary-"+runtime.GOARCH+"/Packages"
		about += "Suite: " + suite + "\nCodename: " + suite + "\nArchitectures: " + runtime.GOARCH + "\nComponents: main\n"
	}
	release := fmt.Sprintf("%sDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %x %d %s\n", about, sha256.Sum256([]byte(index)), len(index), file)
	served[folder+file], served[folder+"InRelease"] = []byte(index), []byte(s.gpg(t, release, "--clearsign"))
	return served
}

// toolkit is a stand-in for a CUDA whose compiler says that it is of a version.
func toolkit(t *testing.T, name, version, nvcc string) debian {
	t.Helper()
	return debianPackageOf(t, name, version, "", files{"usr/local/cuda/bin/nvcc": "#!/bin/sh\necho 'Cuda compilation tools, release " + nvcc + ", V" + nvcc + ".78'\n"})
}

// neural is a stand-in for a cuDNN, with the header in which its version is.
func neural(t *testing.T, name, version, depends string) debian {
	t.Helper()
	number := strings.SplitN(version, ".", 3)
	return debianPackageOf(t, name, version, depends, files{"usr/include/cudnn_version.h": "#define CUDNN_MAJOR " + number[0] + "\n#define CUDNN_MINOR " + number[1] + "\n"})
}

// inference are stand-ins for a TensorRT's packages.
func inference(t *testing.T, version string) []debian {
	t.Helper()
	packages := []debian{debianPackageOf(t, "libnvinfer-dev", version, "", nil)}
	for _, name := range []string{"libnvinfer-bin", "libnvinfer-plugin-dev", "libnvonnxparsers-dev", "python3-libnvinfer"} {
		packages = append(packages, debianPackageOf(t, name, version, "libnvinfer-dev (= "+version+")", nil))
	}
	return packages
}

// nvidiaPackages are stand-ins with what the steps of the library's packages look for.
func nvidiaPackages(t *testing.T) []debian {
	t.Helper()
	return slices.Concat([]debian{
		toolkit(t, "cuda-toolkit-13-2", "13.2.1-1", "13.2"),
		toolkit(t, "cuda-toolkit-13-0", "13.0.2-1", "13.1"), // not what its name says
		neural(t, "libcudnn9-dev-cuda-13", "9.12.0.46-1", ""),
		neural(t, "libcudnn9-dev-cuda-13", "9.20.0.46-1", "libcudnn9-cuda-13"),
		neural(t, "libcudnn9-dev-cuda-13", "9.27.0.42-1", ""),
		debianPackageOf(t, "libcudnn9-cuda-13", "9.20.0.46-1", "", nil),
	}, inference(t, "10.16.2.10-1+cuda13.2"), inference(t, "11.4.1.5-1+cuda13.4"))
}

// TestCUDAPackages installs the library's CUDA, cuDNN and TensorRT from a stand-in for NVIDIA's repository, which has newer versions too,
// and lets the repository be at fault.
func TestCUDAPackages(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	served := s.repository(t, "", nvidiaPackages(t)...)
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

// TestCUDAPackagesOfBoards installs the same for Jetsons: for JetPack 6.2 from a stand-in for the repository of its L4T, with other versions
// beside those of the release, and for JetPack 7.0 from one for NVIDIA's repositories for CUDA, where the package looks by itself.
func TestCUDAPackagesOfBoards(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	s := newSigner(t)
	for _, board := range []struct {
		file, folder, suite string
		packages            []debian
		from                func(host string) []string
		installed           []string
	}{
		{
			file: "standins-cuda-arm64.yaml", folder: "/jetson/common", suite: "r36.4",
			packages: slices.Concat([]debian{
				toolkit(t, "cuda-toolkit-12-6", "12.6.11-1", "12.6"), toolkit(t, "cuda-toolkit-12-9", "12.9.1-1", "12.9"),
				neural(t, "libcudnn9-dev-cuda-12", "9.3.0.75-1", ""), neural(t, "libcudnn9-dev-cuda-12", "9.12.0.46-1", ""),
			}, inference(t, "10.3.0.30-1+cuda12.5"), inference(t, "10.7.0.23-1+cuda12.6")),
			from: func(host string) []string {
				return []string{"NVIDIA_APT_SOURCE=http://" + host + "/jetson/common r36.4 main", "NVIDIA_APT_SIGNER_URL=http://" + host + "/jetson/common/key.pub"}
			},
			installed: []string{"cuda-toolkit-12-6 12.6.11-1", "libcudnn9-dev-cuda-12 9.3.0.75-1", "libnvinfer-dev 10.3.0.30-1+cuda12.5", "python3-libnvinfer 10.3.0.30-1+cuda12.5"},
		},
		{
			file: "standins-cuda-thor-arm64.yaml", folder: "/debian12/sbsa",
			packages: slices.Concat([]debian{
				toolkit(t, "cuda-toolkit-13-0", "13.0.2-1", "13.0"), toolkit(t, "cuda-toolkit-13-2", "13.2.1-1", "13.2"),
				neural(t, "libcudnn9-dev-cuda-13", "9.12.0.46-1", ""), neural(t, "libcudnn9-dev-cuda-13", "9.20.0.46-1", ""),
			}, inference(t, "10.13.3.9-1+cuda13.0"), inference(t, "10.16.2.10-1+cuda13.2")),
			from:      func(host string) []string { return []string{"NVIDIA_APT_ROOT=http://" + host} },
			installed: []string{"cuda-toolkit-13-0 13.0.2-1", "libcudnn9-dev-cuda-13 9.12.0.46-1", "libnvinfer-dev 10.13.3.9-1+cuda13.0", "python3-libnvinfer 10.13.3.9-1+cuda13.0"},
		},
	} {
		t.Run(board.file, func(t *testing.T) {
			t.Parallel()
			served := map[string][]byte{}
			for name, content := range s.repository(t, board.suite, board.packages...) {
				served[board.folder+strings.Replace(name, "/key.pub", map[bool]string{true: "/3bf863cc.pub", false: "/key.pub"}[board.suite == ""], 1)] = content
			}
			options := []buildOption{push(), asBoard(t), arg("NVIDIA_APT_SIGNER=" + s.fingerprint)}
			for _, a := range board.from(serveMirror(t, served).host) {
				options = append(options, arg(a))
			}
			b := newProject(t, files{"jetson.yaml": libraryFile(t, board.file)}).build(t, options...)
			status := b.anyFile(t, "/var/lib/dpkg/status")
			var got []string
			for _, p := range regexp.MustCompile(`(?m)^Package: ((?:cuda-|libcudnn|libnvinfer-dev|python3-libnvinfer)\S*)\n(?:[^\n]+\n)*?Version: (\S+)$`).FindAllStringSubmatch(status, -1) {
				got = append(got, p[1]+" "+p[2])
			}
			assert.ElementsMatch(t, board.installed, got)
		})
	}
}

// TestCUDAOfTheBase builds for JetPack 5.1.2, whose base image has CUDA, cuDNN and TensorRT: no repository is asked, and another version
// than that of the release is noticed.
func TestCUDAOfTheBase(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	project := func(t *testing.T, cudnn string) *project {
		t.Helper()
		tree := files{
			"jetson.yaml":                 "target: {jetpack: \"5.1.2\", python: \"3.11\"}\npackages: [jetpack, tensorrt]\ntests: {gpu: skip, run: none}\n",
			"packages/jetpack/Dockerfile": dockerfile("name: jetpack", "COPY *.deb /tmp/\nRUN dpkg -i /tmp/*.deb && rm /tmp/*.deb\n"),
		}
		for name, p := range map[string]debian{
			"cuda": toolkit(t, "cuda-nvcc-11-4", "11.4.315-1", "11.4"), "cudnn": neural(t, "libcudnn8-dev", cudnn, ""),
			"tensorrt": debianPackageOf(t, "libnvinfer-dev", "8.5.2-1+cuda11.4", "", nil),
		} {
			tree["packages/jetpack/"+name+".deb"] = string(p.content)
		}
		return newProject(t, tree)
	}
	nowhere := arg("NVIDIA_APT_ROOT=http://127.0.0.1:9")
	b := project(t, "8.6.0.166-1+cuda11.4").build(t, push(), asBoard(t), nowhere)
	assert.Contains(t, b.anyFile(t, "/usr/local/etc/nvidia-apt"), "NVIDIA_APT_SOURCE=''\n")
	assertContains(t, project(t, "8.4.1.50-1+cuda11.4").fail(t, asBoard(t), nowhere).Stderr, "the plan has cuDNN 8.6, and the header is of 8.4")
	assertContains(t, project(t, "8.6.0.166-1+cuda11.4").fail(t, asBoard(t), nowhere, arg("CUDNN_PACKAGE=libcudnn8-dev")).Stderr, "no repository of NVIDIA's is known for this target")
}

// TestCUDASamples fetches the samples by their commit and compiles three of them for the target's GPUs.
func TestCUDASamples(t *testing.T) {
	t.Parallel()
	samples := newProject(t, files{
		"Samples/0_Introduction/matrixMul/matrixMul.cu": "", "Samples/0_Introduction/matrixMul_nvrtc/matrixMul.cpp": "",
		"Samples/0_Introduction/vectorAdd/vectorAdd.cu": "", "Samples/1_Utilities/deviceQuery/deviceQuery.cpp": "", "Common/helper_cuda.h": "",
	}).serveGit(t, "")
	commit := samples.git(t, "rev-parse", "HEAD")
	samples.commit(t, files{"Samples/later": ""})
	options := []buildOption{arg("CUDA_SAMPLES_URL=" + samples.url), arg("CUDA_SAMPLES_COMMIT=" + commit)}
	project := libraryProject(t, "standins-cuda-samples.yaml", nil)
	b := project.build(t, append(options, push(), arg("CUDA_ARCHITECTURES=80;90"))...)
	const flags = "-gencode=arch=compute_80,code=sm_80 -gencode=arch=compute_90,code=sm_90 -I Common -o "
	assert.Contains(t, b.file(t, "/opt/cuda-samples/bin/matrixMul"), flags+"bin/matrixMul Samples/0_Introduction/matrixMul/matrixMul.cu")
	assert.Contains(t, b.file(t, "/opt/cuda-samples/bin/deviceQuery"), flags+"bin/deviceQuery Samples/1_Utilities/deviceQuery/deviceQuery.cpp")
	b.assertAbsent(t, "/opt/cuda-samples/.git/HEAD", "/opt/cuda-samples/Samples/later")
	assertContains(t, project.fail(t, append(options, arg("CUDA_SAMPLES=nbody"))...).Stderr, "the samples of CUDA 12.5 have no nbody")
}
