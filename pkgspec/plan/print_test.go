package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// sample is a plan in which everything occurs that the printers print.
func sample() *Plan {
	value := func(v, reason string) Value { return Value{Value: v, Reason: reason} }
	return &Plan{
		Target: Target{
			L4T: value("36.4.3", "the newest L4T of JetPack 6.2"), JetPack: value("6.2", "asked for at jetson.yaml:2"),
			CUDA: value("12.4", "asked for by --build-arg CUDA_VERSION"), CUDNN: value("9.3", "default of L4T 36.4.3"),
			TensorRT: value("", "not documented for CUDA 12.4 on this release, so packages that need TensorRT have to name the version that they want themselves"),
			Python:   value("3.10", "default of Ubuntu 22.04"), Ubuntu: value("22.04", "default of L4T 36.4.3"),
			Arch: value("tegra-aarch64", "default of linux/arm64"), CUDAArchitectures: value("87", "Orin, the boards of L4T 36"),
		},
		Base:      value("nvcr.io/nvidia/l4t-jetpack:r36.4.0", "default of L4T 36.4.3"),
		Requested: []string{"pytorch:2.8", "./robots/arm"},
		Overrides: []Override{{Key: "target.cuda", Arg: "CUDA_VERSION", Old: "12.6", New: "12.4"}, {Key: "tests.epoch", Arg: "TESTS_EPOCH", New: "3"}, {Key: "build.network", Arg: "BUILD_NETWORK", Option: "--network", New: "none"}},
		Image:     Image{Entrypoint: []string{"/bin/sh", "-c", "run it"}, Env: map[string]string{"B": "2", "A": "1"}, Labels: map[string]string{"l": "v"}, User: "robot"},
		Steps: []Step{
			{
				Name: "build-essential", Origin: Origin{Kind: Builtin, Path: "build/build-essential"}, Dockerfile: "Dockerfile",
				Why: []string{"needed by a (1)", "needed by b (2)", "needed by c (3)", "needed by d (4)", "needed by e (5)"}, Tests: []Test{{Name: "test.sh", Intermediate: true, Final: true}},
			},
			{
				Name: "cuda:12.4", Origin: Origin{Kind: Builtin, Path: "cuda/cuda"}, Dockerfile: "Dockerfile", Needs: []string{"build-essential"}, GPU: true,
				BuildArgs: map[string]string{"CUDA_VERSION": "12.4", "ARCHES": "87"}, Why: []string{"needed by pytorch:2.8 as cuda (builtin:ml/pytorch/Dockerfile:6:13)"},
				Tests: []Test{{Name: "test.sh", Intermediate: true}, {Name: "test.py --all", Final: true}},
			},
			{
				Name: "pytorch:2.8", Origin: Origin{Kind: Named, Name: "ours", Path: "ml/pytorch"}, Dockerfile: "Dockerfile", Needs: []string{"cuda:12.4", "build-essential"},
				GPU: true, Requested: true, Why: []string{"requested at jetson.yaml:4:5"}, Tests: []Test{{Name: "test.py", Skipped: "it needs a GPU, and tests.gpu is skip"}},
			},
			{Name: `quotes "and" <b>#1</b> \ & ` + "`x`\n", Origin: Origin{Kind: Context, Path: "odd"}, Requested: true, Needs: []string{"build-essential", "absent"}},
			{Name: "a-package-with-a-name-that-is-much-longer-than-any-column-should-be-in-a-hundred-columns:1.2.3", Origin: Origin{Kind: Context, Path: "robots/arm"}, Dockerfile: "Dockerfile"},
		},
	}
}

// allowed is a plan whose steps get and may do more than others.
func allowed() *Plan {
	step := func(name string, s Step) Step {
		s.Name, s.Origin, s.Dockerfile = name, Origin{Kind: Builtin, Path: name}, "Dockerfile"
		s.Tests = []Test{{Name: "test.sh", Intermediate: true, Final: true}}
		return s
	}
	return &Plan{
		Build: Build{Sandbox{Network: NetworkHost, ShmSize: 2 << 30}},
		Tests: Tests{GPU: GPUCDI, Device: DefaultDevice, Sandbox: Sandbox{
			Network: NetworkNone, ShmSize: 1000, Ulimits: []Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 1024, Hard: 524288}},
		}},
		Steps: []Step{
			step("plain", Step{}),
			step("kernels", Step{GPU: true, BuildGPU: GPUCDI, BuildDevice: "nvidia.com/gpu=0"}),
			step("zed", Step{GPU: true, BuildGPU: GPURuntime, BuildPrivileged: true, TestPrivileged: true}),
		},
	}
}

// crowded is such a plan in which the uses need more than a line's width.
func crowded() *Plan {
	p := allowed()
	for i := range 6 {
		s := p.Steps[2]
		s.Name = fmt.Sprintf("a-camera-with-a-long-name-%d", i)
		p.Steps = append(p.Steps, s)
	}
	return p
}

func TestPrinters(t *testing.T) {
	for name, got := range map[string]string{"plan.txt": sample().Text(), "allowed.txt": allowed().Text(), "crowded.txt": crowded().Text(), "plan.mmd": sample().Mermaid(), "plan.dot": sample().DOT()} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs (go test -update writes it anew)\ngot:\n%s", file, got)
		}
	}
}

func TestTextFits(t *testing.T) {
	for line := range strings.Lines(sample().Text() + allowed().Text() + crowded().Text()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width || strings.TrimRight(line, " ") != line {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if got := (&Plan{}).Text(); !strings.Contains(got, "Chain: 0 packages") {
		t.Error(got)
	}
}

func TestCanonical(t *testing.T) {
	first, err := sample().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := sample().Canonical(); string(again) != string(first) {
			t.Fatal("equal plans differ")
		}
	}
	if !strings.HasPrefix(string(first), `{"base":{"reason":"default of L4T 36.4.3"`) || strings.Contains(string(first), "\\u003c") {
		t.Errorf("%s", first)
	}
}
