package autotag

import (
	"strconv"
	"strings"
	"testing"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/images"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/platform"
)

// target returns a machine with an L4T, and what was asked for of it as "NAME=VALUE".
func target(t *testing.T, l4t string, asked ...string) Target {
	t.Helper()
	request := platform.Request{L4T: platform.Asked{Value: l4t}, Platform: "linux/arm64"}
	out := Target{Known: true, Jetson: l4t != ""}
	if l4t == "" {
		request.Arch.Value = "sbsa"
	}
	for _, a := range asked {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "cuda":
			request.CUDA.Value, out.CUDAAsked = value, true
		case "python":
			request.Python.Value, out.PythonAsked = value, true
		case "ubuntu":
			request.Ubuntu.Value, out.UbuntuAsked = value, true
		case "platform":
			request.Platform, request.Arch.Value = value, ""
		}
	}
	var problems any
	out.Target, _, problems = platform.Resolve(request)
	require.NotEmpty(t, out.Arch.Value, "%v", problems)
	return out
}

// sealed are the labels of an image of jetkit's.
func sealed(packages string, facts ...string) map[string]string {
	labels := map[string]string{
		"io.jetkit.plan": "sha256:0", "io.jetkit.packages": packages, "io.jetkit.tests.passed": "2", "io.jetkit.tests.skipped": "0",
	}
	for _, f := range facts {
		key, value, _ := strings.Cut(f, "=")
		labels["io.jetkit."+key] = value
	}
	return labels
}

func with(labels map[string]string, key, value string) map[string]string {
	if value == "" {
		delete(labels, "io.jetkit."+key)
	} else {
		labels["io.jetkit."+key] = value
	}
	return labels
}

func image(t *testing.T, name, oci string, labels map[string]string, env ...string) *images.Image {
	t.Helper()
	repository, tag, ok := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ":")
	require.True(t, ok, name)
	i := &images.Image{Name: name, Repository: repository, Tag: tag, Read: oci != "", Labels: labels, Env: env}
	if oci != "" {
		i.Platform = ocispecs.Platform{OS: "linux", Architecture: oci}
	}
	return i
}

func wants(t *testing.T, texts ...string) []Want {
	t.Helper()
	var list []Want
	for _, text := range texts {
		w, err := ParseWant(text)
		require.NoError(t, err)
		list = append(list, w)
	}
	return list
}

// TestRules holds one image at a time against a machine. A reason that is expected is a rule
// and a part of its text; none means that the image fits.
func TestRules(t *testing.T) {
	orin := []string{"built-for.l4t=36.4.3", "built-for.cuda=12.6", "built-for.python=3.10", "built-for.arch=tegra-aarch64"}
	thor := []string{"built-for.l4t=38.2.0", "built-for.cuda=13.0", "built-for.arch=aarch64"}
	for _, test := range []struct {
		name   string
		target Target
		image  *images.Image
		wants  string
		want   string
	}{
		// Labels.
		{"labels fit", target(t, "36.4.3"), image(t, "me/pytorch:1", "arm64", sealed("python pytorch:2.8", orin...)), "pytorch", ""},
		{"labels win over the tag", target(t, "36.4.3"), image(t, "me/pytorch:r35.4.1", "arm64", sealed("pytorch", orin...)), "pytorch", ""},
		{"labels win over a fitting tag", target(t, "36.4.3"), image(t, "me/pytorch:r36.4.3", "arm64", sealed("pytorch", thor...)), "pytorch", "l4t: 38.2.0, JetPack 7 (label"},
		{"the same group", target(t, "36.5.0"), image(t, "pytorch:1", "arm64", sealed("pytorch", orin...)), "pytorch", ""},
		{"another group of the generation", target(t, "36.3.0"), image(t, "pytorch:1", "arm64", sealed("pytorch", orin...)), "pytorch", "l4t: JetPack 6.1 and later 6 (label"},
		{"an older generation", target(t, "39.2.0"), image(t, "pytorch:1", "arm64", sealed("pytorch", orin...)), "pytorch", "arch: it is for tegra-aarch64 (label io.jetkit.built-for.arch), the machine is aarch64"},
		{"servers' on Tegra", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", sealed("pytorch", "built-for.l4t=36.4.3", "built-for.arch=aarch64")), "pytorch", "arch: it is for aarch64"},
		{"half built: no plan", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "plan", "")), "pytorch", "half-built: it has no label io.jetkit.plan"},
		{"half built: no tests", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "tests.passed", "")), "pytorch", "half-built: no label io.jetkit.tests.passed"},
		{"failed tests", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", sealed("pytorch", append(orin, "tests.failed=3")...)), "pytorch", "tests: 3 of its tests failed"},
		{"another GPU", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", sealed("pytorch", append(orin, "built-for.cuda_architectures=110;121")...)), "pytorch", "gpu: 110;121, the machine's is 87"},
		{"one of the GPUs", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", sealed("pytorch", append(orin, "built-for.cuda_architectures=72;87")...)), "pytorch", ""},
		{"a package inside", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("python numpy ./arm", orin...)), "numpy", ""},
		{"called so, but not inside", target(t, "36.4.3"), image(t, "numpy:1", "arm64", sealed("python", orin...)), "numpy+known", "packages: it does not hold numpy, but python"},
		{"called so by its user", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("python", orin...)), "robot", ""},
		{"all of several", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("python numpy pytorch:2.8", orin...)), "numpy pytorch", ""},
		{"one of several", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("python numpy", orin...)), "numpy pytorch", "packages: it does not hold pytorch, but python numpy"},
		{"a version", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("pytorch:2.8", orin...)), "pytorch:2.8", ""},
		{"another version", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("pytorch:2.8", orin...)), "pytorch:2.7", "packages: pytorch:2.7"},
		{"a variant, as tags go", target(t, "36.4.3"), image(t, "robot:1", "arm64", sealed("ros:humble-desktop", orin...)), "ros:humble", ""},
		// Hostile labels.
		{"an L4T that is none", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "built-for.l4t", "36\x1b[31m")), "pytorch", `label: label io.jetkit.built-for.l4t is no version: "36\x1b[31m"`},
		{"a long L4T", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "built-for.l4t", strings.Repeat("3", 1<<20))), "pytorch", "label: longer than 16 KiB"},
		{"an arch that is none", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "built-for.arch", "$(reboot)")), "pytorch", "label: is no arch"},
		{"a count that is none", target(t, "36.4.3"), image(t, "pytorch:1", "arm64", with(sealed("pytorch", orin...), "tests.failed", "-1")), "pytorch", "label: is no number"},
		// Environment.
		{"L4T by env", target(t, "36.4.3"), image(t, "l4t-base:x", "arm64", nil, "L4T_VERSION=r36.4.0"), "l4t-base", ""},
		{"another L4T by env", target(t, "36.4.3"), image(t, "l4t-base:x", "arm64", nil, "L4T_VERSION=35.4.1"), "l4t-base", "l4t: (env L4T_VERSION)"},
		{"env over the tag", target(t, "36.4.3"), image(t, "l4t-base:r36.4.3", "arm64", nil, "L4T_VERSION=35.4.1"), "l4t-base", "l4t: (env L4T_VERSION)"},
		{"servers' by env", target(t, "36.4.3"), image(t, "cuda:r36.4.3", "arm64", nil, "NVARCH=sbsa"), "cuda", "arch: (env NVARCH)"},
		{"JetPack by the index", target(t, "36.4.3"), image(t, "vllm:x", "arm64", nil, "PIP_INDEX_URL=https://pypi.example.com/jp6/cu126"), "vllm", ""},
		{"another JetPack by the index", target(t, "35.4.1"), image(t, "vllm:x", "arm64", nil, "PIP_INDEX_URL=https://pypi.example.com/jp6/cu126"), "vllm", "l4t: JetPack 6 (env PIP_INDEX_URL)"},
		{"servers' by the index", target(t, "38.2.0"), image(t, "vllm:x", "arm64", nil, "TAR_INDEX_URL=https://apt.example.com/sbsa/cu130/24.04"), "vllm", ""},
		{"an env that says nothing", target(t, "36.4.3"), image(t, "vllm:r36.4.0", "arm64", nil, "L4T_VERSION=none", "CUDA_VERSION", "PYTHON_VERSION=\xff"), "vllm", ""},
		// Tags.
		{"the tag alone", target(t, "36.4.3"), image(t, "dustynv/pytorch:2.7-r36.4.0-cu128-24.04", "arm64", nil), "pytorch", ""},
		{"before it is read", target(t, "36.4.3"), image(t, "dustynv/pytorch:2.7-r36.4.0-cu128-24.04", "", nil), "pytorch", ""},
		{"another L4T", target(t, "36.4.3"), image(t, "dustynv/pytorch:2.1-r36.2.0", "arm64", nil), "pytorch", "l4t: JetPack 6.0 (tag)"},
		{"R36 on R39", target(t, "39.2.0"), image(t, "dustynv/pytorch:2.7-r36.4.0", "arm64", nil), "pytorch", "l4t: JetPack 6.1 and later 6 (tag), the machine has L4T 39.2.0, JetPack 7"},
		{"R38 on R39", target(t, "39.2.0"), image(t, "vllm:r38.2.arm64-sbsa-cu130-24.04", "arm64", nil), "vllm", ""},
		{"R38 called tegra on R39", target(t, "39.2.0"), image(t, "vllm:r38.4.tegra-aarch64-cu130-24.04", "arm64", nil), "vllm", ""},
		{"servers' on Thor", target(t, "38.2.0"), image(t, "vllm:0.8.6-sbsa-cu130", "arm64", nil), "vllm", ""},
		{"servers' on a server", target(t, ""), image(t, "vllm:0.8.6-sbsa-cu130", "arm64", nil), "vllm", ""},
		{"Tegra on a server", target(t, ""), image(t, "vllm:0.8.6-r36.4.0", "arm64", nil), "vllm", "arch: it is for tegra-aarch64 (its L4T)"},
		{"PC on ARM", target(t, "36.4.3"), image(t, "pytorch:2.6-amd64-cu128-24.04", "", nil), "pytorch", "arch: it is for amd64 (tag), the machine is arm64"},
		{"PC on ARM by its configuration", target(t, "36.4.3"), image(t, "pytorch:2.6-r36.4.0", "amd64", nil), "pytorch", "arch: it is for linux/amd64"},
		{"PC on PC", target(t, "", "platform=linux/amd64"), image(t, "pytorch:2.6-amd64-cu128-24.04", "amd64", nil), "pytorch", ""},
		{"ARM on PC", target(t, "", "platform=linux/amd64"), image(t, "pytorch:2.6-r36.4.0", "arm64", nil), "pytorch", "arch: it is for linux/arm64"},
		{"a stage", target(t, "36.4.3"), image(t, "pytorch:2.7-r36.4-cu126-22.04-python_3.10", "arm64", nil), "pytorch", "half-built: it is an intermediate stage of a build, python_3.10"},
		{"a stage that is asked for", target(t, "36.4.3"), image(t, "pytorch:r36.4-cu126-22.04-python_3.10", "arm64", nil), "pytorch:r36.4-cu126-22.04-python_3.10", ""},
		{"nothing said", target(t, "36.4.3"), image(t, "pytorch:latest", "arm64", nil), "pytorch", "unknown: nothing says which L4T it is for"},
		{"several, by the tag", target(t, "36.4.3"), image(t, "pytorch:r36.4.0", "arm64", nil), "pytorch numpy", "packages: nothing says that it holds numpy"},
		{"JetPack 4", target(t, "32.7.4"), image(t, "pytorch:1.10-r32.7.1", "arm64", nil), "pytorch", ""},
		{"before JetPack 4.6.1", target(t, "32.7.4"), image(t, "pytorch:1.9-r32.6.1", "arm64", nil), "pytorch", "l4t: it is for L4T 32.6.1 (tag)"},
		{"no group, the same", target(t, "32.6.1"), image(t, "pytorch:1.9-r32.6.1", "arm64", nil), "pytorch", ""},
		{"no group, another", target(t, "32.6.1"), image(t, "pytorch:1.9-r32.7.1", "arm64", nil), "pytorch", "l4t: and L4T 32.6.1 runs its own images only"},
		// What is asked for.
		{"CUDA by the tag", target(t, "36.4.3", "cuda=12.8"), image(t, "pytorch:r36.4.0-cu128", "arm64", nil), "pytorch", ""},
		{"another CUDA by the tag", target(t, "36.4.3", "cuda=12.6"), image(t, "pytorch:r36.4.0-cu128", "arm64", nil), "pytorch", "cuda: it has CUDA 12.8 (tag), not 12.6"},
		{"CUDA of its L4T", target(t, "36.4.3", "cuda=12.6"), image(t, "pytorch:r36.4.0", "arm64", nil), "pytorch", ""},
		{"another CUDA of its L4T", target(t, "36.4.3", "cuda=12.8"), image(t, "pytorch:r36.4.0", "arm64", nil), "pytorch", "cuda: 12.6 (default of its L4T), not 12.8"},
		{"a CUDA that only the configuration can say", target(t, "36.4.3", "cuda=12.8"), image(t, "pytorch:r36.4.0", "", nil), "pytorch", "unknown: nothing says which CUDA it has"},
		{"CUDA by env, with a patch", target(t, "36.4.3", "cuda=12.8"), image(t, "pytorch:r36.4.0", "arm64", nil, "CUDA_VERSION=12.8.1"), "pytorch", ""},
		{"CUDA by env of jetson-containers", target(t, "36.4.3", "cuda=12.8"), image(t, "pytorch:r36.4.0", "arm64", nil, "CUDA_INSTALLED_VERSION=129"), "pytorch", "cuda: 12.9"},
		{"a CUDA that L4T 36 cannot use", target(t, "36.4.3"), image(t, "pytorch:r36.4.0-cu130", "arm64", nil), "pytorch", "cuda: it has CUDA 13.0 (tag): L4T 36.4.3 cannot use CUDA 13.0"},
		{"a CUDA too old for the GPU", target(t, "38.2.0"), image(t, "vllm:0.8.6-sbsa-cu128", "arm64", nil), "vllm", "cuda: CUDA 12.8 cannot compile for Thor"},
		{"a CUDA that the board's system does not bring", target(t, "35.4.1"), image(t, "vllm:r35.4.1-cu126", "arm64", nil), "vllm", "cuda: up to L4T 35 CUDA comes with the board's system"},
		{"an upgrade of CUDA", target(t, "35.4.1"), image(t, "vllm:r35.4.1-cu122", "arm64", nil), "vllm", ""},
		{"Python by env", target(t, "36.4.3", "python=3.12"), image(t, "pytorch:r36.4.0", "arm64", nil, "PYTHON_VERSION=3.10.12"), "pytorch", "python: it has Python 3.10.12 (env PYTHON_VERSION), not 3.12"},
		{"Python by the tag", target(t, "36.4.3", "python=3.12"), image(t, "pytorch:r36.4.0-cp312", "arm64", nil), "pytorch", ""},
		{"another Ubuntu", target(t, "36.4.3", "ubuntu=22.04"), image(t, "pytorch:r36.4.0-cu128-24.04", "arm64", nil), "pytorch", "ubuntu: 24.04 (tag), not 22.04"},
		{"CUDA that nothing says", target(t, "", "platform=linux/amd64", "cuda=12.8"), image(t, "pytorch:2.6-amd64", "amd64", nil), "pytorch", "unknown: nothing says which CUDA it has"},
		// Names.
		{"a user", target(t, "36.4.3"), image(t, "dustynv/pytorch:r36.4.0", "arm64", nil), "dustynv/pytorch", ""},
		{"another user", target(t, "36.4.3"), image(t, "me/pytorch:r36.4.0", "arm64", nil), "dustynv/pytorch", "packages: nothing says that it holds dustynv/pytorch"},
		{"a pattern", target(t, "36.4.3"), image(t, "torchvision:r36.4.0", "arm64", nil), "torch*", ""},
		{"a tag with a plus", target(t, "36.4.3"), image(t, "vllm:0.6+cu-r36.4.0", "arm64", nil), "vllm:0.6+cu", "packages: nothing says"},
		{"a tag's part", target(t, "36.4.3"), image(t, "ros:humble-desktop-l4t-r36.4.0", "arm64", nil), "ros:humble-desktop", ""},
		{"a word's part", target(t, "36.4.3"), image(t, "ros:humble-desktop2-r36.4.0", "arm64", nil), "ros:humble-desktop", "packages: ros:humble-desktop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			texts, known := strings.CutSuffix(test.wants, "+known")
			list := wants(t, strings.Fields(texts)...)
			list[0].Known = known
			c := &Candidate{Image: test.image}
			c.judge(&test.target, list)
			if test.want == "" {
				assert.Empty(t, c.Refused)
				return
			}
			rule, text, _ := strings.Cut(test.want, ": ")
			require.NotEmpty(t, c.Refused)
			found := false
			for _, r := range c.Refused {
				found = found || string(r.Rule) == rule && strings.Contains(r.Text, text)
			}
			assert.True(t, found, "%s is not among %q", test.want, c.Refused)
		})
	}
}

// TestResolveNames holds that a package's own name counts where an alias was asked for.
func TestResolveNames(t *testing.T) {
	packages := []*catalog.Package{
		{Name: "pytorch:2.8", Alias: []string{"torch"}}, {Name: "pytorch:2.7"}, {Name: "torchvision:0.23"}, {Name: "cuda:12.6-samples", Alias: []string{"cuda:samples"}},
	}
	for asked, want := range map[string][]name{
		"torch":        {{repository: "torch"}, {repository: "pytorch", tag: "2.8"}},
		"pytorch":      {{repository: "pytorch"}},
		"pytorch:2.7":  {{repository: "pytorch", tag: "2.7"}},
		"torch*":       {{repository: "torch*"}, {repository: "pytorch", tag: "2.8"}, {repository: "torchvision"}},
		"cuda:samples": {{repository: "cuda", tag: "samples"}, {repository: "cuda", tag: "12.6-samples"}},
		"me/torch":     {{namespace: "me", repository: "torch"}},
		"ollama":       {{repository: "ollama"}},
	} {
		w := wants(t, asked)[0]
		w.Resolve(packages)
		assert.Equal(t, want, w.names, asked)
		assert.Equal(t, asked != "ollama" && asked != "me/torch", w.Known, asked)
	}
	for _, bad := range []string{"", ":x", "a b", "-q", "x/"} {
		_, err := ParseWant(bad)
		assert.Error(t, err, "%q", bad)
	}
}

// TestOrder holds which of two images that fit is preferred, and what is said of it.
func TestOrder(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }
	machine := target(t, "36.4.3")
	made := func(name string, created time.Time, place [2]int, labels map[string]string) *Candidate {
		c := &Candidate{Image: image(t, name, "arm64", labels), Store: "store" + strconv.Itoa(place[1]), place: place}
		c.Created = created
		c.judge(&machine, wants(t, "pytorch"))
		require.True(t, c.Fits(), "%s: %v", name, c.Refused)
		return c
	}
	for _, test := range []struct {
		winner, loser *Candidate
		because       string
	}{
		{made("pytorch:r36.4.0", day(1), [2]int{0, 0}, nil), made("pytorch:r36.4.3", day(2), [2]int{1, 0}, nil), "store0 is preferred"},
		{made("pytorch:r36.4.0", day(1), [2]int{0, 0}, nil), made("pytorch:r36.4.3", day(2), [2]int{0, 1}, nil), "store0 is preferred"},
		{made("pytorch:r36.4.0", day(1), [2]int{}, nil), made("robot:r36.4.3", day(2), [2]int{}, sealed("pytorch ./arm", "built-for.l4t=36.4.3")), "the package's own"},
		{made("pytorch:r36.4.0", day(1), [2]int{}, nil), made("pytorch:2.7-builder-r36.4.3", day(2), [2]int{}, nil), "no builder"},
		{made("pytorch:r36.4.3", day(1), [2]int{}, nil), made("pytorch:r36.4.0", day(2), [2]int{}, nil), "its L4T 36.4.3 is nearer"},
		{made("pytorch:r36.4", day(1), [2]int{}, nil), made("pytorch:r36.5.0", day(2), [2]int{}, nil), "its L4T 36.4 is nearer"},
		{made("pytorch:2-r36.4", day(2), [2]int{}, nil), made("pytorch:r36.4.3", day(1), [2]int{}, nil), "newer"},
		{made("pytorch:2.6-r36.4.0", day(2), [2]int{}, nil), made("pytorch:2.7-r36.4.0", day(1), [2]int{}, nil), "newer, of 2025-01-02"},
		{made("pytorch:2.10-r36.4.0", day(1), [2]int{}, nil), made("pytorch:2.9-r36.4.0", day(1), [2]int{}, nil), "its tag is higher"},
		{made("pytorch:2.10-r36.4.0", time.Time{}, [2]int{}, nil), made("pytorch:2.9-r36.4.0", time.Time{}, [2]int{}, nil), "its tag is higher"},
		{made("a/pytorch:r36.4.0", day(1), [2]int{}, nil), made("b/pytorch:r36.4.0", day(1), [2]int{}, nil), "its name comes first"},
	} {
		for _, list := range [][]*Candidate{{test.winner, test.loser}, {test.loser, test.winner}} {
			r := &Result{Candidates: list}
			r.settle()
			require.Equal(t, test.winner.Name, r.Best.Name)
			assert.Contains(t, test.loser.Lost.Text, test.because)
			assert.Contains(t, test.loser.Lost.Text, test.winner.Name)
			test.winner.Lost, test.loser.Lost = nil, nil
		}
	}
}

// TestUnknownRelease holds that a Jetson with an L4T of no table still gets its images.
func TestUnknownRelease(t *testing.T) {
	machine, ok := UnknownRelease("R36.9.1")
	require.True(t, ok)
	c := &Candidate{Image: image(t, "pytorch:r36.4.0", "arm64", nil)}
	c.judge(&machine, wants(t, "pytorch"))
	assert.Empty(t, c.Refused)
	assert.Equal(t, "L4T 36.9.1, tegra-aarch64", machine.String())
	_, ok = UnknownRelease("x")
	assert.False(t, ok)
}
