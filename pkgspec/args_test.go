package pkgspec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

type args = map[string]string

func fromArg(value, name string) platform.Asked {
	return platform.Asked{Value: value, From: "--build-arg " + name}
}

func typed(values ...string) []diag.Text {
	texts := make([]diag.Text, len(values))
	for i, v := range values {
		texts[i] = diag.Text{Value: v}
	}
	return texts
}

// TestArgsAlone sets every argument over a file that says nothing of it.
func TestArgsAlone(t *testing.T) {
	got := load(t, "version: 1\n", args{
		"L4T_VERSION": "36.4.3", "JETPACK_VERSION": "6.2", "CUDA_VERSION": "12.6", "PYTHON_VERSION": "3.10", "LSB_RELEASE": "22.04", "CUDA_ARCH": "tegra",
		"BASE_IMAGE": "ubuntu:22.04", "PACKAGES": "pytorch:2.8, ./a;ros:*", "SKIP_PACKAGES": "x,y", "PACKAGE_DIRS": "packages,./more/",
		"TESTS": "intermediate", "SKIP_TESTS": "numpy", "TEST_GPU": "cdi", "TEST_DEVICE": "nvidia.com/gpu=0", "TEST_EPOCH": "2 pm", "TEST_DATA": "models/v1",
		"BUILD_GPU": "cdi", "BUILD_DEVICE": "nvidia.com/gpu=1", "BUILD_NETWORK": "none", "BUILD_SHM_SIZE": "67108864", "BUILD_ULIMITS": "nofile=1024:524288, memlock=-1",
		"BUILD_CACHES": "pip,apt", "BUILD_CCACHE": "on", "BUILD_CCACHE_DIR": "/c", "BUILD_CCACHE_MAX_SIZE": "500M", "BUILD_GITHUB_API": "false",
		"LAYERS": "packages", "LAYERS_CHAIN": "zed,ros:*", "LAYERS_CONFLICTS": "warn",
		"BUILD_PRIVILEGED": "zed,ros:*", "TEST_NETWORK": "host", "TEST_SHM_SIZE": "1000", "TEST_ULIMITS": "core=0", "TEST_PRIVILEGED": "True",
		"IMAGE_ENTRYPOINT": `["run", "--fast"]`, "IMAGE_CMD": "echo  hi", "IMAGE_ENV": "A=1, B=x=y", "IMAGE_WORKDIR": "/w", "IMAGE_USER": "me",
		"PYTORCH_INDEX": " kept ",
	})
	override := func(key, arg, value string) plan.Override { return plan.Override{Key: key, Arg: arg, New: value} }
	checkSpec(t, got, &Spec{
		File: "jetson.yaml",
		Target: platform.Request{
			At:  diag.Range{File: "jetson.yaml"},
			L4T: fromArg("36.4.3", "L4T_VERSION"), JetPack: fromArg("6.2", "JETPACK_VERSION"), CUDA: fromArg("12.6", "CUDA_VERSION"),
			Python: fromArg("3.10", "PYTHON_VERSION"), Ubuntu: fromArg("22.04", "LSB_RELEASE"), Arch: fromArg("tegra", "CUDA_ARCH"),
		},
		Base:     typed("ubuntu:22.04")[0],
		Packages: []PackageRef{{Text: typed("pytorch:2.8")[0]}, {Text: typed("./a")[0], Folder: "a"}, {Text: typed("ros:*")[0]}},
		Sources:  []Source{{Kind: plan.Context, Dir: "packages"}, {Kind: plan.Context, Dir: "more"}, {Kind: plan.Builtin, Dir: "."}},
		Skip:     typed("x", "y"),
		Args:     args{"PYTORCH_INDEX": " kept "},
		Layers:   Layers{Layers: plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn}, Chain: typed("zed", "ros:*")},
		Build: Build{
			GPU: plan.GPUCDI, Device: "nvidia.com/gpu=1", Privileged: typed("zed", "ros:*"), Caches: []plan.PackageCache{plan.CacheApt, plan.CachePip}, Ccache: plan.Ccache{Dir: "/c", MaxSize: "500M"}, GitHubAPI: new(false),
			Sandbox: plan.Sandbox{Network: plan.NetworkNone, ShmSize: 64 << 20, Ulimits: []plan.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}, {Name: "nofile", Soft: 1024, Hard: 524288}}},
		},
		Tests: Tests{
			Run: TestIntermediate, Skip: typed("numpy"), GPU: plan.GPUCDI, Device: "nvidia.com/gpu=0", Epoch: "2 pm", Data: "models/v1", Privileged: typed("*"),
			Sandbox: plan.Sandbox{Network: plan.NetworkHost, ShmSize: 1000, Ulimits: []plan.Ulimit{{Name: "core"}}},
		},
		Image: plan.Image{
			Entrypoint: []string{"run", "--fast"}, Cmd: []string{"/bin/sh", "-c", "echo  hi"},
			Env: args{"A": "1", "B": "x=y"}, Workdir: "/w", User: "me",
		},
		Overrides: []plan.Override{
			override("base", "BASE_IMAGE", "ubuntu:22.04"),
			override("build.caches", "BUILD_CACHES", "apt, pip"),
			override("build.ccache", "BUILD_CCACHE", "true"),
			override("build.ccache_dir", "BUILD_CCACHE_DIR", "/c"),
			override("build.ccache_max_size", "BUILD_CCACHE_MAX_SIZE", "500M"),
			override("build.device", "BUILD_DEVICE", "nvidia.com/gpu=1"),
			override("build.github_api", "BUILD_GITHUB_API", "false"),
			override("build.gpu", "BUILD_GPU", "cdi"),
			override("build.network", "BUILD_NETWORK", "none"),
			override("build.privileged", "BUILD_PRIVILEGED", "zed, ros:*"),
			override("build.shm_size", "BUILD_SHM_SIZE", "64MiB"),
			override("build.ulimits", "BUILD_ULIMITS", "memlock=-1,nofile=1024:524288"),
			override("image.cmd", "IMAGE_CMD", `["/bin/sh","-c","echo  hi"]`),
			override("image.entrypoint", "IMAGE_ENTRYPOINT", `["run","--fast"]`),
			override("image.env.A", "IMAGE_ENV", "1"),
			override("image.env.B", "IMAGE_ENV", "x=y"),
			override("image.user", "IMAGE_USER", "me"),
			override("image.workdir", "IMAGE_WORKDIR", "/w"),
			override("layers.chain", "LAYERS_CHAIN", "zed, ros:*"),
			override("layers.conflicts", "LAYERS_CONFLICTS", "warn"),
			override("layers.form", "LAYERS", "packages"),
			override("packages", "PACKAGES", "pytorch:2.8, ./a, ros:*"),
			override("skip", "SKIP_PACKAGES", "x, y"),
			override("sources", "PACKAGE_DIRS", "packages, more, builtin"),
			override("target.arch", "CUDA_ARCH", "tegra"),
			override("target.cuda", "CUDA_VERSION", "12.6"),
			override("target.jetpack", "JETPACK_VERSION", "6.2"),
			override("target.l4t", "L4T_VERSION", "36.4.3"),
			override("target.python", "PYTHON_VERSION", "3.10"),
			override("target.ubuntu", "LSB_RELEASE", "22.04"),
			override("tests.data", "TEST_DATA", "models/v1"),
			override("tests.device", "TEST_DEVICE", "nvidia.com/gpu=0"),
			override("tests.epoch", "TEST_EPOCH", "2 pm"),
			override("tests.gpu", "TEST_GPU", "cdi"),
			override("tests.network", "TEST_NETWORK", "host"),
			override("tests.privileged", "TEST_PRIVILEGED", "true"),
			override("tests.run", "TESTS", "intermediate"),
			override("tests.shm_size", "TEST_SHM_SIZE", "1000B"),
			override("tests.skip", "SKIP_TESTS", "numpy"),
			override("tests.ulimits", "TEST_ULIMITS", "core=0"),
		},
	})
}

// TestArgsOverTheFile covers how an argument and the file meet.
func TestArgsOverTheFile(t *testing.T) {
	target := func(s *Spec) any { return s.Target }
	build := func(s *Spec) any { return s.Build }
	tests := func(s *Spec) any { return s.Tests }
	at := diag.Range{File: "jetson.yaml"}
	for name, c := range map[string]struct {
		file string
		args args
		got  func(*Spec) any
		want any
		// overrides are written "key: old -> new (ARG)".
		overrides []string
	}{
		"l4t replaces jetpack": {
			"packages: a\ntarget: {jetpack: 6.2}\n",
			args{"L4T_VERSION": "36.3"},
			target,
			platform.Request{At: on(2, 1, 7), L4T: fromArg("36.3", "L4T_VERSION")},
			[]string{"target.jetpack: 6.2 ->  (L4T_VERSION)", "target.l4t:  -> 36.3 (L4T_VERSION)"},
		},
		"jetpack replaces l4t": {
			"packages: a\ntarget: {l4t: 36.3}\n",
			args{"JETPACK_VERSION": "6.2"},
			target,
			platform.Request{At: on(2, 1, 7), JetPack: fromArg("6.2", "JETPACK_VERSION")},
			[]string{"target.jetpack:  -> 6.2 (JETPACK_VERSION)", "target.l4t: 36.3 ->  (JETPACK_VERSION)"},
		},
		"both by argument": {
			"packages: a\ntarget: {l4t: 36.3, jetpack: 6.0}\n",
			args{"JETPACK_VERSION": "6.2", "L4T_VERSION": "36.4.3"},
			target,
			platform.Request{At: on(2, 1, 7), JetPack: fromArg("6.2", "JETPACK_VERSION"), L4T: fromArg("36.4.3", "L4T_VERSION")},
			[]string{"target.jetpack: 6.0 -> 6.2 (JETPACK_VERSION)", "target.l4t: 36.3 -> 36.4.3 (L4T_VERSION)"},
		},
		"the same value": {
			"packages: a\ntarget: {cuda: 12.6}\n",
			args{"CUDA_VERSION": "12.6"},
			target,
			platform.Request{At: on(2, 1, 7), CUDA: fromArg("12.6", "CUDA_VERSION")},
			nil,
		},
		"empty arguments": {"packages: a\n", args{"CUDA_VERSION": "", "PACKAGES": " ", "X": ""}, target, platform.Request{At: at}, nil},
		"packages":        {"packages: a\n", args{"PACKAGES": "b"}, func(s *Spec) any { return s.Packages }, []PackageRef{{Text: typed("b")[0]}}, []string{"packages: a -> b (PACKAGES)"}},
		"sources": {
			"packages: a\nsources: [{dir: x}, {context: c}, {context: d, dir: e}, {git: 'https://a/b#c'}]\n",
			args{"PACKAGE_DIRS": "y"},
			func(s *Spec) any { return len(s.Sources) }, 2,
			[]string{"sources: x, c, d:e, https://a/b#c -> y, builtin (PACKAGE_DIRS)"},
		},
		"one variable": {
			"packages: a\nimage: {env: {A: 1, B: 2}}\n",
			args{"IMAGE_ENV": "B=3,A=1"},
			func(s *Spec) any { return s.Image.Env },
			args{"A": "1", "B": "3"},
			[]string{"image.env.B: 2 -> 3 (IMAGE_ENV)"},
		},
		"arguments of Dockerfiles": {
			"packages: a\nargs: {A: 1, B: 2}\n",
			args{"B": "3", "A": "1", "C": "4"},
			func(s *Spec) any { return s.Args },
			args{"A": "1", "B": "3", "C": "4"},
			[]string{"args.B: 2 -> 3 (B)"},
		},
		"BuildKit's own": {
			"packages: a\n",
			args{"BUILDKIT_INLINE_CACHE": "1", "SOURCE_DATE_EPOCH": "0", "http_proxy": "x", "NO_PROXY": "y", "All_Proxy": "z"},
			func(s *Spec) any { return len(s.Args) }, 0, nil,
		},
		"no gpu, no device": {
			"packages: a\ntests: {device: nvidia.com/gpu=0}\n",
			args{"TEST_GPU": "skip"},
			tests,
			Tests{Run: TestAll, GPU: plan.GPUSkip},
			[]string{"tests.gpu:  -> skip (TEST_GPU)"},
		},
		"a runtime for both": {
			"packages: a\nbuild: {device: nvidia.com/gpu=0}\n",
			args{"TEST_GPU": "runtime"},
			build,
			Build{GPU: plan.GPURuntime},
			[]string{"tests.gpu:  -> runtime (TEST_GPU)"},
		},
		"the network, off": {
			"packages: a\nbuild: {network: host}\ntests: {network: none}\n",
			args{"BUILD_NETWORK": "sandbox", "TEST_NETWORK": "default"},
			func(s *Spec) any { return []plan.Network{s.Build.Network, s.Tests.Network} },
			[]plan.Network{"", ""},
			[]string{"build.network: host -> default (BUILD_NETWORK)", "tests.network: none -> default (TEST_NETWORK)"},
		},
		"privileges, off": {
			"packages: a\nbuild: {privileged: [zed, ros]}\ntests: {privileged: true}\n",
			args{"BUILD_PRIVILEGED": "false", "TEST_PRIVILEGED": "FALSE"},
			func(s *Spec) any { return s.Build.Privileged == nil && s.Tests.Privileged == nil },
			true,
			[]string{"build.privileged: zed, ros -> false (BUILD_PRIVILEGED)", "tests.privileged: true -> false (TEST_PRIVILEGED)"},
		},
		"what is so already": {
			"packages: a\nbuild: {network: default, privileged: false, shm_size: 1g, ulimits: {core: \"0:0\"}}\n",
			args{"BUILD_NETWORK": "default", "BUILD_PRIVILEGED": "false", "BUILD_SHM_SIZE": "1073741824", "BUILD_ULIMITS": "core=0"},
			func(s *Spec) any { return s.Build.ShmSize }, int64(1 << 30), nil,
		},
		"limits": {
			"packages: a\nbuild: {shm_size: 1g, ulimits: {nofile: 5, core: 0}}\n",
			args{"BUILD_ULIMITS": "stack=1:2", "BUILD_SHM_SIZE": "2G"},
			func(s *Spec) any { return s.Build.Sandbox },
			plan.Sandbox{ShmSize: 2 << 30, Ulimits: []plan.Ulimit{{Name: "stack", Soft: 1, Hard: 2}}},
			[]string{"build.shm_size: 1GiB -> 2GiB (BUILD_SHM_SIZE)", "build.ulimits: core=0,nofile=5 -> stack=1:2 (BUILD_ULIMITS)"},
		},
		"skip all tests":      {"packages: a\ntests: final\n", args{"SKIP_TESTS": "all"}, tests, testsOf(TestNone), []string{"tests.run: final -> none (SKIP_TESTS)"}},
		"skip * tests":        {"packages: a\n", args{"SKIP_TESTS": "*"}, tests, testsOf(TestNone), []string{"tests.run:  -> none (SKIP_TESTS)"}},
		"skip intermediate":   {"packages: a\n", args{"SKIP_TESTS": "intermediate"}, tests, testsOf(TestFinal), []string{"tests.run:  -> final (SKIP_TESTS)"}},
		"skip final":          {"packages: a\n", args{"SKIP_TESTS": "final"}, tests, testsOf(TestIntermediate), []string{"tests.run:  -> intermediate (SKIP_TESTS)"}},
		"skip what is left":   {"packages: a\n", args{"TESTS": "final", "SKIP_TESTS": "final"}, tests, testsOf(TestNone), []string{"tests.run:  -> none (SKIP_TESTS)"}},
		"skip what is not on": {"packages: a\ntests: final\n", args{"SKIP_TESTS": "intermediate"}, tests, testsOf(TestFinal), nil},
		"skip names and all":  {"packages: a\n", args{"SKIP_TESTS": "intermediate,b"}, tests, Tests{Run: TestFinal, Skip: typed("b"), GPU: plan.GPUCDI, Device: plan.DefaultDevice}, []string{"tests.run:  -> final (SKIP_TESTS)", "tests.skip:  -> b (SKIP_TESTS)"}},
		"skip over only":      {"packages: a\ntests: {only: b}\n", args{"SKIP_TESTS": "c"}, tests, Tests{Run: TestAll, Skip: typed("c"), GPU: plan.GPUCDI, Device: plan.DefaultDevice}, []string{"tests.only: b ->  (SKIP_TESTS)", "tests.skip:  -> c (SKIP_TESTS)"}},
		"only over skip":      {"packages: a\ntests: {skip: b}\n", args{"TEST_ONLY": "c"}, tests, Tests{Run: TestAll, Only: typed("c"), GPU: plan.GPUCDI, Device: plan.DefaultDevice}, []string{"tests.only:  -> c (TEST_ONLY)", "tests.skip: b ->  (TEST_ONLY)"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := load(t, c.file, c.args)
			assert.Equal(t, c.want, c.got(spec))
			var overrides []string
			for _, o := range spec.Overrides {
				overrides = append(overrides, o.Key+": "+o.Old+" -> "+o.New+" ("+o.Arg+")")
			}
			assert.Equal(t, c.overrides, overrides, "overrides")
		})
	}
}

func testsOf(run TestRun) Tests {
	return Tests{Run: run, GPU: plan.GPUCDI, Device: plan.DefaultDevice}
}

func TestArgsProblems(t *testing.T) {
	for _, c := range []struct {
		args args
		want string
	}{
		{args{"TEST_GPU": "nvidia"}, `error: --build-arg TEST_GPU: unknown value "nvidia" [bad-value]
    hint: it can be cdi, runtime or skip
`},
		{args{"TESTS": "some"}, `error: --build-arg TESTS: unknown value "some" [bad-value]
    hint: it can be all, intermediate, final or none
`},
		{args{"PACKAGES": "a,a,b/c,.."}, `error: --build-arg PACKAGES: "a" is listed twice [duplicate-package]
    hint: list it once
error: --build-arg PACKAGES: "b/c" is not a package name [bad-value]
    hint: write ./b/c for a folder of the build context
error: --build-arg PACKAGES: the folder ".." is outside of the build context [bad-value]
    hint: pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}
`},
		{args{"PACKAGES": ",", "TEST_ONLY": "a/", "SKIP_TESTS": "x"}, `error: --build-arg PACKAGES: "," names nothing [bad-value]
    hint: separate names with commas
error: --build-arg TEST_ONLY and SKIP_TESTS exclude each other [conflicting-keys]
    hint: keep one of them
error: --build-arg TEST_ONLY: "a/" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
`},
		{args{"TEST_ONLY": ";"}, `error: --build-arg TEST_ONLY: ";" names nothing [bad-value]
    hint: separate names with commas
`},
		{args{"PACKAGE_DIRS": "a,/b,a"}, `error: --build-arg PACKAGE_DIRS: "a" is listed twice [duplicate-source]
    hint: list it once
error: --build-arg PACKAGE_DIRS: the folder "/b" is absolute [bad-value]
    hint: write a path that is relative to the build context: ./my-package
`},
		{args{"BASE_IMAGE": "A", "CUDA_VERSION": "12\n6", "TEST_DEVICE": "x", "IMAGE_WORKDIR": "w", "IMAGE_USER": "a b"}, `error: --build-arg BASE_IMAGE: "A" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
error: --build-arg CUDA_VERSION: the text "12\n6" holds a line break or another control character [bad-value]
    hint: write it in one line
error: --build-arg IMAGE_USER: "a b" is not a user [bad-value]
    hint: write a name or number, and if need be a group after a colon: 1000:1000
error: --build-arg IMAGE_WORKDIR: the folder "w" is not absolute [bad-value]
    hint: begin it with /
error: --build-arg TEST_DEVICE: "x" is not the name of a CDI device [bad-value]
    hint: write vendor.com/class=name, for example nvidia.com/gpu=all
`},
		{args{"IMAGE_ENTRYPOINT": "[run]", "IMAGE_CMD": "[]", "IMAGE_ENV": "A,2=3"}, `error: --build-arg IMAGE_CMD: "[]" is not a list of texts [bad-value]
    hint: write a JSON list, such as ["python3", "app.py"], or a command for the shell
error: --build-arg IMAGE_ENTRYPOINT: "[run]" is not a list of texts [bad-value]
    hint: write a JSON list, such as ["python3", "app.py"], or a command for the shell
error: --build-arg IMAGE_ENV: "2" is not the name of a variable [bad-value]
    hint: use letters, digits and _, and begin with a letter
error: --build-arg IMAGE_ENV: "A" is not NAME=value [bad-value]
    hint: write NAME=value,OTHER=value; a value with a comma can only be set in the file, under image.env
`},
		{args{"L4T_VERSON": "36", "l4t_version": "36", "CUDA_VESRION": "12", "PACKAGE": "a"}, `warning: --build-arg CUDA_VESRION is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean CUDA_VERSION?
warning: --build-arg L4T_VERSON is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean L4T_VERSION?
warning: --build-arg PACKAGE is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean PACKAGES?
warning: --build-arg l4t_version is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean L4T_VERSION?
`},
		{args{"HF_TOKEN": "x", "MY PASS": "y"}, `warning: --build-arg HF_TOKEN looks like a secret, and build arguments stay readable in the image [secret-arg]
    hint: pass it with --secret, and use it with RUN --mount=type=secret in the Dockerfile
error: --build-arg MY PASS: "MY PASS" is not the name of a variable [bad-value]
    hint: use letters, digits and _, and begin with a letter
`},
		{args{"BUILD_GPU": "yes", "BUILD_DEVICE": "gpu", "BUILD_NETWORK": "bridge", "BUILD_SHM_SIZE": "0", "BUILD_ULIMITS": "nofile=1,nofile=2,core,x=1,cpu=a,rss=2:1", "BUILD_PRIVILEGED": "a,false,b/c"}, `error: --build-arg BUILD_DEVICE: "gpu" is not the name of a CDI device [bad-value]
    hint: write vendor.com/class=name, for example nvidia.com/gpu=all
error: --build-arg BUILD_GPU: unknown value "yes" [bad-value]
    hint: it can be cdi, runtime or skip
error: --build-arg BUILD_NETWORK: unknown value "bridge" [bad-value]
    hint: it can be default, host or none
error: --build-arg BUILD_PRIVILEGED: "b/c" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
error: --build-arg BUILD_PRIVILEGED: "false" stands for all packages or none, and cannot be in a list [bad-value]
    hint: write it alone, or name packages
error: --build-arg BUILD_SHM_SIZE: the size "0" is not between one byte and a pebibyte [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
error: --build-arg BUILD_ULIMITS: "core" is not NAME=LIMIT [bad-value]
    hint: write NAME=SOFT:HARD,OTHER=BOTH, for example nofile=1024:524288,memlock=-1
error: --build-arg BUILD_ULIMITS: "x" is not the name of a limit [bad-value]
    hint: it can be core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending or stack
error: --build-arg BUILD_ULIMITS: cpu: "a" is not a limit [bad-value]
    hint: write SOFT or "SOFT:HARD"; -1 is no limit
error: --build-arg BUILD_ULIMITS: nofile is given twice [bad-value]
    hint: keep one of them
error: --build-arg BUILD_ULIMITS: rss: "2:1": the soft limit is above the hard one [bad-value]
    hint: write the lower limit first: SOFT:HARD
`},
		{args{"BUILD_PRIVILEGED": ",", "BUILD_ULIMITS": ";", "BUILD_SHM_SZE": "1", "TEST_PRIVILEGD": "1"}, `error: --build-arg BUILD_PRIVILEGED: "," names nothing [bad-value]
    hint: separate names with commas
warning: --build-arg BUILD_SHM_SZE is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean BUILD_SHM_SIZE?
error: --build-arg BUILD_ULIMITS: ";" names nothing [bad-value]
    hint: separate names with commas
warning: --build-arg TEST_PRIVILEGD is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]
    hint: did you mean TEST_PRIVILEGED?
`},
	} {
		_, problems := Load("jetson.yaml", []byte("packages: a\n"), c.args)
		for _, d := range problems {
			assert.Equal(t, diag.Range{}, d.At, "a build argument has no place in a file: %s", d)
		}
		assert.Equal(t, c.want, report("", problems), "%v", c.args)
	}
}

// TestArgsOfOthers checks that good names near to jetkit's raise no warning.
func TestArgsOfOthers(t *testing.T) {
	for name := range strings.FieldsSeq("CUDNN_VERSION CUDF_VERSION CUML_VERSION CUPY_VERSION CUDSS_VERSION PYTORCH_VERSION PYTHON_VERSION_MAJOR CUDAARCHS TARGETPLATFORM TESTING BASE") {
		spec := load(t, "packages: a\n", args{name: "1"})
		assert.Equal(t, "1", spec.Args[name], "%s is not passed on", name)
	}
}

func TestArgsWithABrokenFile(t *testing.T) {
	spec, problems := Load("jetson.yaml", []byte("packages: [a\n"), args{"TESTS": "x"})
	require.Nil(t, spec)
	assert.Len(t, problems, 2)
}

// TestEmptyArgs checks that an empty build argument reaches packages as empty, as
// it does a Dockerfile, and that jetkit's own count as not given.
func TestEmptyArgs(t *testing.T) {
	empty := args{"X": "", "Y": " ", "IN_FILE": "", "CUDA_VERSION": "", "PACKAGES": " ", "TEST_GPU": "", "CUDNN_VERSION": "", "BUILDKIT_INLINE_CACHE": ""}
	spec := load(t, "packages: a\nargs: {IN_FILE: 1, OTHER: 2}\ntarget: {cuda: 12.6}\n", empty)
	assert.Equal(t, map[string]string{"X": "", "Y": " ", "IN_FILE": "", "OTHER": "2"}, spec.Args)
	assert.Equal(t, "12.6", spec.Target.CUDA.Value)
	assert.Equal(t, []PackageRef{{Text: text("a", on(1, 11, 12))}}, spec.Packages)
	assert.Equal(t, []plan.Override{{Key: "args.IN_FILE", Arg: "IN_FILE", Old: "1"}}, spec.Overrides)
}

// TestNullArgs checks that a null in args is not given, and an empty text is.
func TestNullArgs(t *testing.T) {
	spec := load(t, "packages: a\nargs: {A: , B: ~, C: null, D: '', E: 'null'}\n", nil)
	assert.Equal(t, map[string]string{"D": "", "E": "null"}, spec.Args)
}
