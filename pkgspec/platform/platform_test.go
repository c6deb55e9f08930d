package platform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// releaseWant is what a board with one L4T gets.
type releaseWant struct {
	l4t, jetpack, ubuntu, python, cuda, cudnn, tensorrt, arch, sm, base string
}

const (
	l4tBase    = "nvcr.io/nvidia/l4t-base:"
	l4tJetPack = "nvcr.io/nvidia/l4t-jetpack:"
)

// wantReleases is written by hand from the research on the releases, not read
// from the tables: a typing error in either is seen.
var wantReleases = []releaseWant{
	{"32.6.1", "4.6", "18.04", "3.6", "10.2", "8.2.1", "8.0.1", archTegra, "53;62;72", l4tBase + "r32.6.1"},
	{"32.7.1", "4.6.1", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"32.7.2", "4.6.2", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"32.7.3", "4.6.3", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"32.7.4", "4.6.4", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"32.7.5", "4.6.5", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"32.7.6", "4.6.6", "18.04", "3.6", "10.2", "8.2.1.32", "8.2.1", archTegra, "53;62;72", l4tBase + "r32.7.1"},
	{"34.1.0", "5.0 DP", "20.04", "3.8", "11.4", "8.3.2.49", "8.4.0", archTegra, "72;87", l4tJetPack + "r34.1"},
	{"34.1.1", "5.0.1 DP", "20.04", "3.8", "11.4", "8.3.2.49", "8.4.0", archTegra, "72;87", l4tJetPack + "r34.1.1"},
	{"35.1.0", "5.0.2", "20.04", "3.8", "11.4", "8.4.1", "8.4.1", archTegra, "72;87", l4tJetPack + "r35.1.0"},
	{"35.2.1", "5.1", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.2.1"},
	{"35.3.1", "5.1.1", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.3.1"},
	{"35.4.1", "5.1.2", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.5.0", "5.1.3", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.6.0", "5.1.4", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.6.1", "5.1.5", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.6.2", "5.1.5", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.6.3", "5.1.5", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"35.6.4", "5.1.6", "20.04", "3.8", "11.4", "8.6.0.166", "8.5.2", archTegra, "72;87", l4tJetPack + "r35.4.1"},
	{"36.2.0", "6.0 DP", "22.04", "3.10", "12.2", "8.9.4.25", "8.6.2.3", archTegra, "87", "ubuntu:22.04"},
	{"36.3.0", "6.0", "22.04", "3.10", "12.2", "8.9.4.25", "8.6.2.3", archTegra, "87", "ubuntu:22.04"},
	{"36.4.0", "6.1", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.4.2", "6.1 rev 1", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.4.3", "6.2", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.4.4", "6.2.1", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.4.7", "6.2.1", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.5.0", "6.2.2", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"36.5.2", "6.2.3", "22.04", "3.10", "12.6", "9.3.0.75", "10.3.0.30", archTegra, "87", "ubuntu:22.04"},
	{"38.1.0", "7.0 EA", "24.04", "3.12", "13.0", "", "", archSBSA, "110", "ubuntu:24.04"},
	{"38.2.0", "7.0", "24.04", "3.12", "13.0", "9.12.0.46", "10.13.3.9", archSBSA, "110", "ubuntu:24.04"},
	{"38.2.1", "7.0", "24.04", "3.12", "13.0", "9.12.0.46", "10.13.3.9", archSBSA, "110", "ubuntu:24.04"},
	{"38.2.2", "7.0", "24.04", "3.12", "13.0", "9.12.0.46", "10.13.3.9", archSBSA, "110", "ubuntu:24.04"},
	{"38.4.0", "7.1", "24.04", "3.12", "13.0", "9.12.0.46", "10.13.3.9", archSBSA, "110", "ubuntu:24.04"},
	{"39.0.0", "7.2 EA", "24.04", "3.12", "13.2", "", "", archSBSA, "87;110", "ubuntu:24.04"},
	{"39.2.0", "7.2", "24.04", "3.12", "13.2", "9.20.0.46", "10.16.2.10", archSBSA, "87;110", "ubuntu:24.04"},
	{"39.2.1", "7.2.1", "24.04", "3.12", "13.2", "9.20.0.46", "10.16.2.10", archSBSA, "87;110", "ubuntu:24.04"},
	{"39.2.2", "7.2.2", "24.04", "3.12", "13.2", "", "", archSBSA, "87;110", "ubuntu:24.04"},
}

func TestResolveEveryRelease(t *testing.T) {
	got, want := len(BuiltIn().releases), len(wantReleases)
	require.Equal(t, want, got, "the table has %d rows, this test %d: write down what you expect of a new row", got, want)
	for _, want := range wantReleases {
		t.Run(want.l4t, func(t *testing.T) {
			target, base, problems := Resolve(request("linux/arm64", "l4t", want.l4t))
			assert.Empty(t, problems, "problems")
			got := releaseWant{
				target.L4T.Value, target.JetPack.Value, target.Ubuntu.Value, target.Python.Value, target.CUDA.Value,
				target.CUDNN.Value, target.TensorRT.Value, target.Arch.Value, target.CUDAArchitectures.Value, base.Value,
			}
			assert.Equal(t, want, got)
			for name, v := range values(target, base) {
				assert.NotEmpty(t, v.Reason, "%s = %+v lacks its reason or source", name, v)
				assert.False(t, v.Source == "" && name != "l4t", "%s = %+v lacks its reason or source", name, v)
			}
			// The release's name leads back to a release of that name.
			byName, _, problems := Resolve(request("linux/arm64", "jetpack", want.jetpack))
			require.False(t, problems.HasErrors(), "jetpack %s gives %v, %v", want.jetpack, byName, problems)
			assert.Equal(t, want.jetpack, byName.JetPack.Value, "jetpack %s gives %v, %v", want.jetpack, byName, problems)
			assert.Equal(t, want.cuda, byName.CUDA.Value, "jetpack %s gives %v, %v", want.jetpack, byName, problems)
		})
	}
}

// request builds a request from pairs of key and value; the n-th pair stands on
// line n+1 of jetson.yaml. A value "ARG=x" comes from that build argument.
func request(platform string, pairs ...string) Request {
	req := Request{Platform: platform, At: diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 1}}}
	fields := map[string]*Asked{
		"l4t": &req.L4T, "jetpack": &req.JetPack, "cuda": &req.CUDA,
		"python": &req.Python, "ubuntu": &req.Ubuntu, "arch": &req.Arch, "base": &req.Base,
	}
	for i := 0; i < len(pairs); i += 2 {
		at := diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 2 + i/2}}
		asked := Asked{Value: pairs[i+1], From: at.String(), At: at}
		if arg, value, ok := strings.Cut(pairs[i+1], "="); ok {
			asked = Asked{Value: value, From: "--build-arg " + arg}
		}
		*fields[pairs[i]] = asked
	}
	return req
}

// values names every value of a resolved target.
func values(t plan.Target, base plan.Value) map[string]plan.Value {
	return map[string]plan.Value{
		"l4t": t.L4T, "jetpack": t.JetPack, "cuda": t.CUDA, "cudnn": t.CUDNN, "tensorrt": t.TensorRT,
		"python": t.Python, "ubuntu": t.Ubuntu, "arch": t.Arch, "sm": t.CUDAArchitectures, "base": base,
	}
}

// TestReasons pins values with their reasons, for every way a value can come
// about.
func TestReasons(t *testing.T) {
	const arm, amd = "linux/arm64", "linux/amd64"
	tests := []struct {
		name string
		req  Request
		want map[string]string // key: "value: reason"
	}{
		{"by l4t", request(arm, "l4t", "r36.4.3"), map[string]string{
			"l4t":     "36.4.3: jetson.yaml:2, written r36.4.3",
			"jetpack": "6.2: JetPack of L4T 36.4.3",
			"cuda":    "12.6: default of L4T 36.4.3",
			"cudnn":   "9.3.0.75: default of L4T 36.4.3",
			"ubuntu":  "22.04: default of L4T 36.4.3",
			"python":  "3.10: default of Ubuntu 22.04",
			"arch":    "tegra-aarch64: linux/arm64: boards use Tegra's own CUDA packages up to L4T 36",
			"sm":      "87: boards of L4T 36.4.3: Orin",
			"base":    "ubuntu:22.04: plain Ubuntu 22.04: CUDA is installed on top",
		}},
		{"by jetpack", request(arm, "jetpack", "6.0"), map[string]string{
			"l4t": "36.3.0: JetPack 6.0", "jetpack": "6.0: jetson.yaml:2", "cuda": "12.2: default of L4T 36.3.0",
		}},
		{"preview is another release", request(arm, "jetpack", "6.0 dp"), map[string]string{
			"l4t": "36.2.0: JetPack 6.0 DP", "jetpack": "6.0 DP: jetson.yaml:2, written 6.0 dp",
		}},
		{"newest of several", request(arm, "jetpack", "6.2.1"), map[string]string{
			"l4t": "36.4.7: JetPack 6.2.1, the newest of L4T 36.4.4 and 36.4.7",
		}},
		{"newest verified of several", request(arm, "jetpack", "5.1.5"), map[string]string{
			"l4t": "35.6.2: JetPack 5.1.5, the newest verified of L4T 35.6.1, 35.6.2 and 35.6.3",
		}},
		{"another name", request(arm, "jetpack", "6.1.1"), map[string]string{
			"l4t": "36.4.2: JetPack 6.1 rev 1 (unverified)", "jetpack": "6.1 rev 1: jetson.yaml:2, written 6.1.1",
		}},
		{"both agree", request(arm, "l4t", "36.4.4", "jetpack", "6.2.1"), map[string]string{
			"l4t": "36.4.4: jetson.yaml:2", "jetpack": "6.2.1: jetson.yaml:3",
		}},
		{"two numbers", request(arm, "l4t", "36.4"), map[string]string{
			"l4t": "36.4.0: jetson.yaml:2, written 36.4", "jetpack": "6.1: JetPack of L4T 36.4.0",
		}},
		{"unverified facts", request(arm, "l4t", "38.1.0"), map[string]string{
			"jetpack": "7.0 EA: JetPack of L4T 38.1.0 (unverified)", "cuda": "13.0: default of L4T 38.1.0 (unverified)",
			"cudnn": ": not documented for L4T 38.1.0", "sm": "110: boards of L4T 38.1.0: Thor (unverified)",
		}},
		{"overrides", request(arm, "l4t", "36.4.3", "cuda", "CUDA_VERSION=cu129", "python", "3.12.4", "ubuntu", "noble"), map[string]string{
			"cuda": "12.9: --build-arg CUDA_VERSION, written cu129", "python": "3.12: jetson.yaml:4, written 3.12.4",
			"ubuntu": "24.04: jetson.yaml:5, written noble", "base": "ubuntu:24.04: plain Ubuntu 24.04: CUDA is installed on top",
			"tensorrt": ": not known for CUDA 12.9 on L4T 36.4.3: its package decides",
		}},
		{"python follows ubuntu", request(arm, "l4t", "36.4.3", "ubuntu", "24.04"), map[string]string{
			"python": "3.12: default of Ubuntu 24.04",
		}},
		{"same cuda keeps the libraries", request(arm, "l4t", "36.4.3", "cuda", "12.6.85"), map[string]string{
			"cuda": "12.6: jetson.yaml:3, written 12.6.85", "cudnn": "9.3.0.75: default of L4T 36.4.3",
		}},
		{"base image of the board", request(arm, "l4t", "35.6.1"), map[string]string{
			"base": "nvcr.io/nvidia/l4t-jetpack:r35.4.1: default of L4T 35.6.1",
		}},
		{"base image of the user", request(arm, "l4t", "35.6.1", "base", "me/mine:1", "ubuntu", "22.04"), map[string]string{
			"base": "me/mine:1: jetson.yaml:3", "ubuntu": "22.04: jetson.yaml:4",
		}},
		{"thor", request(arm, "jetpack", "7.1"), map[string]string{
			"arch": "aarch64: linux/arm64: boards use the server (SBSA) CUDA packages from L4T 38 on", "sm": "110: boards of L4T 38.4.0: Thor",
		}},
		{"no platform", request("", "jetpack", "6.2"), map[string]string{
			"arch": "tegra-aarch64: boards use Tegra's own CUDA packages up to L4T 36",
		}},
		{"platform variant", request("linux/arm64/v8", "jetpack", "6.2", "arch", "tegra"), map[string]string{
			"arch": "tegra-aarch64: jetson.yaml:3, written tegra",
		}},
		{"pc", request(amd), map[string]string{
			"l4t": "39.2.0: newest verified release, as neither l4t nor jetpack is given", "jetpack": "7.2: JetPack of L4T 39.2.0",
			"arch": "x86_64: linux/amd64", "cuda": "13.2: default of L4T 39.2.0", "ubuntu": "24.04: default of L4T 39.2.0",
			"sm": "80;90;100;103;110;120;121: default for x86_64", "base": "ubuntu:24.04: plain Ubuntu 24.04: CUDA is installed on top",
		}},
		{"pc, 12.9", request(amd, "cuda", "12.9"), map[string]string{"sm": "80;90;100;120: default for x86_64"}},
		{"pc, 12.6", request(amd, "cuda", "12.6"), map[string]string{
			"sm": "80;90: default for x86_64; CUDA 12.6 cannot compile for 100, 120",
		}},
		{"pc with a release", request(amd, "l4t", "35.4.1", "arch", "amd64", "cuda", "12.4", "ubuntu", "24.04"), map[string]string{
			"arch": "x86_64: jetson.yaml:3, written amd64", "cuda": "12.4: jetson.yaml:4", "base": "ubuntu:24.04: plain Ubuntu 24.04: CUDA is installed on top",
		}},
		{"arm server", request(arm, "arch", "sbsa"), map[string]string{
			"l4t": "39.2.0: newest verified release, as neither l4t nor jetpack is given", "arch": "aarch64: jetson.yaml:2, written sbsa",
			"sm": "87;90;100;103;110;120;121: default for aarch64",
		}},
		{"a PC takes any CUDA with any release", request(amd, "l4t", "36.4.3", "arch", "amd64", "cuda", "13.2"), map[string]string{"cuda": "13.2: jetson.yaml:4"}},
		{"blank is not given", request(arm, "l4t", "36.4.3", "jetpack", " ", "cuda", "", "arch", "\t"), map[string]string{
			"cuda": "12.6: default of L4T 36.4.3", "jetpack": "6.2: JetPack of L4T 36.4.3",
		}},
		{"origin unknown", Request{Platform: arm, L4T: Asked{Value: "36.4.3"}}, map[string]string{"l4t": "36.4.3: given"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, base, problems := Resolve(test.req)
			assert.Empty(t, problems, "problems")
			got := values(target, base)
			for key, want := range test.want {
				v := got[key].Value + ": " + got[key].Reason
				assert.Equal(t, want, v, key)
			}
		})
	}
}
