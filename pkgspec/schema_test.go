package pkgspec

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema/schematest"
)

var compileSchema sync.Once

var checkSchema func(text string) (error, bool)

// schemaChecker is the schema of jetson.yaml, compiled once.
func schemaChecker(t *testing.T) func(text string) (error, bool) {
	t.Helper()
	compileSchema.Do(func() { checkSchema = schematest.Compile(t, Schema()) })
	return checkSchema
}

// TestSchemaOfExamples checks that the schema and the reader accept every example.
func TestSchemaOfExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*/jetson.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		load(t, string(data), nil)
		problem, ok := schemaChecker(t)(string(data))
		require.True(t, ok)
		assert.NoError(t, problem, file)
	}
}

// TestSchemaOfFaults checks one fault at a time: the schema and the reader refuse
// the same files. The faults that only the reader sees are marked.
func TestSchemaOfFaults(t *testing.T) {
	for _, c := range []struct {
		name, file string
		readerOnly bool
	}{
		{"no packages", "base: a\n", false},
		{"an unknown key", "packages: a\nentry: 1\n", false},
		{"an unknown key of the target", "packages: a\ntarget: {cudda: 12.6}\n", false},
		{"an unknown key of the build", "packages: a\nbuild: {cpus: 2}\n", false},
		{"an unknown key of the tests", "packages: a\ntests: {runs: all}\n", false},
		{"an unknown key of the image", "packages: a\nimage: {volume: /x}\n", false},
		{"an unknown key of a source", "packages: a\nsources: [{url: x}]\n", false},
		{"another version", "packages: a\nversion: 2\n", false},
		{"the file is a list", "- a\n", false},
		{"the file is a text", "numpy\n", false},
		{"no value", "packages: a\nbase:\n", false},
		{"a section without a value", "packages: a\ntarget:\n", false},
		{"an empty text", "packages: a\nbase: ''\n", false},
		{"two lines", "packages: a\ntarget: {cuda: \"12\\n6\"}\n", false},
		{"true in place of a text", "packages: a\ntarget: {cuda: true}\n", false},
		{"a list in place of a text", "packages: a\ntarget: {cuda: [12]}\n", false},
		{"no package", "packages: []\n", false},
		{"no source", "packages: a\nsources: []\n", false},
		{"pip's way to write a version", "packages: [torch==2.8]\n", false},
		{"a space in name:version", "packages: [{pytorch: 2.8}]\n", false},
		{"a folder without ./", "packages: [robot/arm]\n", false},
		{"a folder outside", "packages: [../robot]\n", false},
		{"a folder outside on the second look", "packages: [./a/../../robot]\n", true},
		{"a package twice", "packages: [a, a]\n", true},
		{"a bad pattern", "packages: ['a[']\n", true},
		{"a source outside", "packages: a\nsources: [{dir: ../x}]\n", false},
		{"an absolute source", "packages: a\nsources: [{dir: /x}]\n", false},
		{"an unknown source", "packages: a\nsources: [packages]\n", false},
		{"an empty source", "packages: a\nsources: [{}]\n", false},
		{"two sources in one", "packages: a\nsources: [{builtin: true, dir: x}]\n", false},
		{"a source that is false", "packages: a\nsources: [{builtin: false}]\n", false},
		{"a source twice", "packages: a\nsources: [builtin, {builtin: true}]\n", true},
		{"capitals in an image's name", "packages: a\nbase: Ubuntu\n", false},
		{"a space in an image's name", "packages: a\nbase: a b\n", false},
		{"args as a list", "packages: a\nargs: [A=1]\n", false},
		{"a name of args", "packages: a\nargs: {1A: x}\n", false},
		{"an argument of jetkit's own", "packages: a\nargs: {CUDA_VERSION: 12.6}\n", false},
		{"an argument of BuildKit's own", "packages: a\nargs: {BUILDKIT_INLINE_CACHE: 1}\n", false},
		{"a list as an argument", "packages: a\nargs: {A: [1]}\n", false},
		{"an unknown way to use a GPU", "packages: a\nbuild: {gpu: nvidia}\n", false},
		{"no device", "packages: a\ntests: {device: gpu0}\n", false},
		{"an unknown network", "packages: a\nbuild: {network: bridge}\n", false},
		{"no size", "packages: a\ntests: {shm_size: big}\n", false},
		{"a size of nothing", "packages: a\ntests: {shm_size: 0}\n", false},
		{"an unknown limit", "packages: a\nbuild: {ulimits: {files: 1}}\n", false},
		{"a limit below -1", "packages: a\nbuild: {ulimits: {core: -2}}\n", false},
		{"a soft limit above the hard one", "packages: a\nbuild: {ulimits: {core: '2:1'}}\n", true},
		{"a text for ccache", "packages: a\nbuild: {ccache: 20G}\n", false},
		{"a number for ccache", "packages: a\nbuild: {ccache: 1}\n", false},
		{"a size that ccache does not take", "packages: a\nbuild: {ccache: true, ccache_max_size: 20GB}\n", false},
		{"a size below zero", "packages: a\nbuild: {ccache: true, ccache_max_size: -1}\n", false},
		{"a relative folder of ccache", "packages: a\nbuild: {ccache: true, ccache_dir: cache}\n", false},
		{"the root folder for ccache", "packages: a\nbuild: {ccache: true, ccache_dir: /}\n", false},
		{"the root folder in other words", "packages: a\nbuild: {ccache: true, ccache_dir: /a/..}\n", true},
		{"an unknown cache", "packages: a\nbuild: {caches: [uv]}\n", false},
		{"true for caches", "packages: a\nbuild: {caches: true}\n", false},
		{"no cache among others", "packages: a\nbuild: {caches: [pip, none]}\n", false},
		{"a number for GitHub's API", "packages: a\nbuild: {github_api: 0}\n", false},
		{"true in a list", "packages: a\nbuild: {privileged: [true]}\n", false},
		{"an unknown form of layers", "packages: a\nlayers: package\n", false},
		{"an unknown key of layers", "packages: a\nlayers: {from: packages}\n", false},
		{"an unknown way with conflicts", "packages: a\nlayers: {form: packages, conflicts: ignore}\n", false},
		{"a list of packages for a chain", "packages: a\nlayers: {chain: a}\n", true},
		{"an unknown run", "packages: a\ntests: sometimes\n", false},
		{"false as a run", "packages: a\ntests: false\n", false},
		{"skip and only", "packages: a\ntests: {skip: a, only: b}\n", false},
		{"an empty only", "packages: a\ntests: {only: []}\n", false},
		{"a folder for data", "packages: a\ntests: {data: ../x}\n", false},
		{"an empty command", "packages: a\nimage: {cmd: []}\n", false},
		{"a blank command", "packages: a\nimage: {cmd: ' '}\n", false},
		{"env as a list", "packages: a\nimage: {env: [A=1]}\n", false},
		{"null in env", "packages: a\nimage: {env: {A: ~}}\n", false},
		{"a label of jetkit's own", "packages: a\nimage: {labels: {io.jetkit.plan: x}}\n", false},
		{"a relative path of the chain", "packages: a\nimage: {from: [opt]}\n", false},
		{"nothing of the chain", "packages: a\nimage: {from: []}\n", false},
		{"a relative workdir", "packages: a\nimage: {workdir: x}\n", false},
		{"a user with a space", "packages: a\nimage: {user: a b}\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Load("jetson.yaml", []byte(c.file), nil)
			assert.True(t, problems.HasErrors(), "the reader accepts it")
			problem, ok := schemaChecker(t)(c.file)
			require.True(t, ok)
			assert.Equal(t, !c.readerOnly, problem != nil, "the schema's verdict: %v", problem)
		})
	}
}

// TestKnownArgs checks that each of jetkit's arguments is described, and what it is
// in a plan.
func TestKnownArgs(t *testing.T) {
	p := &plan.Plan{
		Target: plan.Target{L4T: plan.Value{Value: "36.4.3"}, CUDA: plan.Value{Value: "12.6"}, Arch: plan.Value{Value: "tegra-aarch64"}},
		Base:   plan.Value{Value: "ubuntu:22.04"},
		Steps: []plan.Step{
			{Name: "a", BuildGPU: plan.GPUCDI, BuildDevice: "x/y=1", TestPrivileged: true},
			{Name: "b", BuildGPU: plan.GPUCDI, BuildDevice: "x/y=2", TestPrivileged: true, BuildPrivileged: true},
		},
	}
	p.Build.Network, p.Build.ShmSize = plan.NetworkHost, 2<<30
	p.Layers, p.Steps[1].AfterAll = plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn}, true
	p.Build.Caches = []plan.PackageCache{plan.CacheApt, plan.CachePip}
	p.Build.Ccache, p.Build.NoGitHubAPI = plan.Ccache{Dir: "/c", MaxSize: "5G"}, true
	p.Tests.Ulimits = []plan.Ulimit{{Name: "core", Soft: 1, Hard: 2}}
	p.Tests.GPU, p.Tests.Device, p.Tests.Epoch, p.Tests.Data = plan.GPUSkip, "x/y", "noon", "models"
	got, described := map[string]string{}, map[string]string{}
	for _, a := range KnownArgs() {
		assert.NotEmpty(t, a.About, a.Name)
		assert.NotRegexp(t, `^(the )?same$|\btheir\b|\bas (build|tests)\.`, a.About, "%s: it stands alone", a.Name)
		assert.Empty(t, described[a.About], "%s has the same description", a.Name)
		described[a.About] = a.Name
		assert.NotContains(t, a.About, "](", a.Name)
		if value := a.Value(p); value != "" {
			got[a.Name] = value
		}
	}
	assert.Equal(t, map[string]string{
		"L4T_VERSION": "36.4.3", "CUDA_VERSION": "12.6", "CUDA_ARCH": "tegra-aarch64", "BASE_IMAGE": "ubuntu:22.04",
		"LAYERS": "packages", "LAYERS_CHAIN": "b", "LAYERS_CONFLICTS": "warn",
		"BUILD_GPU": "cdi", "BUILD_NETWORK": "host", "BUILD_SHM_SIZE": "2GiB", "BUILD_PRIVILEGED": "b",
		"BUILD_CACHES": "apt, pip", "BUILD_CCACHE": "true", "BUILD_CCACHE_DIR": "/c", "BUILD_CCACHE_MAX_SIZE": "5G", "BUILD_GITHUB_API": "false",
		"TEST_GPU": "skip", "TEST_DEVICE": "x/y", "TEST_EPOCH": "noon", "TEST_DATA": "models", "TEST_ULIMITS": "core=1:2", "TEST_PRIVILEGED": "a,b",
	}, got)
}
