// Package pkgspec reads jetson.yaml: what a user wants to have built.
//
// Load goes through four phases: parse (YAML to nodes with positions), read
// (nodes to a Spec, reporting every fault), apply (build arguments win over the
// file), complete (defaults). Nothing here knows BuildKit.
package pkgspec

import (
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// Spec is a complete and valid jetson.yaml with the build arguments applied.
type Spec struct {
	// File is the name that positions refer to, such as "jetson.yaml".
	File string
	// Target is what was asked of the platform; resolving it is
	// platform.Resolve's work.
	Target platform.Request
	// Base is the base image's reference; empty means the target's default.
	Base diag.Text
	// PythonImage is the image that config.py files are run with; empty means the
	// default.
	PythonImage diag.Text
	// Packages lists what to build, in the order asked.
	Packages []PackageRef
	// Sources lists the trees that packages are searched in; the first tree
	// that has a package wins.
	Sources []Source
	// Locked is true where the file's lock must be there, and false where it does not count;
	// nil is neither. LockedAt is where the file says so.
	Locked   *bool
	LockedAt diag.Range
	// Skip lists packages (names or patterns) to leave out of the chain.
	Skip []diag.Text
	// Args are build arguments for every package's Dockerfile.
	Args map[string]string
	// ArgsAt is where the file gives an argument. The others are build arguments.
	ArgsAt map[string]diag.Range
	// Resources are what RUN steps of packages may take, in the order of the file.
	Resources []Resources
	Layers    Layers
	Build     Build
	Tests     Tests
	Image     plan.Image
	// HasOCIAnnotations and ImageBase are what image.oci_annotations and image.base say, which
	// a complete Image has.
	HasOCIAnnotations *bool
	ImageBase         diag.Text
	// Overrides lists what build arguments changed.
	Overrides []plan.Override
}

// PackageRef is one entry of packages: either a name (with "name:tag", alias or
// pattern) or a folder of the context.
type PackageRef struct {
	diag.Text
	// Folder is the cleaned path of a "./folder" entry; empty for names.
	Folder string
}

// Source is a tree of packages.
type Source struct {
	Kind plan.SourceKind
	// Name is the named context's name, or that of a tree elsewhere, as [plan.Source] has it.
	Name string
	// Remote is where a tree elsewhere is; only for plan.Repository and plan.ImageTree. Its
	// Git is empty where Name is the short name of a repository.
	Remote plan.Remote
	// Dir is the folder inside the context or named context that is searched,
	// cleaned and relative; "." is all of it.
	Dir string
	// Optional trees may be missing: the defaults, which the user didn't write.
	Optional bool
	At       diag.Range
}

// Layers is the layers section, complete.
type Layers struct {
	plan.Layers
	// Chain lists packages (names or patterns) that are built on all before them; only
	// with [plan.LayersPackages].
	Chain []diag.Text
}

// Build is the build section, complete: what RUN steps get and may do.
type Build struct {
	plan.Sandbox
	// GPU says how packages that ask for a GPU at build time get it.
	GPU plan.GPUMode
	// Device is the CDI device in place of the one that a package names; empty
	// means the package's.
	Device string
	// Ccache is the compiler cache, and HasCcache whether there is one; nil means that
	// nobody said so.
	Ccache    plan.Ccache
	HasCcache *bool
	// Caches are the package managers' caches, sorted. Until the spec is complete, the
	// words of build.caches are in AskedCaches, in the order of the table; nil means that
	// nobody said anything.
	Caches      []plan.PackageCache
	AskedCaches []string
	// GitHubAPI is false where ADD instructions must not ask GitHub's API; nil means
	// that they do.
	GitHubAPI *bool
	// Timeout is how long a RUN step may take; nil is any time. A package's own wins.
	Timeout *plan.Seconds
	// Parallel is of how many packages RUN steps run at once; nil is all that can.
	Parallel *int
	// Privileged lists packages (names or patterns) whose RUN steps run without a
	// sandbox.
	Privileged []diag.Text
}

// TestRun says on which images tests run.
type TestRun string

// The values of tests.run, as in jetson-containers: "all" is on every package's
// own stage and again on the finished image.
const (
	TestAll          TestRun = "all"
	TestIntermediate TestRun = "intermediate"
	TestFinal        TestRun = "final"
	TestNone         TestRun = "none"
)

// Tests is the tests section, complete.
type Tests struct {
	Run TestRun
	// Skip and Only list packages (names or patterns) whose tests are left out,
	// or which alone are tested. At most one of them is set.
	Skip   []diag.Text
	Only   []diag.Text
	GPU    plan.GPUMode
	Device string
	Epoch  string
	// Data names a folder that several projects share at /data, or is [plan.NoData].
	Data string
	plan.Sandbox
	// Timeout is how long a test may take, and Retries how often one that fails runs again;
	// nil is the default. A package's own win.
	Timeout *plan.Seconds
	Retries *int
	// Parallel is how many tests run at once, and GPUParallel how many of those that need
	// a GPU, for which Parallel does not count; nil is the default.
	Parallel, GPUParallel *int
	// Privileged lists packages (names or patterns) whose tests run without a
	// sandbox.
	Privileged []diag.Text
	// Secrets and SSH are what tests get of the secrets and SSH agents of the client.
	Secrets []TestSecret
	SSH     []TestSSH
}

// TestSecret is a secret for the tests of packages: names or patterns.
type TestSecret struct {
	plan.Secret
	Packages []diag.Text
}

// TestSSH is an SSH agent for the tests of packages: names or patterns.
type TestSSH struct {
	plan.SSHAgent
	Packages []diag.Text
}
