package printer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// sample is a plan in which everything occurs that the printers print.
func sample() *plan.Plan {
	value := func(v, reason string) plan.Value { return plan.Value{Value: v, Reason: reason} }
	return &plan.Plan{
		Target: plan.Target{
			L4T: value("36.4.3", "the newest L4T of JetPack 6.2"), JetPack: value("6.2", "asked for at jetson.yaml:2"),
			CUDA: value("12.4", "asked for by --build-arg CUDA_VERSION"), CUDNN: value("9.3", "default of L4T 36.4.3"),
			TensorRT: value("", "not documented for CUDA 12.4 on this release, so packages that need TensorRT have to name the version that they want themselves"),
			Python:   value("3.10", "default of Ubuntu 22.04"), Ubuntu: value("22.04", "default of L4T 36.4.3"),
			Arch: value("tegra-aarch64", "default of linux/arm64"), CUDAArchitectures: value("87", "Orin, the boards of L4T 36"),
		},
		Base:      value("nvcr.io/nvidia/l4t-jetpack:r36.4.0", "default of L4T 36.4.3"),
		Requested: []string{"pytorch:2.8", "./robots/arm"},
		Sources: []plan.Source{
			{Name: "robots", Remote: plan.Remote{Git: "https://host/robots.git", Ref: strings.Repeat("1", 40), Dir: "packages", Revision: strings.Repeat("1", 40)}},
			{Name: "https://host/a.git#main", Remote: plan.Remote{Git: "https://host/a.git", Ref: "main", Revision: strings.Repeat("2", 40)}},
			{Name: "https://host/b.git", Remote: plan.Remote{Git: "https://host/b.git"}},
			{Name: "docker-image://robots/a:1", Remote: plan.Remote{Image: "robots/a:1", Revision: "sha256:" + strings.Repeat("3", 64)}},
		},
		Tests:     plan.Tests{Parallel: plan.DefaultTestParallel, GPUParallel: plan.DefaultTestGPUParallel},
		Overrides: []plan.Override{{Key: "target.cuda", Arg: "CUDA_VERSION", Old: "12.6", New: "12.4"}, {Key: "tests.epoch", Arg: "TESTS_EPOCH", New: "3"}, {Key: "build.network", Arg: "BUILD_NETWORK", Option: "--network", New: "none"}},
		Image:     plan.Image{Entrypoint: []string{"/bin/sh", "-c", "run it"}, Env: map[string]string{"B": "2", "A": "1"}, Labels: map[string]string{"l": "v"}, User: "robot"},
		Steps: []plan.Step{
			{
				Name: "build-essential", Origin: plan.Origin{Kind: plan.Builtin, Path: "build/build-essential"}, Dockerfile: "Dockerfile",
				Why: []string{"needed by a (1)", "needed by b (2)", "needed by c (3)", "needed by d (4)", "needed by e (5)"}, Tests: []plan.Test{{Name: "test.sh", Intermediate: true, Final: true, Timeout: plan.DefaultTestTimeout}},
			},
			{
				Name: "cuda:12.4", Origin: plan.Origin{Kind: plan.Builtin, Path: "cuda/cuda"}, Dockerfile: "Dockerfile", Needs: []string{"build-essential"}, GPU: true,
				BuildArgs: map[string]string{"CUDA_VERSION": "12.4", "ARCHES": "87"}, Why: []string{"needed by pytorch:2.8 as cuda (builtin:ml/pytorch/Dockerfile:6:13)"},
				Tests: []plan.Test{{Name: "test.sh", Intermediate: true, Timeout: 5400, Retries: 2}, {Name: "test.py --all", Final: true, Timeout: 5400, Retries: 2}},
			},
			{
				Name: "pytorch:2.8", Origin: plan.Origin{Kind: plan.Named, Name: "ours", Path: "ml/pytorch"}, Dockerfile: "Dockerfile", Needs: []string{"cuda:12.4", "build-essential"},
				Constraints: []plan.Constraint{{Project: "torch", Specifier: "==2.8.0"}, {Project: "numpy", Specifier: "<2"}}, Kernels: []plan.Kernel{{SM: 80}, {SM: 120, PTX: true}},
				GPU: true, Requested: true, Why: []string{"requested at jetson.yaml:4:5"}, Tests: []plan.Test{{Name: "test.py", Skipped: "it needs a GPU, and tests.gpu is skip"}},
			},
			{Name: "tools", Origin: plan.Origin{Kind: plan.Context, Path: "tools"}, Constraints: []plan.Constraint{{Project: "numpy", Specifier: "<2"}}},
			{Name: `quotes "and" <b>#1</b> \ & ` + "`x`\n", Origin: plan.Origin{Kind: plan.Context, Path: "odd"}, Requested: true, Needs: []string{"build-essential", "absent"}},
			{Name: "a-package-with-a-name-that-is-much-longer-than-any-column-should-be-in-a-hundred-columns:1.2.3", Origin: plan.Origin{Kind: plan.Context, Path: "robots/arm"}, Dockerfile: "Dockerfile"},
		},
	}
}

// allowed is a plan whose steps get and may do more than others.
func allowed() *plan.Plan {
	step := func(name string, s plan.Step) plan.Step {
		s.Name, s.Origin, s.Dockerfile = name, plan.Origin{Kind: plan.Builtin, Path: name}, "Dockerfile"
		s.Tests = []plan.Test{{Name: "test.sh", Intermediate: true, Final: true, Timeout: plan.DefaultTestTimeout}}
		return s
	}
	return &plan.Plan{
		Build: plan.Build{Sandbox: plan.Sandbox{Network: plan.NetworkHost, ShmSize: 2 << 30}, Caches: []plan.PackageCache{plan.CacheApt, plan.CachePip}},
		Tests: plan.Tests{GPU: plan.GPUCDI, Device: plan.DefaultDevice, Parallel: 4, GPUParallel: 2, Sandbox: plan.Sandbox{
			Network: plan.NetworkNone, ShmSize: 1000, Ulimits: []plan.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 1024, Hard: 524288}},
		}},
		Steps: []plan.Step{
			step("plain", plan.Step{}),
			step("kernels", plan.Step{GPU: true, BuildGPU: plan.GPUCDI, BuildDevice: "nvidia.com/gpu=0"}),
			step("zed", plan.Step{GPU: true, BuildGPU: plan.GPURuntime, BuildPrivileged: true, TestPrivileged: true, BuildTimeout: 7200}),
		},
	}
}

// layered is a plan whose packages are layers of their own.
func layered() *plan.Plan {
	step := func(name string, s plan.Step) plan.Step {
		s.Name, s.Origin = name, plan.Origin{Kind: plan.Builtin, Path: name}
		if name != "stack" {
			s.Dockerfile = "Dockerfile"
		}
		return s
	}
	return &plan.Plan{
		Layers: plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn},
		Tests:  plan.Tests{Parallel: plan.DefaultTestParallel, GPUParallel: plan.DefaultTestGPUParallel},
		Steps: []plan.Step{
			step("python", plan.Step{AfterAll: true, AfterAllReason: "layers.chain has *py* (jetson.yaml:4:11)"}),
			step("numpy", plan.Step{Needs: []string{"python"}}),
			step("cmake", plan.Step{}),
			step("stack", plan.Step{Needs: []string{"numpy", "cmake"}}),
			step("opencv", plan.Step{Needs: []string{"python", "numpy", "cmake"}}),
			step("node", plan.Step{}),
			step("desktop", plan.Step{Needs: []string{"node"}, AfterAll: true, AfterAllReason: "its metadata has layers: chain (packages/desktop/Dockerfile:3:11)"}),
			step("app", plan.Step{Needs: []string{"desktop", "numpy"}}),
		},
	}
}

// crowded is such a plan in which the uses need more than a line's width.
func crowded() *plan.Plan {
	p := allowed()
	for i := range 6 {
		s := p.Steps[2]
		s.Name = fmt.Sprintf("a-camera-with-a-long-name-%d", i)
		p.Steps = append(p.Steps, s)
	}
	return p
}

func TestPrinters(t *testing.T) {
	for name, got := range map[string]string{
		"plan.txt": Text(sample()), "allowed.txt": Text(allowed()), "crowded.txt": Text(crowded()),
		"layered.txt": Text(layered()), "layered.mmd": Mermaid(layered()), "layered.dot": DOT(layered()),
		"plan.mmd": Mermaid(sample()), "plan.dot": DOT(sample()),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), got, "%s: go test -update writes it anew", file)
	}
}

func TestTextFits(t *testing.T) {
	for line := range strings.Lines(Text(sample()) + Text(layered()) + Text(allowed()) + Text(crowded())) {
		line = strings.TrimSuffix(line, "\n")
		assert.LessOrEqual(t, utf8.RuneCountInString(line), width, line)
		assert.Equal(t, strings.TrimRight(line, " "), line)
	}
	assert.Contains(t, Text(&plan.Plan{}), "Chain: 0 packages")
}

// Whatever a plan holds of others' text, it adds no line and no control character
// to what is printed.
func TestHostileText(t *testing.T) {
	const evil = "x\nERROR: build succeeded\x1b[2K\r\u202e\u200b\xff"
	v := plan.Value{Value: evil, Reason: evil, Source: evil}
	p := &plan.Plan{
		Target: plan.Target{L4T: v, JetPack: v, CUDA: v, CUDNN: v, TensorRT: v, Python: v, Ubuntu: v, Arch: v, CUDAArchitectures: v},
		Base:   v, Requested: []string{evil},
		Build: plan.Build{Sandbox: plan.Sandbox{Network: plan.Network(evil), Ulimits: []plan.Ulimit{{Name: evil}}}},
		Tests: plan.Tests{GPU: plan.GPUCDI, Device: evil},
		Image: plan.Image{
			Entrypoint: []string{evil}, Cmd: []string{evil}, Workdir: evil, User: evil,
			Env: map[string]string{evil: evil}, Labels: map[string]string{evil: evil},
		},
		Overrides: []plan.Override{{Key: evil, Arg: evil, Old: evil, New: evil}},
		Steps: []plan.Step{{
			Name: evil, Aliases: []string{evil}, Origin: plan.Origin{Kind: plan.Named, Name: evil, Path: evil}, Dockerfile: evil,
			Why: []string{evil}, BuildArgs: map[string]string{evil: evil}, BuildGPU: plan.GPUCDI, BuildDevice: evil,
			AfterAll: true, AfterAllReason: evil, BuildPrivileged: true, GPU: true, Tests: []plan.Test{{Name: evil, Final: true}, {Name: evil, Skipped: evil}},
		}},
	}
	p.Layers.Form, p.Steps = plan.LayersPackages, append(p.Steps, p.Steps[0])
	for name, got := range map[string]string{"text": Text(p), "mermaid": Mermaid(p), "dot": DOT(p)} {
		assert.Equal(t, diag.CleanLines(got), got, name)
		assert.NotRegexp(t, `(?m)^\s*ERROR`, got, name)
		assert.Contains(t, got, "build succeeded", "%s: the name can still be recognised", name)
	}
}
