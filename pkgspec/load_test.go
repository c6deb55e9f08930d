package pkgspec

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

const fullFile = `# syntax=registry.example/jetkit:1
version: 1
x-versions:
  cuda: &cuda 12.6
target:
  jetpack: 6.0
  cuda: *cuda
  python: 3.10
  ubuntu: "22.04"
  arch: tegra
base: nvcr.io/nvidia/l4t-jetpack:r36.4.0
packages:
- pytorch:2.8
- ros:*
- ./robots/../my-robot/
sources:
- dir: ./packages
- context: company
  dir: jetson
- builtin
skip: [opencv, "torch*"]
args: {DEBUG: true, JOBS: 4, EMPTY: ""}
tests:
  run: final
  skip: [numpy]
  gpu: cdi
  device: nvidia.com/gpu=0
  epoch: 2026-01-01
  network: none
  shm_size: 8g
  ulimits: &limits {nofile: "1024:524288", memlock: -1}
  privileged: true
image:
  entrypoint: [python3, -m, robot]
  cmd: --speed 1
  env: {ROS_DOMAIN_ID: 7}
  labels: {org.example.team: arms}
  workdir: /opt/robot/
  user: 1000:1000
build:
  gpu: cdi
  device: nvidia.com/gpu=1
  network: host
  shm_size: 1.5GiB
  ulimits: *limits
  privileged: [zed, "ros:*"]
  ccache: true
  ccache_dir: /cache//cc/
  ccache_max_size: 1.5Gi
  github_api: off
layers: {form: packages, chain: "ros:*", conflicts: warn}
`

// on returns a range inside one line of jetson.yaml.
func on(line, from, to int) diag.Range {
	return diag.Range{File: "jetson.yaml", Start: diag.Position{Line: line, Column: from}, End: diag.Position{Line: line, Column: to}}
}

func text(value string, at diag.Range) diag.Text { return diag.Text{Value: value, At: at} }

func TestLoadEveryKey(t *testing.T) {
	want := &Spec{
		File: "jetson.yaml",
		Target: platform.Request{
			At:      on(5, 1, 7),
			JetPack: platform.Asked{Value: "6.0", From: "jetson.yaml:6", At: on(6, 12, 15)},
			CUDA:    platform.Asked{Value: "12.6", From: "jetson.yaml:7", At: on(7, 9, 14)},
			Python:  platform.Asked{Value: "3.10", From: "jetson.yaml:8", At: on(8, 11, 15)},
			Ubuntu:  platform.Asked{Value: "22.04", From: "jetson.yaml:9", At: on(9, 11, 18)},
			Arch:    platform.Asked{Value: "tegra", From: "jetson.yaml:10", At: on(10, 9, 14)},
		},
		Base: text("nvcr.io/nvidia/l4t-jetpack:r36.4.0", on(11, 7, 41)),
		Packages: []PackageRef{
			{Text: text("pytorch:2.8", on(13, 3, 14))},
			{Text: text("ros:*", on(14, 3, 8))},
			{Text: text("./robots/../my-robot/", on(15, 3, 24)), Folder: "my-robot"},
		},
		Sources: []Source{
			{Kind: plan.Context, Dir: "packages", At: on(17, 3, 18)},
			{Kind: plan.Named, Name: "company", Dir: "jetson", At: diag.Range{
				File: "jetson.yaml", Start: diag.Position{Line: 18, Column: 3}, End: diag.Position{Line: 19, Column: 14},
			}},
			{Kind: plan.Builtin, Dir: ".", At: on(20, 3, 10)},
		},
		Skip:   []diag.Text{text("opencv", on(21, 8, 14)), text("torch*", on(21, 16, 24))},
		Args:   map[string]string{"DEBUG": "true", "JOBS": "4", "EMPTY": ""},
		ArgsAt: map[string]diag.Range{"DEBUG": on(22, 15, 19), "JOBS": on(22, 27, 28), "EMPTY": on(22, 37, 39)},
		Tests: Tests{
			Run:    TestFinal,
			Skip:   []diag.Text{text("numpy", on(25, 10, 15))},
			GPU:    plan.GPUCDI,
			Device: "nvidia.com/gpu=0",
			Epoch:  "2026-01-01",
			Sandbox: plan.Sandbox{
				Network: plan.NetworkNone, ShmSize: 8 << 30,
				Ulimits: []plan.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 1024, Hard: 524288}},
			},
			Privileged: []diag.Text{text("*", on(32, 15, 19))},
		},
		Build: Build{
			GPU:    plan.GPUCDI,
			Device: "nvidia.com/gpu=1",
			Sandbox: plan.Sandbox{
				Network: plan.NetworkHost, ShmSize: 1536 << 20,
				Ulimits: []plan.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 1024, Hard: 524288}},
			},
			Privileged: []diag.Text{text("zed", on(46, 16, 19)), text("ros:*", on(46, 21, 28))},
			Ccache:     plan.Ccache{Dir: "/cache/cc", MaxSize: "1.5Gi"},
			GitHubAPI:  new(false),
		},
		Layers: Layers{
			Layers: plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn},
			Chain:  []diag.Text{text("ros:*", on(51, 33, 40))},
		},
		Image: plan.Image{
			Entrypoint: []string{"python3", "-m", "robot"},
			Cmd:        []string{"/bin/sh", "-c", "--speed 1"},
			Env:        map[string]string{"ROS_DOMAIN_ID": "7"},
			Labels:     map[string]string{"org.example.team": "arms"},
			Workdir:    "/opt/robot",
			User:       "1000:1000",
		},
	}
	checkSpec(t, load(t, fullFile, nil), want)
}

func TestLoadDefaults(t *testing.T) {
	checkSpec(t, load(t, "packages: numpy\n", nil), &Spec{
		File:     "jetson.yaml",
		Target:   platform.Request{At: diag.Range{File: "jetson.yaml"}},
		Packages: []PackageRef{{Text: text("numpy", on(1, 11, 16))}},
		Sources:  []Source{{Kind: plan.Context, Dir: "packages", Optional: true}, {Kind: plan.Builtin, Dir: "."}},
		Build:    Build{GPU: plan.GPUCDI},
		Tests:    Tests{Run: TestAll, GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"},
	})
}

// TestLoadForms covers the ways to write a value that TestLoadEveryKey doesn't.
func TestLoadForms(t *testing.T) {
	image := func(s *Spec) any { return s.Image }
	build := func(s *Spec) any { return s.Build }
	tests := func(s *Spec) any { return s.Tests }
	for name, c := range map[string]struct {
		file string
		got  func(*Spec) any
		want any
	}{
		"tests in short": {"packages: a\ntests: none\n", tests, Tests{Run: TestNone, GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"}},
		"tests only": {
			"packages: a\ntests: {only: a}\n", tests,
			Tests{Run: TestAll, Only: []diag.Text{text("a", on(2, 15, 16))}, GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"},
		},
		"no device without cdi":           {"packages: a\ntests: {gpu: runtime}\n", tests, Tests{Run: TestAll, GPU: plan.GPURuntime}},
		"any cdi device":                  {"packages: a\ntests: {device: acme.org/npu-x=slot.0:1}\n", func(s *Spec) any { return s.Tests.Device }, "acme.org/npu-x=slot.0:1"},
		"all cdi devices":                 {"packages: a\ntests: {device: nvidia.com/gpu=*}\n", func(s *Spec) any { return s.Tests.Device }, "nvidia.com/gpu=*"},
		"the first cdi device":            {"packages: a\ntests: {device: nvidia.com/gpu}\n", func(s *Spec) any { return s.Tests.Device }, "nvidia.com/gpu"},
		"gpu at build time, as tests":     {"packages: a\ntests: {gpu: runtime}\n", build, Build{GPU: plan.GPURuntime}},
		"gpu at build time, not tests":    {"packages: a\ntests: {gpu: skip}\n", build, Build{GPU: plan.GPUCDI}},
		"gpu in tests, not at build time": {"packages: a\nbuild: {gpu: skip}\ntests: {gpu: runtime}\n", build, Build{GPU: plan.GPUSkip}},
		"a size in bytes":                 {"packages: a\nbuild: {shm_size: 67108864}\n", build, Build{GPU: plan.GPUCDI, Sandbox: plan.Sandbox{ShmSize: 64 << 20}}},
		"the smallest size":               {"packages: a\nbuild: {shm_size: 1b}\n", build, Build{GPU: plan.GPUCDI, Sandbox: plan.Sandbox{ShmSize: 1}}},
		"the largest size":                {"packages: a\nbuild: {shm_size: 1p}\n", build, Build{GPU: plan.GPUCDI, Sandbox: plan.Sandbox{ShmSize: maxShmSize}}},
		"the default network":             {"packages: a\nbuild: {network: default}\ntests: {network: sandbox}\n", func(s *Spec) any { return []plan.Network{s.Build.Network, s.Tests.Network} }, []plan.Network{"", ""}},
		"limits":                          {"packages: a\nbuild: {ulimits: {stack: 0, nofile: 5:-1, core: 9223372036854775807}}\n", func(s *Spec) any { return s.Build.Ulimits }, []plan.Ulimit{{Name: "core", Soft: 1<<63 - 1, Hard: 1<<63 - 1}, {Name: "nofile", Soft: 5, Hard: -1}, {Name: "stack"}}},
		"no limits":                       {"packages: a\nbuild: {ulimits: {}}\n", build, Build{GPU: plan.GPUCDI}},
		"ccache":                          {"packages: a\nbuild: {ccache: \"yes\"}\n", build, Build{GPU: plan.GPUCDI, Ccache: plan.Ccache{Dir: "/root/.cache/ccache", MaxSize: "20G"}}},
		"a size of ccache in gigabytes":   {"packages: a\nbuild: {ccache: true, ccache_max_size: 5}\n", func(s *Spec) any { return s.Build.Ccache.MaxSize }, "5"},
		"caches":                          {"packages: a\nbuild: {caches: [pip, apt, pip]}\n", build, Build{GPU: plan.GPUCDI, Caches: []plan.PackageCache{plan.CacheApt, plan.CachePip}}},
		"ccache among caches":             {"packages: a\nbuild: {caches: [ccache, pip], ccache_max_size: 5G}\n", build, Build{GPU: plan.GPUCDI, Caches: []plan.PackageCache{plan.CachePip}, Ccache: plan.Ccache{Dir: "/root/.cache/ccache", MaxSize: "5G"}}},
		"caches without ccache":           {"packages: a\nbuild: {caches: pip, ccache: true}\n", func(s *Spec) any { return s.Build.Ccache.Used() }, true},
		"no caches in a word":             {"packages: a\nbuild: {caches: none}\n", build, Build{GPU: plan.GPUCDI}},
		"no caches":                       {"packages: a\nbuild: {caches: []}\n", build, Build{GPU: plan.GPUCDI}},
		"no ccache":                       {"packages: a\nbuild: {ccache: false, github_api: true}\n", build, Build{GPU: plan.GPUCDI}},
		"time limits": {
			"packages: a\nbuild: {timeout: 2h}\ntests: {timeout: none}\n",
			func(s *Spec) any { return []plan.Seconds{*s.Build.Timeout, *s.Tests.Timeout} },
			[]plan.Seconds{7200, 0},
		},
		"how much at once": {
			"packages: a\nbuild: {parallel: 1}\ntests: {parallel: \"256\", gpu_parallel: 2, retries: 0}\n",
			func(s *Spec) any {
				return []int{*s.Build.Parallel, *s.Tests.Parallel, *s.Tests.GPUParallel, *s.Tests.Retries}
			},
			[]int{1, 256, 2, 0},
		},
		"privileged: one":         {"packages: a\nbuild: {privileged: a}\n", func(s *Spec) any { return s.Build.Privileged }, []diag.Text{text("a", on(2, 21, 22))}},
		"privileged: all":         {"packages: a\nbuild: {privileged: \"true\"}\n", func(s *Spec) any { return s.Build.Privileged }, []diag.Text{text("*", on(2, 21, 27))}},
		"privileged: none":        {"packages: a\nbuild: {privileged: false}\ntests: {privileged: []}\n", func(s *Spec) any { return [2]bool{s.Build.Privileged == nil, s.Tests.Privileged == nil} }, [2]bool{true, true}},
		"entrypoint for a shell":  {"packages: a\nimage:\n  entrypoint: |\n    set -e\n    run\n", image, plan.Image{Entrypoint: []string{"/bin/sh", "-c", "set -e\nrun\n"}}},
		"words that are no texts": {"packages: a\nimage: {cmd: [run, 1, true, \"\"]}\n", image, plan.Image{Cmd: []string{"run", "1", "true", ""}}},
		"env as typed":            {"packages: a\nimage: {env: {A: 1.0, B: yes, C: true, D: 0x10, E: \"a\\nb\"}}\n", image, plan.Image{Env: map[string]string{"A": "1.0", "B": "yes", "C": "true", "D": "0x10", "E": "a\nb"}}},
		"what containers have": {
			"packages: a\nimage: {ports: [8080, 53/udp, 8000-8010, 8080/tcp], volumes: /data/, stop_signal: SIGRTMIN+3, shell: [bash, -c], annotations: {org.opencontainers.image.title: arm}, oci_annotations: true, env: {A: $HOME}}\n",
			image,
			plan.Image{
				Ports: []string{"8080/tcp", "53/udp", "8000-8010/tcp"}, Volumes: []string{"/data"}, StopSignal: "SIGRTMIN+3", Shell: []string{"bash", "-c"},
				Annotations: map[string]string{"org.opencontainers.image.title": "arm"}, OCIAnnotations: true, Env: map[string]string{"A": "$HOME"},
			},
		},
		"a health check": {
			"packages: a\nimage: {healthcheck: {test: [CMD, curl, -f, http://localhost], interval: 30s, timeout: 1m30s, retries: 3, start_period: 2m, start_interval: 5s}}\n",
			image,
			plan.Image{Healthcheck: plan.Healthcheck{Test: []string{"CMD", "curl", "-f", "http://localhost"}, Interval: 30, Timeout: 90, Retries: 3, StartPeriod: 120, StartInterval: 5}},
		},
		"a health check in short":  {"packages: a\nimage: {healthcheck: curl localhost || exit 1}\n", image, plan.Image{Healthcheck: plan.Healthcheck{Test: []string{"CMD-SHELL", "curl localhost || exit 1"}}}},
		"a health check as a text": {"packages: a\nimage: {healthcheck: {test: curl localhost}}\n", image, plan.Image{Healthcheck: plan.Healthcheck{Test: []string{"CMD-SHELL", "curl localhost"}}}},
		"no health check":          {"packages: a\nimage: {healthcheck: none}\n", image, plan.Image{Healthcheck: plan.Healthcheck{Test: []string{"NONE"}}}},
		"one source":               {"packages: a\nsources: builtin\n", func(s *Spec) any { return s.Sources }, []Source{{Kind: plan.Builtin, Dir: ".", At: on(2, 10, 17)}}},
		"builtin in long":          {"packages: a\nsources: [{builtin: true}]\n", func(s *Spec) any { return s.Sources }, []Source{{Kind: plan.Builtin, Dir: ".", At: on(2, 11, 26)}}},
		"a repository": {"packages: a\nsources: {git: 'https://a/b.git#v1:p', dir: q}\n", func(s *Spec) any { return s.Sources }, []Source{{
			Kind: plan.Repository, Name: "https://a/b.git#v1:p", Remote: plan.Remote{Git: "https://a/b.git", Ref: "v1", Dir: "p"}, Dir: "q", At: on(2, 10, 47),
		}}},
		"a short name": {"packages: a\nsources: {git: robots#v2}\n", func(s *Spec) any { return s.Sources }, []Source{{
			Kind: plan.Repository, Name: "robots#v2", Remote: plan.Remote{Ref: "v2"}, Dir: ".", At: on(2, 10, 26),
		}}},
		"an image": {"packages: a\nsources: {image: robots/p:1}\n", func(s *Spec) any { return s.Sources }, []Source{{
			Kind: plan.ImageTree, Name: "docker-image://robots/p:1", Remote: plan.Remote{Image: "robots/p:1"}, Dir: ".", At: on(2, 10, 29),
		}}},
		"the whole context": {"packages: [./]\nsources: {dir: .}\n", func(s *Spec) any { return []string{s.Packages[0].Folder, s.Sources[0].Dir} }, []string{".", "."}},
		"merge keys": {
			"x-a: &a {A: 1, B: 1}\nx-b: &b {B: 2, C: 2}\npackages: a\nargs: {<<: [*a, *b], C: 3}\n",
			func(s *Spec) any { return s.Args },
			map[string]string{"A": "1", "B": "1", "C": "3"},
		},
		"an anchored list": {
			"packages: &p [a, b]\nskip: *p\n", func(s *Spec) any { return s.Skip },
			[]diag.Text{text("a", on(1, 15, 16)), text("b", on(1, 18, 19))},
		},
		"byte order mark and crlf": {
			"\ufeffpackages: a\r\nbase: b\r\n", func(s *Spec) any { return []any{s.Packages[0].At, s.Base} },
			[]any{on(1, 11, 12), text("b", on(2, 7, 8))},
		},
		"columns count bytes": {"{packages: a, image: {labels: {a: é}}, base: b}", func(s *Spec) any { return s.Base.At }, on(1, 47, 48)},
		"json":                {`{"packages": ["a"], "tests": {"run": "final"}}`, func(s *Spec) any { return s.Tests.Run }, TestFinal},
		"keys that begin with x-": {
			"x-mine: {anything: [1, {at: all}]}\npackages: a\n", func(s *Spec) any { return s.Packages },
			[]PackageRef{{Text: text("a", on(2, 11, 12))}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, c.got(load(t, c.file, nil)))
		})
	}
}

func TestLoadFileName(t *testing.T) {
	spec, _ := Load("", []byte("packages: a\n"), nil)
	assert.Equal(t, "jetson.yaml", spec.File)
	_, problems := Load("robots/a.yaml", []byte("base: A\npackages: a\n"), nil)
	assert.Equal(t, "robots/a.yaml:1:7", problems[0].At.String())
	spec, _ = Load("robots/a.yaml", []byte("packages: a\ntarget: {cuda: 12}\n"), nil)
	assert.Equal(t, "robots/a.yaml:2", spec.Target.CUDA.From)
}

// load loads a file that must be without problems.
func load(t *testing.T, file string, args map[string]string) *Spec {
	t.Helper()
	spec, problems := Load("jetson.yaml", []byte(file), args)
	require.NotNil(t, spec, "%s", report(file, problems))
	require.Empty(t, problems, "%s", report(file, problems))
	if strings.Contains(file, "packages:") {
		problem, ok := schemaChecker(t)(file)
		if ok {
			require.NoError(t, problem, "the schema must accept what the reader accepts")
		}
	}
	return spec
}

func checkSpec(t *testing.T, got, want *Spec) {
	t.Helper()
	require.Equal(t, lines(t, want), lines(t, got))
	require.Equal(t, want, got)
}

func lines(t *testing.T, v any) []string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return strings.Split(string(data), "\n")
}

// report prints diagnostics, each after the text that it underlines.
func report(file string, problems diag.List) string {
	var b strings.Builder
	for _, d := range problems {
		if d.At.Start.Line > 0 {
			start, end := offset(file, d.At.Start), offset(file, d.At.End)
			b.WriteString("«" + strings.Map(visible, file[start:end]) + "» ")
		}
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

// offset returns the offset of a place in a file, or -1 if it is not in it.
func offset(file string, at diag.Position) int {
	begin := 0
	for range at.Line - 1 {
		length := strings.IndexByte(file[begin:], '\n')
		if length < 0 {
			return -1
		}
		begin += length + 1
	}
	if at.Line < 1 || at.Column < 1 || begin+at.Column-1 > len(file) {
		return -1
	}
	return begin + at.Column - 1
}

func visible(r rune) rune {
	if r == '\n' || r != utf8.RuneError && unicode.IsPrint(r) {
		return r
	}
	return '?'
}
