package pkgspec

import (
	"strconv"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/schema"
)

// setting is a row of the table that everything about settings comes from: the
// reader of jetson.yaml, the build arguments, the overrides that a plan lists, the
// outline, the table of docs/jetson-yaml.md and the JSON schema.
type setting struct {
	// key is its name in the file: "target.cuda".
	key string
	// arg is its build argument; empty if it has none.
	arg string
	// about says what it is, and unset what it is if nobody sets it; both as
	// Markdown in a line.
	about, unset string
	form
	// argOnly marks a build argument that has no key in the file.
	argOnly bool
}

// settings is the table, in the order of the documentation. Build arguments are
// applied in this order too: what takes something away comes after what sets it.
var settings = []setting{
	{key: "version", about: "version of the file's format: `" + Version + "`", unset: "`" + Version + "`", form: version()},
	{
		key: "target.jetpack", arg: "JETPACK_VERSION", about: "JetPack release, such as `6.2`", unset: "from the others, see [target.md](target.md)",
		form: ofTarget("jetpack", func(r *platform.Request) *platform.Asked { return &r.JetPack }, func(r *platform.Request) *platform.Asked { return &r.L4T }),
	},
	{
		key: "target.l4t", arg: "L4T_VERSION", about: "Jetson Linux release, such as `36.4.3`", unset: "from the others",
		form: ofTarget("l4t", func(r *platform.Request) *platform.Asked { return &r.L4T }, func(r *platform.Request) *platform.Asked { return &r.JetPack }),
	},
	{
		key: "target.cuda", arg: "CUDA_VERSION", about: "CUDA version, such as `12.6`", unset: "the release's",
		form: ofTarget("cuda", func(r *platform.Request) *platform.Asked { return &r.CUDA }, nil),
	},
	{
		key: "target.python", arg: "PYTHON_VERSION", about: "Python version, such as `3.10`", unset: "the one of the Ubuntu release",
		form: ofTarget("python", func(r *platform.Request) *platform.Asked { return &r.Python }, nil),
	},
	{
		key: "target.ubuntu", arg: "LSB_RELEASE", about: "Ubuntu release, such as `22.04`", unset: "the release's",
		form: ofTarget("ubuntu", func(r *platform.Request) *platform.Asked { return &r.Ubuntu }, nil),
	},
	{
		key: "target.arch", arg: "CUDA_ARCH", about: "architecture of NVIDIA's packages: `tegra`, `sbsa` or `x86_64`", unset: "the one of release and platform",
		form: ofTarget("arch", func(r *platform.Request) *platform.Asked { return &r.Arch }, nil),
	},
	{key: "facts", about: "more rows for the tables of releases: see [facts](#facts)", unset: "none", form: facts()},
	{key: "base", arg: "BASE_IMAGE", about: "image that the first package builds on: a reference, or the name of a `--build-context`", unset: "the target's image", form: image(func(s *Spec) *diag.Text { return &s.Base }).with(func(p *plan.Plan) string { return p.Base.Value })},
	{key: "python_image", arg: "PYTHON_IMAGE", argOnly: true, about: "image that runs [config.py](config-py.md) files", unset: "`python:3.12-slim`", form: image(func(s *Spec) *diag.Text { return &s.PythonImage })},
	{key: "packages", arg: "PACKAGES", about: "list of the [packages](#packages) to build", unset: "required", form: packages()},
	{key: "sources", arg: "PACKAGE_DIRS", about: "list of the [sources](#sources) of packages", unset: "folder `packages` of the context if there is one, then `builtin`", form: sources()},
	{key: "locked", arg: "LOCK", about: "whether [jetson.lock](lock.md) must be there (`true`), or does not count (`false`); as an argument `require` or `ignore`", unset: "it counts if it is there", form: locked()},
	{key: "skip", arg: "SKIP_PACKAGES", about: "list of package names or patterns to leave out", unset: "none", form: names(func(s *Spec) *[]diag.Text { return &s.Skip })},
	{key: "args", about: "mapping of names to values for the packages' Dockerfiles; set by any other build argument", unset: "none", form: arguments()},
	{key: "resources", about: "mapping of package names or patterns to what their RUN steps may take: [`memory`, `cpus`, `jobs`](#resources)", unset: "all that there is", form: resources()},
	{key: "layers", about: "short for `layers.form`", form: shortLayers()},
	{
		key: "layers.form", arg: "LAYERS", about: "what packages are built on, and what is a [layer](layers.md) of the image: `packages` (a package is built on what it needs, and is one layer) or `chain` (on all before it, and each instruction is a layer)", unset: "`chain`",
		form: layersForm().with(func(p *plan.Plan) string { return string(p.Layers.Form) }),
	},
	{
		key: "layers.chain", arg: "LAYERS_CHAIN", about: "list of names or patterns of packages that are built on all before them, as in a chain; only with `form: packages`", unset: "none",
		form: names(func(s *Spec) *[]diag.Text { return &s.Layers.Chain }).with(named(func(s plan.Step) bool { return s.AfterAll })),
	},
	{
		key: "layers.conflicts", arg: "LAYERS_CONFLICTS", about: "what happens where packages that do not need each other change the same file: `error`, or `warn` (the later one in the chain wins); only with `form: packages`", unset: "`error`",
		form: layersConflicts().with(func(p *plan.Plan) string { return string(p.Layers.Conflicts) }),
	},
	{
		key: "build.gpu", arg: "BUILD_GPU", about: "how RUN steps of packages that ask for a GPU ([`buildkit_device`](packages.md#gpus)) get it: `cdi`, `runtime` or `skip` (they run without)",
		unset: "`runtime` if `tests.gpu` is `runtime`, else `cdi`",
		form:  gpu(func(s *Spec) *plan.GPUMode { return &s.Build.GPU }).with(common(func(s plan.Step) string { return string(s.BuildGPU) })),
	},
	{
		key: "build.device", arg: "BUILD_DEVICE", about: "name of the CDI device of the RUN steps, in place of the package's; only with `gpu: cdi`", unset: "what the package names",
		form: device(func(s *Spec) *string { return &s.Build.Device }).with(common(func(s plan.Step) string { return s.BuildDevice })),
	},
	{key: "build.network", arg: "BUILD_NETWORK", about: "[network](#build) of the RUN steps: `default`, `host` or `none`", unset: "`default`", form: network(ofBuild)},
	{key: "build.shm_size", arg: "BUILD_SHM_SIZE", about: "size of `/dev/shm` in the RUN steps, as docker's `--shm-size` takes it: `2g`, `64m`, bytes", unset: "as BuildKit has it", form: shmSize(ofBuild)},
	{key: "build.ulimits", arg: "BUILD_ULIMITS", about: "limits of the RUN steps: mapping of names to limits, as docker's `--ulimit` takes them: `soft` or `soft:hard`, `-1` for no limit", unset: "as BuildKit has them", form: ulimits(ofBuild)},
	{
		key: "build.timeout", arg: "BUILD_TIMEOUT", about: "how long a RUN step may take: `45m`, `2h30m`, or `none`; a package's [`build_timeout`](packages.md#the-header) wins", unset: "`none`",
		form: timeout(func(s *Spec) **plan.Seconds { return &s.Build.Timeout }).with(common(func(s plan.Step) string { return onlyIf(s.BuildTimeout > 0, s.BuildTimeout.String()) })),
	},
	{
		key: "build.parallel", arg: "BUILD_PARALLEL", about: "of how many packages the builder runs RUN steps at once, in all builds together; only with `layers: packages`, as in a chain it is one", unset: "as many as can be built",
		form: number(func(s *Spec) **int { return &s.Build.Parallel }, 1, plan.MaxParallel).with(func(p *plan.Plan) string { return countText(p.Build.Parallel) }),
	},
	{
		key: "build.privileged", arg: "BUILD_PRIVILEGED", about: "list of names or patterns whose RUN steps run [without a sandbox](#build); `true` means all packages, `false` none", unset: "none",
		form: privileged(ofBuild).with(named(func(s plan.Step) bool { return s.BuildPrivileged })),
	},
	{
		key: "build.caches", arg: "BUILD_CACHES", about: "list of the [caches](cache.md#caches-of-steps) that the RUN steps have: `apt`, `ccache`, `pip`; or `none`", unset: "`none`",
		form: caches().with(func(p *plan.Plan) string { return plan.CachesText(p.Build.Caches) }),
	},
	{
		key: "build.ccache", arg: "BUILD_CCACHE", about: "whether the RUN steps have a [compiler cache](cache.md#compiler-cache): `true` or `false`", unset: "whether it is in `build.caches`",
		form: truth(func(s *Spec) **bool { return &s.Build.HasCcache }).with(func(p *plan.Plan) string { return onlyIf(p.Build.Ccache.Used(), "true") }),
	},
	{
		key: "build.ccache_dir", arg: "BUILD_CCACHE_DIR", about: "folder that the RUN steps find the compiler cache in: an absolute path; only with `ccache: true`", unset: "`" + plan.DefaultCcacheDir + "`",
		form: ccacheDir().with(func(p *plan.Plan) string { return p.Build.Ccache.Dir }),
	},
	{
		key: "build.ccache_max_size", arg: "BUILD_CCACHE_MAX_SIZE", about: "size of the compiler cache, as ccache takes it: `20G`, `500M`; only with `ccache: true`", unset: "`" + plan.DefaultCcacheMaxSize + "`",
		form: ccacheMaxSize().with(func(p *plan.Plan) string { return p.Build.Ccache.MaxSize }),
	},
	{
		key: "build.github_api", arg: "BUILD_GITHUB_API", about: "whether `ADD https://api.github.com/...` of Dockerfiles, which builds anew after a commit, [stays](#build): `true` or `false`", unset: "`true`",
		form: truth(func(s *Spec) **bool { return &s.Build.GitHubAPI }).with(func(p *plan.Plan) string { return onlyIf(p.Build.NoGitHubAPI, "false") }),
	},
	{key: "tests", about: "short for `tests.run`", form: shortTests()},
	{key: "tests.run", arg: "TESTS", about: "which tests run: `all`, `intermediate` (on each package's own stage), `final` (on the finished image) or `none`; set by `SKIP_TESTS` too", unset: "`all`", form: testRun()},
	{key: "tests.skip", arg: "SKIP_TESTS", about: "list of names or patterns that are not tested", unset: "none", form: testSkip()},
	{key: "tests.only", arg: "TEST_ONLY", about: "list of names or patterns that alone are tested; not together with `tests.skip`", unset: "all", form: testOnly()},
	{
		key: "tests.gpu", arg: "TEST_GPU", about: "how tests get a GPU: `cdi` (a CDI device), `runtime` (the builder runs steps with nvidia-container-runtime) or `skip` (tests that need one are left out)", unset: "`cdi`",
		form: gpu(func(s *Spec) *plan.GPUMode { return &s.Tests.GPU }).with(func(p *plan.Plan) string { return string(p.Tests.GPU) }),
	},
	{
		key: "tests.device", arg: "TEST_DEVICE", about: "name of the tests' CDI device: `vendor.com/class=name`, or `vendor.com/class` for its first device; only with `gpu: cdi`", unset: "`nvidia.com/gpu=all`",
		form: device(func(s *Spec) *string { return &s.Tests.Device }).with(func(p *plan.Plan) string { return p.Tests.Device }),
	},
	{
		key: "tests.epoch", arg: "TEST_EPOCH", about: "any text; a new one runs all tests again", unset: "none",
		form: line(func(s *Spec) *string { return &s.Tests.Epoch }).with(func(p *plan.Plan) string { return p.Tests.Epoch }),
	},
	{key: "tests.data", arg: "TEST_DATA", about: "which of the builder's folders tests find at [`/data`](packages.md#tests): a name, shared with every project that gives the same one, or `none`", unset: "the project's own", form: testData()},
	{key: "tests.network", arg: "TEST_NETWORK", about: "network of the tests: `default`, `host` or `none`", unset: "`default`", form: network(ofTests)},
	{key: "tests.shm_size", arg: "TEST_SHM_SIZE", about: "size of `/dev/shm` in the tests, as docker's `--shm-size` takes it: `2g`, `64m`, bytes", unset: "8 GiB", form: shmSize(ofTests)},
	{key: "tests.ulimits", arg: "TEST_ULIMITS", about: "limits of the tests: mapping of names to limits, as docker's `--ulimit` takes them: `soft` or `soft:hard`, `-1` for no limit", unset: "as BuildKit has them", form: ulimits(ofTests)},
	{
		key: "tests.timeout", arg: "TEST_TIMEOUT", about: "how long a test may take: `45m`, `2h30m`, or `none`; a package's [`test_timeout`](packages.md#the-header) wins", unset: "`" + plan.DefaultTestTimeout.String() + "`",
		form: timeout(func(s *Spec) **plan.Seconds { return &s.Tests.Timeout }).with(commonTest(func(t plan.Test) string { return t.Timeout.String() })),
	},
	{
		key: "tests.retries", arg: "TEST_RETRIES", about: "how often a test that fails runs again; a package's [`test_retries`](packages.md#the-header) wins", unset: "`0`",
		form: number(func(s *Spec) **int { return &s.Tests.Retries }, 0, plan.MaxRetries).with(commonTest(func(t plan.Test) string { return countText(t.Retries) })),
	},
	{
		key: "tests.parallel", arg: "TEST_PARALLEL", about: "how many tests the builder runs at once, in all builds together; those that need a GPU do not count", unset: "`" + strconv.Itoa(plan.DefaultTestParallel) + "`",
		form: number(func(s *Spec) **int { return &s.Tests.Parallel }, 1, plan.MaxParallel).with(func(p *plan.Plan) string { return countText(p.Tests.Parallel) }),
	},
	{
		key: "tests.gpu_parallel", arg: "TEST_GPU_PARALLEL", about: "how many tests that need a GPU the builder runs at once, in all builds together", unset: "`" + strconv.Itoa(plan.DefaultTestGPUParallel) + "`",
		form: number(func(s *Spec) **int { return &s.Tests.GPUParallel }, 1, plan.MaxParallel).with(func(p *plan.Plan) string { return countText(p.Tests.GPUParallel) }),
	},
	{
		key: "tests.privileged", arg: "TEST_PRIVILEGED", about: "list of names or patterns whose tests run [without a sandbox](#build); `true` means all packages, `false` none", unset: "none",
		form: privileged(ofTests).with(named(func(s plan.Step) bool { return s.TestPrivileged })),
	},
	{key: "tests.secrets", about: "list of the [secrets](#secrets-of-tests) that tests of packages get from `--secret`", unset: "none", form: testSecrets()},
	{key: "tests.ssh", about: "list of the [SSH agents](#secrets-of-tests) that tests of packages get from `--ssh`", unset: "none", form: testSSH()},
	{key: "image.from", arg: "IMAGE_FROM", about: "list of what of the chain's files the image has, in place of all of them: absolute paths, and `" + plan.PythonFiles + "`; makes a [runtime image](#runtime-images)", unset: "all of them", form: imageFrom()},
	{key: "image.base", arg: "IMAGE_BASE", about: "image that a runtime image builds on: a reference, `scratch`, or the name of a `--build-context`; only with `from`", unset: "the chain's base", form: imageBase()},
	{key: "image.entrypoint", arg: "IMAGE_ENTRYPOINT", about: "entrypoint of the image: list of words, or a text, which `/bin/sh -c` runs", unset: "as the last package leaves it", form: command(func(i *plan.Image) *[]string { return &i.Entrypoint })},
	{key: "image.cmd", arg: "IMAGE_CMD", about: "command of the image: list of words, or a text, which `/bin/sh -c` runs", unset: "as the last package leaves it", form: command(func(i *plan.Image) *[]string { return &i.Cmd })},
	{key: "image.shell", about: "shell of the image, which runs commands that are a text in Dockerfiles that build on it: list of words", unset: "as the last package leaves it", form: words(func(s *Spec) *[]string { return &s.Image.Shell })},
	{key: "image.env", arg: "IMAGE_ENV", about: "environment variables of the image: mapping of names to [values](#image), added to those of the packages", unset: "none", form: imageEnv()},
	{key: "image.ports", arg: "IMAGE_PORTS", about: "list of the ports that the image's services listen on, as EXPOSE takes them: `8080`, `8080/udp`, `8000-8010`; added to those of the packages", unset: "none", form: entriesOf(func(s *Spec) *[]string { return &s.Image.Ports }, port, schema.Text(portPattern.String()).AtLeast(1))},
	{key: "image.volumes", arg: "IMAGE_VOLUMES", about: "list of the folders that containers keep apart from the image: absolute paths; added to those of the packages", unset: "none", form: entriesOf(func(s *Spec) *[]string { return &s.Image.Volumes }, volume, schema.Text("^/"))},
	{key: "image.stop_signal", arg: "IMAGE_STOP_SIGNAL", about: "signal that stops a container: a name such as `SIGINT`, or a number", unset: "as the last package leaves it", form: matched(func(s *Spec) *string { return &s.Image.StopSignal }, signalPattern, "write a name, such as SIGINT, or a number from 1 to 64", "%s is not a signal")},
	{key: "image.healthcheck", arg: "IMAGE_HEALTHCHECK", about: "short for `image.healthcheck.test`", form: shortHealthcheck()},
	{key: "image.healthcheck.test", about: "[how an engine tests](#image) that a container works: a text for the shell, a list that begins with `CMD` or `CMD-SHELL`, or `none`", unset: "as the last package leaves it", form: healthTest()},
	{key: "image.healthcheck.interval", about: "time between two tests: `30s`", unset: "as the last package leaves it", form: healthTime(func(h *plan.Healthcheck) *plan.Seconds { return &h.Interval })},
	{key: "image.healthcheck.timeout", about: "how long a test may take: `10s`", unset: "as the last package leaves it", form: healthTime(func(h *plan.Healthcheck) *plan.Seconds { return &h.Timeout })},
	{key: "image.healthcheck.retries", about: "how many tests in a row fail until a container counts as unhealthy", unset: "as the last package leaves it", form: healthRetries()},
	{key: "image.healthcheck.start_period", about: "time in which a container starts, and failures do not count: `2m`", unset: "as the last package leaves it", form: healthTime(func(h *plan.Healthcheck) *plan.Seconds { return &h.StartPeriod })},
	{key: "image.healthcheck.start_interval", about: "time between two tests while a container starts: `5s`", unset: "as the last package leaves it", form: healthTime(func(h *plan.Healthcheck) *plan.Seconds { return &h.StartInterval })},
	{key: "image.annotations", about: "[annotations](#image) of the image's manifest: mapping of names to values; names that begin with `" + plan.LabelPrefix + "` are reserved", unset: "none", form: imageAnnotations()},
	{
		key: "image.oci_annotations", arg: "IMAGE_OCI_ANNOTATIONS", about: "whether the manifest says [in OCI's words](#image) what the image was built on, of which source and when: `true` or `false`", unset: "`false`",
		form: truth(func(s *Spec) **bool { return &s.HasOCIAnnotations }).with(func(p *plan.Plan) string { return onlyIf(p.Image.OCIAnnotations, "true") }),
	},
	{key: "image.labels", about: "labels of the image: mapping of names to values; names that begin with `" + plan.LabelPrefix + "` are reserved", unset: "none", form: imageLabels()},
	{key: "image.workdir", arg: "IMAGE_WORKDIR", about: "working directory of the image: an absolute path", unset: "as the last package leaves it", form: workdir()},
	{key: "image.user", arg: "IMAGE_USER", about: "user of the image: `user`, `uid`, `user:group` or `uid:gid`", unset: "as the last package leaves it", form: matched(func(s *Spec) *string { return &s.Image.User }, userPattern,
		"write a name or number, and if need be a group after a colon: 1000:1000", "%s is not a user")},
}

// Arg is a build argument that jetkit itself takes.
type Arg struct {
	Name string
	// Key is what it sets in the file: "target.cuda".
	Key string
	// About says what it is, in a line.
	About string
	// Value returns what a plan has; empty for what is not in a plan.
	Value func(*plan.Plan) string
}

// KnownArgs lists jetkit's own build arguments.
func KnownArgs() []Arg {
	var args []Arg
	for _, s := range settings {
		if s.arg == "" {
			continue
		}
		if s.planned == nil {
			s.planned = func(*plan.Plan) string { return "" }
		}
		args = append(args, Arg{Name: s.arg, Key: s.key, About: plain(s.about), Value: s.planned})
	}
	return args
}
