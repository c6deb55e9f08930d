// Package plan holds the fully resolved answer to a jetson.yaml: the target,
// the base image, and the ordered chain of packages with their tests.
//
// A plan is the seam of jetkit. Everything that produces one is free of
// BuildKit, and everything that compiles one to LLB sees nothing else. It is
// plain data: equal inputs give byte-equal canonical JSON on every machine.
package plan

import (
	"jetkit/pkgspec/diag"
)

// Version is the version of the plan's JSON form.
const Version = 1

// Plan is what will be built, with the reason for each choice.
type Plan struct {
	Version int    `json:"version"`
	Target  Target `json:"target"`
	Base    Value  `json:"base"`
	// BaseAt is where the base image is asked for; zero if it follows from the
	// target.
	BaseAt diag.Range `json:"base_at,omitzero"`
	// Requested lists the packages that the user asked for, as written.
	Requested []string `json:"requested"`
	// RequestedAt is where the file lists them; zero if it does not.
	RequestedAt diag.Range `json:"requested_at,omitzero"`
	// Sources lists the trees that packages of the chain are from and that jetson.yaml names
	// by where they are, in the order in which they were searched.
	Sources []Source `json:"sources,omitempty"`
	// Steps is the chain, in build order: each step builds on the one before, or with
	// [LayersPackages] on those that it needs, see [Plan.BuiltOn].
	Steps  []Step `json:"steps"`
	Layers Layers `json:"layers,omitzero"`
	Build  Build  `json:"build,omitzero"`
	Tests  Tests  `json:"tests"`
	Image  Image  `json:"image"`
	// Overrides lists what build arguments changed against the file.
	Overrides []Override `json:"overrides,omitempty"`
}

// Value is a resolved value and why it is what it is.
type Value struct {
	Value string `json:"value"`
	// Reason says how the value was chosen ("default of L4T 36.4.3").
	Reason string `json:"reason"`
	// Source names where the fact comes from (a page, a repository's file), or
	// is empty when the user gave the value.
	Source string `json:"source,omitempty"`
}

// String returns the bare value.
func (v Value) String() string { return v.Value }

// Target is the platform that the image is built for, resolved as one unit.
// A value that does not exist for the target (TensorRT of a preview release
// that is not documented, say) is empty and its reason says so.
type Target struct {
	L4T      Value `json:"l4t"`
	JetPack  Value `json:"jetpack"`
	CUDA     Value `json:"cuda"`
	CUDNN    Value `json:"cudnn"`
	TensorRT Value `json:"tensorrt"`
	Python   Value `json:"python"`
	Ubuntu   Value `json:"ubuntu"`
	// Arch is jetson-containers' CUDA_ARCH: "tegra-aarch64" (Jetson's
	// integrated GPU), "aarch64" (SBSA) or "x86_64".
	Arch Value `json:"arch"`
	// CUDAArchitectures lists the compute capabilities to compile for, ten
	// times the major plus the minor number and separated by ";": "87", "72;87".
	CUDAArchitectures Value `json:"cuda_architectures"`
}

// Step builds one package on top of the step before it.
type Step struct {
	// Name is the package's real name with its tag, for example "cmake:apt".
	Name string `json:"name"`
	// Aliases are the other names the package answers to.
	Aliases []string `json:"aliases,omitempty"`
	Origin  Origin   `json:"origin"`
	// Dockerfile is the file's name inside Origin.Path. It is empty for a
	// package that only groups others.
	Dockerfile string `json:"dockerfile,omitempty"`
	// Needs lists the names of the steps that this package depends on
	// directly, in the order it declares them.
	Needs []string `json:"needs,omitempty"`
	// AfterAll says that the package is built on all steps before it, whether it needs
	// them or not; only with [LayersPackages], as in a chain all are.
	AfterAll bool `json:"after_all,omitempty"`
	// AfterAllReason says who wants that.
	AfterAllReason string `json:"after_all_reason,omitempty"`
	// Why tells which requests and packages brought this step in.
	Why []string `json:"why,omitempty"`
	// BuildArgs are passed to the Dockerfile, on top of the target's own.
	BuildArgs map[string]string `json:"build_args,omitempty"`
	// Constraints are what pip and uv must keep in this package's steps, in those of packages
	// that are built on it, and in the image.
	Constraints []Constraint `json:"constraints,omitempty"`
	// Kernels are the compute capabilities that the package's binaries have; none if the
	// package does not say.
	Kernels []Kernel `json:"kernels,omitempty"`
	// BuildGPU says how the RUN steps of the package get the GPU that its metadata
	// asks for (buildkit_device): [GPUCDI] or [GPURuntime]. It is empty for packages
	// that build without one.
	BuildGPU GPUMode `json:"build_gpu,omitempty"`
	// BuildDevice is the CDI device of the RUN steps; only with [GPUCDI].
	BuildDevice string `json:"build_device,omitempty"`
	// BuildTimeout is how long each of the package's RUN steps may take; zero is any time.
	BuildTimeout Seconds `json:"build_timeout,omitempty"`
	// Resources are what the package's RUN steps may take.
	Resources Resources `json:"resources,omitzero"`
	// BuildPrivileged and TestPrivileged tell that the package's RUN steps, and its
	// tests, run without a sandbox (security.insecure).
	BuildPrivileged bool `json:"build_privileged,omitempty"`
	TestPrivileged  bool `json:"test_privileged,omitempty"`
	// TestSecrets and TestSSH are what the package's tests get of the secrets and SSH agents
	// of whoever starts the build.
	TestSecrets []Secret   `json:"test_secrets,omitempty"`
	TestSSH     []SSHAgent `json:"test_ssh,omitempty"`
	// Requested reports whether the user asked for the package itself.
	Requested bool `json:"requested,omitempty"`
	// GPU reports whether the package's tests need a GPU.
	GPU   bool   `json:"gpu,omitempty"`
	Tests []Test `json:"tests,omitempty"`
	// At is where the package is declared.
	At diag.Range `json:"at"`
}

// Constraint is a version of a Python project that a package relies on.
type Constraint struct {
	// Project is the project's name, normalized as PEP 503 says: "torch-tensorrt".
	Project string `json:"project"`
	// Specifier is a version specifier of PEP 440: "==2.8.0", ">=1.26,<2".
	Specifier string `json:"specifier"`
	// At is where the package's metadata has it.
	At diag.Range `json:"at"`
}

// String writes the constraint as pip reads it.
func (c Constraint) String() string { return c.Project + c.Specifier }

// Kernel is a compute capability that binaries have code for.
type Kernel struct {
	// SM is ten times the number, as nvcc's sm_ names have it: 87.
	SM int `json:"sm"`
	// PTX says that there is code as text, which a driver compiles for GPUs of this and of
	// each later capability.
	PTX bool `json:"ptx,omitempty"`
	// At is where the package's metadata has it.
	At diag.Range `json:"at"`
}

// Test is one test of a package.
type Test struct {
	// Name is the test as declared: a script of the package's folder and its
	// arguments.
	Name string `json:"name"`
	// Args is Name split into words as a POSIX shell would.
	Args []string `json:"args"`
	// Intermediate and Final tell where the test runs: on the package's own
	// stage, and on the finished image.
	Intermediate bool `json:"intermediate,omitempty"`
	Final        bool `json:"final,omitempty"`
	// Skipped says why the test does not run at all; empty if it runs.
	Skipped string `json:"skipped,omitempty"`
	// Timeout is how long the test may take, and Retries how often it runs again if it
	// fails; zero is any time, and never. A skipped test has neither.
	Timeout Seconds    `json:"timeout,omitempty"`
	Retries int        `json:"retries,omitempty"`
	At      diag.Range `json:"at"`
}

// GPUMode says how steps get a GPU.
type GPUMode string

// The GPU modes.
const (
	GPUCDI     GPUMode = "cdi"     // a CDI device on the step
	GPURuntime GPUMode = "runtime" // the builder runs steps by nvidia-container-runtime
	GPUSkip    GPUMode = "skip"    // no GPU: tests that need one do not run, RUN steps do without
)

// Network says what network a step has.
type Network string

// The networks. The default is the builder's own: as a rule a bridge.
const (
	NetworkDefault Network = ""
	NetworkHost    Network = "host" // the builder's; needs the entitlement network.host
	NetworkNone    Network = "none"
)

// Ulimit is a resource limit of a step's processes, as setrlimit(2) takes it;
// -1 means no limit.
type Ulimit struct {
	Name string `json:"name"` // "nofile"
	Soft int64  `json:"soft"`
	Hard int64  `json:"hard"`
}

// Sandbox is what the steps of one sort share.
type Sandbox struct {
	Network Network `json:"network,omitempty"`
	// ShmSize is the size of /dev/shm in bytes; zero means the default.
	ShmSize int64 `json:"shm_size,omitempty"`
	// Ulimits are sorted by name.
	Ulimits []Ulimit `json:"ulimits,omitempty"`
}

// Build holds the settings that the RUN steps of all packages share.
type Build struct {
	Sandbox
	// Ccache is the compiler cache of the RUN steps; its zero value is none.
	Ccache Ccache `json:"ccache,omitzero"`
	// Caches are the package managers' caches of the RUN steps, each once, sorted.
	Caches []PackageCache `json:"caches,omitempty"`
	// NoGitHubAPI leaves out the ADD instructions that ask GitHub's API for something.
	NoGitHubAPI bool `json:"no_github_api,omitempty"`
	// Parallel is of how many packages RUN steps run at once, in all builds of a builder;
	// zero is all that can. Only with [LayersPackages].
	Parallel int `json:"parallel,omitempty"`
}

// Ccache is a compiler cache that RUN steps share, and that outlives their builds.
type Ccache struct {
	// Dir is the folder that the steps find it in.
	Dir string `json:"dir"`
	// MaxSize is its size at most, as ccache writes sizes: "20G".
	MaxSize string `json:"max_size"`
}

// Used reports whether there is one.
func (c Ccache) Used() bool { return c != Ccache{} }

// The folder and the size of a compiler cache of which nothing else is said: those of
// jetson-containers.
const (
	DefaultCcacheDir     = "/root/.cache/ccache"
	DefaultCcacheMaxSize = "20G"
)

// Tests holds the settings that all tests share.
type Tests struct {
	Sandbox
	GPU GPUMode `json:"gpu"`
	// Device is the CDI device's name, such as "nvidia.com/gpu=all".
	Device string `json:"device,omitempty"`
	// Epoch is part of every test's cache key; a new value runs tests again.
	Epoch string `json:"epoch,omitempty"`
	// Data names the builder's folder that tests find at /data, to share it with other
	// projects; [NoData] means none that outlives a test, and empty the project's own.
	Data string `json:"data,omitempty"`
	// Parallel is how many tests run at once, in all builds of a builder, and GPUParallel
	// how many of those that need a GPU, for which Parallel does not count.
	Parallel    int `json:"parallel,omitempty"`
	GPUParallel int `json:"gpu_parallel,omitempty"`
}

// NoData is the value of [Tests.Data] for tests without a lasting /data folder.
const NoData = "none"

// LabelPrefix starts the names of the labels that jetkit itself sets.
const LabelPrefix = "io.jetkit."

// Override is a value of jetson.yaml that a build argument replaced.
type Override struct {
	Key string `json:"key"` // "target.cuda"
	Arg string `json:"arg"` // "CUDA_VERSION"
	// Option is what stood for the argument on the command line, such as
	// "--network"; empty for --build-arg.
	Option string `json:"option,omitempty"`
	Old    string `json:"old"` // empty when the file said nothing
	New    string `json:"new"`
}
