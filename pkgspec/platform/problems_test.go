package platform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/diag"
)

// problemTests pins the full text of everything that Resolve complains about:
// place, severity, message, rule, hint and related places.
var problemTests = []struct {
	name string
	req  Request
	want string
}{
	{"l4t is text", request("linux/arm64", "l4t", "latest"), `
jetson.yaml:2: error: "latest" is not an L4T release [invalid-l4t]
    hint: write it as in 36.4.3 or r36.4.3; run ` + "`cat /etc/nv_tegra_release`" + ` on the board: "R36 (release), REVISION: 4.3" means l4t: 36.4.3`},
	{"l4t is a jetpack", request("linux/arm64", "l4t", "6.2"), `
jetson.yaml:2: error: 6.2 is a JetPack release, not an L4T release [invalid-l4t]
    hint: write jetpack: "6.2"`},
	{"l4t without minor", request("linux/arm64", "l4t", "r38"), `
jetson.yaml:2: error: L4T r38 lacks its minor number [invalid-l4t]
    hint: the nearest known are L4T 38.1.0 (JetPack 7.0 EA), L4T 38.2.2 (JetPack 7.0) and L4T 38.4.0 (JetPack 7.1)`},
	{"l4t major only, unknown", request("linux/arm64", "l4t", "33"), `
jetson.yaml:2: error: L4T 33 lacks its minor number [invalid-l4t]
    hint: the nearest known are L4T 32.7.6 (JetPack 4.6.6) and L4T 34.1.0 (JetPack 5.0 DP)`},
	{"unknown minor", request("linux/arm64", "l4t", "36.9"), `
jetson.yaml:2: error: unknown L4T release 36.9 [unknown-l4t]
    hint: the nearest known are L4T 36.5.2 (JetPack 6.2.3) and L4T 38.1.0 (JetPack 7.0 EA)
          if the number is right, give the release's values too: cuda and ubuntu`},
	{"unknown major from an argument", request("linux/arm64", "l4t", "L4T_VERSION=37.1"), `
error: unknown L4T release 37.1 (--build-arg L4T_VERSION) [unknown-l4t]
    hint: the nearest known are L4T 36.5.2 (JetPack 6.2.3) and L4T 38.1.0 (JetPack 7.0 EA)
          if the number is right, give the release's values too: cuda and ubuntu`},
	{"newer than all", request("linux/arm64", "l4t", "40.1"), `
jetson.yaml:2: error: unknown L4T release 40.1 [unknown-l4t]
    hint: the nearest known is L4T 39.2.2 (JetPack 7.2.2)
          if the number is right, give the release's values too: cuda and ubuntu`},
	{"older than all", request("linux/arm64", "l4t", "28.2"), `
jetson.yaml:2: error: unknown L4T release 28.2 [unknown-l4t]
    hint: the nearest known is L4T 32.6.1 (JetPack 4.6)
          if the number is right, give the release's values too: cuda, ubuntu and base`},
	{"unlisted patch", request("linux/arm64", "l4t", "36.4.9"), `
jetson.yaml:2: warning: L4T 36.4.9 is not in jetkit's table; the values of the nearest release 36.4.7 are used [unlisted-l4t]
    hint: check that CUDA and the other versions are those of your board, or set them`},
	{"jetpack with GA", request("linux/arm64", "jetpack", "6.2 GA"), `
jetson.yaml:2: error: unknown JetPack release "6.2 GA" [unknown-jetpack]
    hint: write "6.2": a release goes by its number, and only previews have a word behind it`},
	{"jetpack with its name", request("linux/arm64", "jetpack", "JetPack 5.1.2"), `
jetson.yaml:2: error: unknown JetPack release "JetPack 5.1.2" [unknown-jetpack]
    hint: write "5.1.2": a release goes by its number, and only previews have a word behind it`},
	{"jetpack that never was", request("linux/arm64", "jetpack", "6.3"), `
jetson.yaml:2: error: unknown JetPack release "6.3" [unknown-jetpack]
    hint: the nearest known are 6.2.3 (L4T 36.5.2) and 7.0 EA (L4T 38.1.0)
          for a release that jetkit does not know write its L4T: run ` + "`cat /etc/nv_tegra_release`" + ` on the board: "R36 (release), REVISION: 4.3" means l4t: 36.4.3`},
	{"jetpack of previews only", request("linux/arm64", "jetpack", "5.0"), `
jetson.yaml:2: error: unknown JetPack release "5.0" [unknown-jetpack]
    hint: the nearest known is 5.0 DP (L4T 34.1.0)`},
	{"jetpack major", request("linux/arm64", "jetpack", "6"), `
jetson.yaml:2: error: unknown JetPack release "6" [unknown-jetpack]
    hint: the nearest known are 6.0 DP (L4T 36.2.0) and 6.0 (L4T 36.3.0)`},
	{"jetpack is an l4t", request("linux/arm64", "jetpack", "r36.4.3"), `
jetson.yaml:2: error: unknown JetPack release "r36.4.3" [unknown-jetpack]
    hint: this is an L4T release: write l4t: 36.4.3`},
	{"jetpack mistyped", request("linux/arm64", "jetpack", "6,2"), `
jetson.yaml:2: error: unknown JetPack release "6,2" [unknown-jetpack]
    hint: did you mean 6.2?`},
	{"jetpack nonsense", request("linux/arm64", "jetpack", "newest"), `
jetson.yaml:2: error: unknown JetPack release "newest" [unknown-jetpack]
    hint: write a release as in 7.2`},
	{"contradiction", request("linux/arm64", "l4t", "35.4.1", "jetpack", "6.2.1"), `
jetson.yaml:3: error: JetPack 6.2.1 is L4T 36.4.4 or 36.4.7, but l4t is 35.4.1, which is JetPack 5.1.2 [l4t-jetpack-conflict]
    hint: leave one of them out, or write jetpack: "5.1.2" or l4t: 36.4.7
    jetson.yaml:2: l4t: 35.4.1 is given here`},
	{"preview contradicts release", request("linux/arm64", "l4t", "L4T_VERSION=r36.3.0", "jetpack", "6.0 DP"), `
jetson.yaml:3: error: JetPack 6.0 DP is L4T 36.2.0, but l4t is 36.3.0 (--build-arg L4T_VERSION), which is JetPack 6.0 [l4t-jetpack-conflict]
    hint: leave one of them out, or write jetpack: "6.0" or l4t: 36.2.0`},
	{"nothing named", request("linux/arm64"), `
jetson.yaml:1: error: the target needs l4t or jetpack: the builder cannot tell which Jetson the image is for [missing-release]
    hint: run ` + "`cat /etc/nv_tegra_release`" + ` on the board: "R36 (release), REVISION: 4.3" means l4t: 36.4.3
          for an ARM server that is no Jetson write arch: sbsa`},
	{"nothing named, tegra", request("linux/arm64", "arch", "tegra", "cuda", "12.6"), `
jetson.yaml:1: error: the target needs l4t or jetpack: the builder cannot tell which Jetson the image is for [missing-release]
    hint: run ` + "`cat /etc/nv_tegra_release`" + ` on the board: "R36 (release), REVISION: 4.3" means l4t: 36.4.3
          for an ARM server that is no Jetson write arch: sbsa`},
	{"cuda of the board's system", request("linux/arm64", "l4t", "35.4.1", "cuda", "12.6"), `
jetson.yaml:3: error: L4T 35.4.1 has CUDA 11.4: up to L4T 35 CUDA comes with the board's system, and CUDA 12.6 cannot run there [cuda-tied-to-l4t]
    hint: leave cuda out, take one of NVIDIA's upgrades (11.8 and 12.2), or choose a JetPack with CUDA 12.6: 6.1, 6.1 rev 1, 6.2, 6.2.1, 6.2.2 or 6.2.3
    jetson.yaml:2: l4t: 35.4.1 is given here`},
	{"cuda of no release", request("linux/arm64", "jetpack", "4.6.1", "cuda", "12.8"), `
jetson.yaml:3: error: L4T 32.7.1 has CUDA 10.2: up to L4T 35 CUDA comes with the board's system, and CUDA 12.8 cannot run there [cuda-tied-to-l4t]
    hint: leave cuda out, or choose JetPack 6 or later, where containers bring their own CUDA
    jetson.yaml:2: jetpack: 4.6.1 is given here`},
	{"cuda upgrade", request("linux/arm64", "l4t", "35.4.1", "cuda", "11.8"), `
jetson.yaml:3: warning: CUDA 11.8 is an upgrade of the CUDA 11.4 that L4T 35.4.1 brings [cuda-upgrade]
    hint: cuDNN and TensorRT of the base image stay those for CUDA 11.4
    jetson.yaml:2: l4t: 35.4.1 is given here`},
	{"cuda of an older jetpack", request("linux/arm64", "l4t", "36.2", "cuda", "11.4", "python", "3.10"), `
jetson.yaml:3: warning: CUDA 11.4 is older than L4T 36.2.0, which came with CUDA 12.2: few packages are built for this pair [old-cuda]
    hint: leave cuda out to get 12.2
    jetson.yaml:2: l4t: 36.2 is given here`},
	{"cuda without the only board", request("linux/arm64", "jetpack", "7.1", "cuda", "12.9"), `
jetson.yaml:3: error: CUDA 12.9 cannot compile for Thor, a board of L4T 38.4.0 [cuda-lacks-architecture]
    hint: use CUDA 13.0 or newer, or leave cuda out to get 13.0
    jetson.yaml:2: jetpack: 7.1 is given here`},
	{"cuda without one of the boards", request("linux/arm64", "jetpack", "7.2", "cuda", "12.9"), `
jetson.yaml:3: warning: CUDA 12.9 cannot compile for Thor, a board of L4T 39.2.0 [cuda-lacks-architecture]
    hint: use CUDA 13.0 or newer, or leave cuda out to get 13.2
    jetson.yaml:2: jetpack: 7.2 is given here`},
	{"cuda for no GPU of the arch", request("linux/amd64", "cuda", "10.2"), `
jetson.yaml:2: error: CUDA 10.2 cannot compile for any GPU that jetkit knows of x86_64 [cuda-lacks-architecture]
    hint: use CUDA 11.0 or newer, or leave cuda out to get 13.2`},
	{"cuda that the release cannot use", request("linux/arm64", "l4t", "36.4.4", "cuda", "13.2"), `
jetson.yaml:3: error: L4T 36.4.4 cannot use CUDA 13.2: from 13.0 on NVIDIA packages CUDA for ARM as server (SBSA) packages only, which need L4T 38 or newer [cuda-not-for-l4t]
    hint: leave cuda out to get 12.6, or choose a JetPack with CUDA 13.2: 7.2, 7.2.1 or 7.2.2
    source: dusty-nv/jetson-containers: pull requests 1257 and 1279
    jetson.yaml:2: l4t: 36.4.4 is given here`},
	{"cuda that the release cannot use, of no release", request("linux/arm64", "jetpack", "6.2", "cuda", "13.4", "arch", "sbsa"), `
jetson.yaml:3: error: L4T 36.4.3 cannot use CUDA 13.4: from 13.0 on NVIDIA packages CUDA for ARM as server (SBSA) packages only, which need L4T 38 or newer [cuda-not-for-l4t]
    hint: leave cuda out to get 12.6, or choose JetPack 7 or later
    source: dusty-nv/jetson-containers: pull requests 1257 and 1279
    jetson.yaml:2: jetpack: 6.2 is given here
jetson.yaml:4: warning: arch is aarch64, but with L4T 36.4.3 boards use Tegra's own CUDA packages up to L4T 36 [unusual-arch]
    hint: leave arch out to get tegra-aarch64
    jetson.yaml:2: jetpack: 6.2 is given here`},
	{"target given whole", request("linux/arm64", "l4t", "39.1", "cuda", "13.1", "python", "3.12", "ubuntu", "24.04", "arch", "sbsa", "base", "ubuntu:24.04"), `
jetson.yaml:2: warning: L4T 39.1 is in no table; the values given for it are taken as they are, and the boards are those of L4T 39.0.0 [unlisted-l4t]
    hint: check them, or add the release to the facts of your own`},
	{"target given whole, with its JetPack", request("linux/arm64", "l4t", "39.3", "jetpack", "7.3", "cuda", "13.4", "ubuntu", "noble"), `
jetson.yaml:2: warning: L4T 39.3 is in no table; the values given for it are taken as they are, and the boards are those of L4T 39.2.2 [unlisted-l4t]
    hint: check them, or add the release to the facts of your own
jetson.yaml:3: warning: JetPack 7.3 is in no table; it is taken as given, with L4T 39.3 [unlisted-jetpack]
    hint: check its name: packages see it as JETPACK_VERSION`},
	{"target given whole, of a release that cannot use its cuda", request("linux/arm64", "l4t", "36.6", "cuda", "13.0", "ubuntu", "22.04"), `
jetson.yaml:2: warning: L4T 36.6 is in no table; the values given for it are taken as they are, and the boards are those of L4T 36.5.2 [unlisted-l4t]
    hint: check them, or add the release to the facts of your own
jetson.yaml:3: error: L4T 36.6 cannot use CUDA 13.0: from 13.0 on NVIDIA packages CUDA for ARM as server (SBSA) packages only, which need L4T 38 or newer [cuda-not-for-l4t]
    hint: use a CUDA before 13.0, or choose a JetPack with CUDA 13.0: 7.0 or 7.1
    source: dusty-nv/jetson-containers: pull requests 1257 and 1279
    jetson.yaml:2: l4t: 36.6 is given here`},
	{"ubuntu of no table", request("linux/arm64", "l4t", "39.2.1", "ubuntu", "26.10", "python", "3.14"), `
jetson.yaml:3: warning: Ubuntu 26.10 is in no table; it is taken as given [unlisted-ubuntu]
    hint: check that there is an image ubuntu:26.10, or give a base`},
	{"jetpack whose L4T is a guess", request("linux/arm64", "jetpack", "7.2.2"), `
jetson.yaml:2: warning: JetPack 7.2.2 is taken for L4T 39.2.2, but no source of jetkit's tables confirms that [unverified-release]
    hint: write l4t: as the Jetson has it; run ` + "`cat /etc/nv_tegra_release`" + ` on the board: "R36 (release), REVISION: 4.3" means l4t: 36.4.3`},
	{"patch level and JetPack of no table", request("linux/arm64", "l4t", "39.2.3", "jetpack", "7.2.3"), `
jetson.yaml:2: warning: L4T 39.2.3 is not in jetkit's table; the values of the nearest release 39.2.1 are used [unlisted-l4t]
    hint: check that CUDA and the other versions are those of your board, or set them
jetson.yaml:3: warning: JetPack 7.2.3 is in no table; it is taken as given, with L4T 39.2.3 [unlisted-jetpack]
    hint: check its name: packages see it as JETPACK_VERSION`},
	{"cuda major only", request("linux/arm64", "l4t", "36.4.3", "cuda", "12"), `
jetson.yaml:3: error: "12" is not a CUDA version [invalid-cuda]
    hint: write the minor number too, as in 12.6`},
	{"cuda nonsense", request("linux/arm64", "l4t", "36.4.3", "cuda", "CUDA_VERSION=cu12"), `
error: "cu12" is not a CUDA version (--build-arg CUDA_VERSION) [invalid-cuda]
    hint: write major and minor number, as in 12.6 or cu126`},
	{"python lost a zero", request("linux/arm64", "l4t", "36.4.3", "python", "3.1"), `
jetson.yaml:3: error: Python 3.1 is too old for every target [unknown-python]
    hint: did you mean 3.10? A number loses its last zero where it is not quoted`},
	{"python 2", request("linux/arm64", "l4t", "36.4.3", "python", "2.7"), `
jetson.yaml:3: error: Python 2.7 is too old for every target [unknown-python]
    hint: the oldest Python on a Jetson is 3.6`},
	{"python major only", request("linux/arm64", "l4t", "36.4.3", "python", "3"), `
jetson.yaml:3: error: "3" is not a Python version [invalid-python]
    hint: write major and minor number, as in 3.10`},
	{"python tag", request("linux/arm64", "l4t", "36.4.3", "python", "cp310"), `
jetson.yaml:3: error: "cp310" is not a Python version [invalid-python]
    hint: write 3.10`},
	{"python free-threaded", request("linux/arm64", "l4t", "36.4.3", "python", "3.12t"), `
jetson.yaml:3: error: there is no free-threaded Python 3.12 [unknown-python]
    hint: free-threaded Pythons begin with 3.13t`},
	{"ubuntu point release", request("linux/arm64", "l4t", "36.4.3", "ubuntu", "22.04.5"), `
jetson.yaml:3: error: unknown Ubuntu release "22.04.5" [unknown-ubuntu]
    hint: write 22.04, without the point release`},
	{"ubuntu mistyped", request("linux/arm64", "l4t", "36.4.3", "ubuntu", "jamy"), `
jetson.yaml:3: error: unknown Ubuntu release "jamy" [unknown-ubuntu]
    hint: did you mean jammy? known are 16.04, 18.04, 20.04, 22.04, 24.04 and 26.04`},
	{"ubuntu nonsense", request("linux/arm64", "l4t", "36.4.3", "ubuntu", "debian"), `
jetson.yaml:3: error: unknown Ubuntu release "debian" [unknown-ubuntu]
    hint: known are 16.04, 18.04, 20.04, 22.04, 24.04 and 26.04`},
	{"ubuntu of another base", request("linux/arm64", "l4t", "35.4.1", "ubuntu", "22.04"), `
jetson.yaml:3: error: the base image of L4T 35.4.1, nvcr.io/nvidia/l4t-jetpack:r35.4.1, holds Ubuntu 20.04, not 22.04 [ubuntu-not-in-base]
    hint: leave ubuntu out, or give a base image with Ubuntu 22.04 as base
    jetson.yaml:2: l4t: 35.4.1 is given here`},
	{"ubuntu older than the board's", request("linux/arm64", "l4t", "36.4.3", "ubuntu", "focal"), `
jetson.yaml:3: warning: Ubuntu 20.04 is older than the Ubuntu 22.04 of L4T 36.4.3 [old-ubuntu]
    hint: the board's driver libraries are mounted into the container and need a C library as new as the board's; use Ubuntu 22.04 or newer
    jetson.yaml:2: l4t: 36.4.3 is given here`},
	{"arch against platform", request("linux/amd64", "l4t", "36.4.3", "arch", "tegra"), `
jetson.yaml:3: error: arch tegra is linux/arm64, but the build is for linux/amd64 [arch-platform-conflict]
    hint: build with --platform linux/arm64, or leave arch out`},
	{"x86 on arm", request("linux/arm64", "arch", "CUDA_ARCH=x86_64"), `
error: arch x86_64 is linux/amd64, but the build is for linux/arm64 (--build-arg CUDA_ARCH) [arch-platform-conflict]
    hint: build with --platform linux/amd64, or leave arch out`},
	{"arch mistyped", request("linux/arm64", "l4t", "36.4.3", "arch", "tegre"), `
jetson.yaml:3: error: unknown arch "tegre" [unknown-arch]
    hint: did you mean tegra?`},
	{"arch nonsense", request("linux/amd64", "arch", "riscv"), `
jetson.yaml:2: error: unknown arch "riscv" [unknown-arch]
    hint: known are tegra, sbsa and x86_64`},
	{"arch of two meanings", request("linux/arm64", "l4t", "36.4.3", "arch", "arm64"), `
jetson.yaml:3: error: unknown arch "arm64" [unknown-arch]
    hint: linux/arm64 is two arches: write tegra for a Jetson up to L4T 36, sbsa for ARM servers and newer Jetsons, or leave arch out`},
	{"sbsa on an old board", request("linux/arm64", "l4t", "36.4.3", "arch", "aarch64"), `
jetson.yaml:3: warning: arch is aarch64, but with L4T 36.4.3 boards use Tegra's own CUDA packages up to L4T 36 [unusual-arch]
    hint: leave arch out to get tegra-aarch64
    jetson.yaml:2: l4t: 36.4.3 is given here`},
	{"tegra on a new board", request("linux/arm64", "jetpack", "7.1", "arch", "tegra"), `
jetson.yaml:3: warning: arch is tegra-aarch64, but with L4T 38.4.0 boards use the server (SBSA) CUDA packages from L4T 38 on [unusual-arch]
    hint: leave arch out to get aarch64
    jetson.yaml:2: jetpack: 7.1 is given here`},
	{"platform forgotten on a PC", request("linux/amd64", "jetpack", "6.2"), `
jetson.yaml:2: warning: the target names a Jetson release, but the build is for linux/amd64 [jetson-release-on-amd64]
    hint: for a Jetson build with --platform linux/arm64; if you mean PCs write arch: x86_64`},
	{"platform that nobody has", request("linux/arm/v7", "jetpack", "6.2"), `
jetson.yaml:1: error: cannot build for linux/arm/v7 [unknown-platform]
    hint: build with --platform linux/arm64 for a Jetson, or linux/amd64`},
	{"all at once", request("linux/arm64", "l4t", "36.9", "cuda", "x", "python", "3.1", "ubuntu", "9.04", "arch", "mips"), `
jetson.yaml:2: warning: L4T 36.9 is in no table; the values given for it are taken as they are, and the boards are those of L4T 36.5.2 [unlisted-l4t]
    hint: check them, or add the release to the facts of your own
jetson.yaml:3: error: "x" is not a CUDA version [invalid-cuda]
    hint: write major and minor number, as in 12.6 or cu126
jetson.yaml:4: error: Python 3.1 is too old for every target [unknown-python]
    hint: did you mean 3.10? A number loses its last zero where it is not quoted
jetson.yaml:5: error: unknown Ubuntu release "9.04" [unknown-ubuntu]
    hint: known are 16.04, 18.04, 20.04, 22.04, 24.04 and 26.04
jetson.yaml:6: error: unknown arch "mips" [unknown-arch]
    hint: known are tegra, sbsa and x86_64`},
}

// A build for several platforms has forgotten none of them.
func TestReleaseAmongSeveralPlatforms(t *testing.T) {
	req := request("linux/amd64", "jetpack", "6.2")
	req.OneOfSeveral = true
	_, _, problems := Resolve(req)
	assert.Empty(t, problems, "problems:\n%s", text(problems))
}

func TestProblems(t *testing.T) {
	for _, test := range problemTests {
		t.Run(test.name, func(t *testing.T) {
			_, _, problems := Resolve(test.req)
			got, want := text(problems), strings.TrimSpace(test.want)
			assert.Equal(t, want, got)
		})
	}
}

// text prints problems as users see them.
func text(problems diag.List) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// TestUnlistedPatch pins the choice of the row that stands in for an unlisted
// patch level, and that the L4T stays what the user said.
func TestUnlistedPatch(t *testing.T) {
	for _, test := range []struct{ l4t, jetpack, wantCUDNN, wantReason string }{
		{"36.4.9", "", "9.3.0.75", "default of L4T 36.4.7, the nearest known to 36.4.9"},
		{"36.4.1", "", "9.3.0.75", "default of L4T 36.4.0, the nearest known to 36.4.1"}, // of two as near, the older
		{"32.7", "", "8.2.1.32", "default of L4T 32.7.1, the nearest known to 32.7"},
		{"35.6.5", "", "8.6.0.166", "default of L4T 35.6.4, the nearest known to 35.6.5"},
		{"36.5.1", "6.2.3", "9.3.0.75", "default of L4T 36.5.2, the nearest known to 36.5.1 (unverified)"}, // the JetPack decides
	} {
		t.Run(test.l4t, func(t *testing.T) {
			target, _, problems := Resolve(request("linux/arm64", "l4t", test.l4t, "jetpack", test.jetpack))
			rules := make([]string, 0, 1)
			for _, p := range problems {
				rules = append(rules, p.Rule.Name)
			}
			assert.Equal(t, []string{"unlisted-l4t"}, rules, "rules")
			assert.Equal(t, test.l4t, target.L4T.Value, "l4t")
			assert.Equal(t, test.wantCUDNN, target.CUDNN.Value, "cudnn %+v", target.CUDNN)
			assert.Equal(t, test.wantReason, target.CUDNN.Reason, "cudnn %+v", target.CUDNN)
		})
	}
}
