// Package rules is the table of everything that jetkit reports: each kind of
// problem with its name, severity and meaning. docs/rules.md has a page section
// for every one, with an example that it is reported for.
package rules

import "jetkit/pkgspec/diag"

// The rules about jetson.yaml as text.
var (
	YAMLSyntax       = diag.Rule{Name: "yaml-syntax", Severity: diag.Error, Description: "The text is not valid YAML."}
	JSONSyntax       = diag.Rule{Name: "json-syntax", Severity: diag.Error, Description: "The text is not valid JSON."}
	BadCharacter     = diag.Rule{Name: "bad-character", Severity: diag.Error, Description: "The file has bytes that are not UTF-8, control characters or unusual line ends."}
	TooLarge         = diag.Rule{Name: "too-large", Severity: diag.Error, Description: "A file is larger than jetkit reads, or its aliases stand for more than that."}
	TooDeep          = diag.Rule{Name: "too-deep", Severity: diag.Error, Description: "Lists and mappings are nested deeper than jetkit reads."}
	SeveralDocuments = diag.Rule{Name: "several-documents", Severity: diag.Error, Description: "The file holds more than one YAML document."}
	EmptyFile        = diag.Rule{Name: "empty-file", Severity: diag.Error, Description: "The file holds no keys."}
	AliasCycle       = diag.Rule{Name: "alias-cycle", Severity: diag.Error, Description: "A YAML alias is part of the value that it stands for."}
)

// The rules about keys and values.
var (
	BadKey          = diag.Rule{Name: "bad-key", Severity: diag.Error, Description: "A key is not a text."}
	DuplicateKey    = diag.Rule{Name: "duplicate-key", Severity: diag.Error, Description: "A key occurs twice in one mapping."}
	UnknownKey      = diag.Rule{Name: "unknown-key", Description: "A key is not one that jetkit knows. It is a warning where config.py sets it."}
	UnknownVersion  = diag.Rule{Name: "unknown-version", Severity: diag.Error, Description: "A version that nothing declares: of the file's format, or of a package's declared versions."}
	MissingKey      = diag.Rule{Name: "missing-key", Severity: diag.Error, Description: "A key that must be there is missing."}
	MissingValue    = diag.Rule{Name: "missing-value", Severity: diag.Error, Description: "A key or list entry has no value."}
	WrongType       = diag.Rule{Name: "wrong-type", Severity: diag.Error, Description: "A list, mapping, text or truth value stands where another is needed."}
	BadValue        = diag.Rule{Name: "bad-value", Severity: diag.Error, Description: "A value cannot be right."}
	DuplicateSource = diag.Rule{Name: "duplicate-source", Severity: diag.Error, Description: "A source of packages is listed twice."}
	ConflictingKeys = diag.Rule{Name: "conflicting-keys", Severity: diag.Error, Description: "Two keys exclude each other."}
	ReservedName    = diag.Rule{Name: "reserved-name", Severity: diag.Error, Description: "A build argument or label has a name that jetkit or BuildKit uses itself."}
	NoEffect        = diag.Rule{Name: "no-effect", Severity: diag.Warning, Description: "A setting has no effect, as it is, or beside another one."}
	SecretArg       = diag.Rule{Name: "secret-arg", Severity: diag.Warning, Description: "A build argument looks like a secret; build arguments are visible in the image's history."}
	UnusedArg       = diag.Rule{Name: "unused-arg", Severity: diag.Warning, Description: "The file sets a build argument that no Dockerfile of the chain declares with ARG."}
	UnknownRule     = diag.Rule{Name: "unknown-rule", Severity: diag.Warning, Description: "The line # check= of jetson.yaml skips a rule that there is not."}
	UnknownArg      = diag.Rule{Name: "unknown-arg", Severity: diag.Warning, Description: "A build argument looks like a mistyped one of jetkit's."}
)

// The rules about the target.
var (
	UnknownPlatform       = diag.Rule{Name: "unknown-platform", Severity: diag.Error, Description: "The platform that is built for has no target: neither linux/arm64 nor linux/amd64."}
	MissingRelease        = diag.Rule{Name: "missing-release", Severity: diag.Error, Description: "The target names neither L4T nor JetPack, and a Jetson has no default."}
	InvalidL4T            = diag.Rule{Name: "invalid-l4t", Severity: diag.Error, Description: "The value of l4t is not an L4T release."}
	UnknownL4T            = diag.Rule{Name: "unknown-l4t", Severity: diag.Error, Description: "No table has an L4T release with this major and minor number, and too few of its values are given."}
	UnlistedL4T           = diag.Rule{Name: "unlisted-l4t", Severity: diag.Warning, Description: "No table has this L4T release; the nearest one's values are used, or those that are given."}
	UnknownJetPack        = diag.Rule{Name: "unknown-jetpack", Severity: diag.Error, Description: "No table has a JetPack release of this name."}
	L4TJetPackConflict    = diag.Rule{Name: "l4t-jetpack-conflict", Severity: diag.Error, Description: "L4T and JetPack are both given and do not belong together."}
	UnknownArch           = diag.Rule{Name: "unknown-arch", Severity: diag.Error, Description: "The value of arch is not an architecture that jetkit knows."}
	ArchPlatformConflict  = diag.Rule{Name: "arch-platform-conflict", Severity: diag.Error, Description: "The value of arch does not belong to the platform that is built for."}
	UnusualArch           = diag.Rule{Name: "unusual-arch", Severity: diag.Warning, Description: "The Jetsons of this release use CUDA packages of another architecture."}
	JetsonReleaseOnAMD64  = diag.Rule{Name: "jetson-release-on-amd64", Severity: diag.Warning, Description: "The target names a Jetson release, but the build is for linux/amd64."}
	UnknownUbuntu         = diag.Rule{Name: "unknown-ubuntu", Severity: diag.Error, Description: "No table has this Ubuntu release."}
	UbuntuNotInBase       = diag.Rule{Name: "ubuntu-not-in-base", Severity: diag.Error, Description: "The release's base image holds another Ubuntu."}
	OldUbuntu             = diag.Rule{Name: "old-ubuntu", Severity: diag.Warning, Description: "The image's Ubuntu is older than the Jetson's own, whose driver libraries are mounted into the container."}
	InvalidPython         = diag.Rule{Name: "invalid-python", Severity: diag.Error, Description: "The value of python is not a Python version."}
	UnknownPython         = diag.Rule{Name: "unknown-python", Severity: diag.Error, Description: "No target has a Python of this version."}
	PythonNotInUbuntu     = diag.Rule{Name: "python-not-in-ubuntu", Severity: diag.Warning, Description: "The target's Python is not the Ubuntu's own, and the built-in package `python` of the chain installs no other."}
	InvalidCUDA           = diag.Rule{Name: "invalid-cuda", Severity: diag.Error, Description: "The value of cuda is not a CUDA version."}
	CUDATiedToL4T         = diag.Rule{Name: "cuda-tied-to-l4t", Severity: diag.Error, Description: "Up to L4T 35 CUDA comes with the Jetson's system, and this one cannot run there."}
	CUDANotForL4T         = diag.Rule{Name: "cuda-not-for-l4t", Severity: diag.Error, Description: "NVIDIA has no packages of this CUDA that a Jetson with this L4T can use."}
	UnverifiedRelease     = diag.Rule{Name: "unverified-release", Severity: diag.Warning, Description: "Which L4T a JetPack release is was read nowhere; jetkit's table has a guess."}
	BadFacts              = diag.Rule{Name: "bad-facts", Severity: diag.Error, Description: "A table of the user's own facts has a value that cannot be right."}
	UnlistedJetPack       = diag.Rule{Name: "unlisted-jetpack", Severity: diag.Warning, Description: "No table has this JetPack release; its name is taken as it is given, together with the L4T."}
	UnlistedUbuntu        = diag.Rule{Name: "unlisted-ubuntu", Severity: diag.Warning, Description: "No table has this Ubuntu release; it is taken as it is given."}
	CUDAUpgrade           = diag.Rule{Name: "cuda-upgrade", Severity: diag.Warning, Description: "The CUDA is an upgrade that NVIDIA publishes for the release, not its own."}
	OldCUDA               = diag.Rule{Name: "old-cuda", Severity: diag.Warning, Description: "The CUDA has an older major version than the release's."}
	OtherGeneration       = diag.Rule{Name: "other-generation", Severity: diag.Warning, Description: "An image that is built on is for Jetsons with another driver than the target's.", Why: "Its CUDA talks to the driver of the Jetson that the image runs on, and one generation's does not understand the other's: CUDA fails to start, or finds no GPU."}
	CUDALacksArchitecture = diag.Rule{Name: "cuda-lacks-architecture", Description: "The CUDA cannot compile for a GPU of the release; an error if none of them is left."}
)

// The rules about the search for packages.
var (
	UnknownContext    = diag.Rule{Name: "unknown-context", Severity: diag.Error, Description: "A source names a context that the build does not have."}
	UnknownRepository = diag.Rule{Name: "unknown-repository", Severity: diag.Error, Description: "A source names a repository by a word, and no table has that word."}
	UnreachableSource = diag.Rule{Name: "unreachable-source", Severity: diag.Error, Description: "The repository or image of a source cannot be fetched."}
	LockDiffers       = diag.Rule{Name: "lock-differs", Severity: diag.Error, Description: "The build is not what jetson.lock says."}
	MissingLock       = diag.Rule{Name: "missing-lock", Severity: diag.Error, Description: "There is no lock, and jetson.yaml wants one."}
	BadContext        = diag.Rule{Name: "bad-context", Severity: diag.Error, Description: "A named context is not a folder."}
	MissingSource     = diag.Rule{Name: "missing-source", Severity: diag.Error, Description: "A source's folder does not exist."}
	BadSource         = diag.Rule{Name: "bad-source", Severity: diag.Error, Description: "A source's folder lies outside of its context."}
	MissingFolder     = diag.Rule{Name: "missing-folder", Severity: diag.Error, Description: "A requested folder does not exist."}
	BadFolder         = diag.Rule{Name: "bad-folder", Severity: diag.Error, Description: "A requested folder lies outside of the build context."}
	NotAPackage       = diag.Rule{Name: "not-a-package", Severity: diag.Error, Description: "A requested folder has neither a Dockerfile nor a configuration."}
	SeveralPackages   = diag.Rule{Name: "several-packages", Severity: diag.Error, Description: "A requested folder declares several packages."}
	Unreadable        = diag.Rule{Name: "unreadable", Severity: diag.Error, Description: "A file or folder cannot be read."}
	ScanStopped       = diag.Rule{Name: "scan-stopped", Severity: diag.Error, Description: "The search for packages was cancelled."}
)

// The rules about packages' metadata.
var (
	BadName            = diag.Rule{Name: "bad-name", Severity: diag.Error, Description: "A name has characters that it must not have, or a tag where none may be."}
	EmptyEntry         = diag.Rule{Name: "empty-entry", Severity: diag.Error, Description: "A list of a package's metadata has an empty entry."}
	BadDevice          = diag.Rule{Name: "bad-device", Severity: diag.Error, Description: "The value of buildkit_device is not a CDI device."}
	DuplicateVersion   = diag.Rule{Name: "duplicate-version", Severity: diag.Error, Description: "A package declares a version twice."}
	UnterminatedHeader = diag.Rule{Name: "unterminated-header", Severity: diag.Error, Description: "A Dockerfile's header has no end."}
	AlmostHeader       = diag.Rule{Name: "almost-header", Severity: diag.Warning, Description: "A comment looks like a header, but does not begin as one."}
	MissingFile        = diag.Rule{Name: "missing-file", Description: "The package's folder lacks a file that its metadata names."}
	PathOutside        = diag.Rule{Name: "path-outside", Severity: diag.Error, Description: "A path leaves the package's folder."}
	BadTest            = diag.Rule{Name: "bad-test", Severity: diag.Error, Description: "A test's command line cannot be split into words."}
	BadConfig          = diag.Rule{Name: "bad-config", Severity: diag.Error, Description: "A configuration file is neither YAML, JSON nor config.py."}
	TwoDockerfiles     = diag.Rule{Name: "two-dockerfiles", Severity: diag.Error, Description: "A folder has two files that could be its Dockerfile."}
	TwoConfigs         = diag.Rule{Name: "two-configs", Severity: diag.Error, Description: "A folder has two configuration files of one kind."}
	ForeignConfig      = diag.Rule{Name: "foreign-config", Severity: diag.Warning, Description: "A configuration file has no key of jetkit's; it seems to belong to another program."}
	IgnoredKey         = diag.Rule{Name: "ignored-key", Description: "A key has no effect."}
	IgnoredHeader      = diag.Rule{Name: "ignored-header", Severity: diag.Warning, Description: "The whole header is ignored, as jetson-containers does, because of a fault in it."}
	UnusedBuildArg     = diag.Rule{Name: "unused-build-arg", Severity: diag.Warning, Description: "A package gives a build argument that no ARG of its Dockerfile declares."}
	UnusedBuildFlags   = diag.Rule{Name: "unused-build-flags", Severity: diag.Warning, Description: "The key build_flags holds options of docker build, which have no effect."}
	ConfigPy           = diag.Rule{Name: "config-py", Description: "A config.py failed, could not be run, or printed something odd."}
)

// The rules about the chain.
var (
	MissingPackage     = diag.Rule{Name: "missing-package", Severity: diag.Error, Description: "No package answers to a name that is asked for."}
	DisabledPackage    = diag.Rule{Name: "disabled-package", Severity: diag.Error, Description: "A package that is needed is disabled."}
	UnknownPackage     = diag.Rule{Name: "unknown-package", Severity: diag.Warning, Description: "A package of the chain may be in an earlier source too: its config.py failed there, or its folder is not searched."}
	Requirement        = diag.Rule{Name: "requirement", Severity: diag.Error, Description: "A package that is needed does not fit the target."}
	BadRequirement     = diag.Rule{Name: "bad-requirement", Severity: diag.Error, Description: "A requirement is not one that jetkit can read."}
	DuplicatePackage   = diag.Rule{Name: "duplicate-package", Description: "One package is listed twice, or two packages have one name."}
	NoVariant          = diag.Rule{Name: "no-variant", Severity: diag.Error, Description: "No declared version of a package fits the target."}
	VersionConflict    = diag.Rule{Name: "version-conflict", Severity: diag.Error, Description: "Packages of the chain need different versions of one package."}
	ConstraintConflict = diag.Rule{Name: "constraint-conflict", Severity: diag.Error, Description: "Packages of the chain need versions of one Python project that exclude each other."}
	NoKernels          = diag.Rule{Name: "no-kernels", Severity: diag.Warning, Description: "A package's binaries may have no code for a GPU of the target.", Why: "Such a package builds well and imports well; the first kernel that it starts fails with \"no kernel image is available for execution on the device\"."}
	UnsettledVersions  = diag.Rule{Name: "unsettled-versions", Severity: diag.Error, Description: "The versions in the chain keep changing one another."}
	DependencyCycle    = diag.Rule{Name: "dependency-cycle", Severity: diag.Error, Description: "Packages depend on each other in a circle."}
	UnusedName         = diag.Rule{Name: "unused-name", Description: "A name under skip, layers, build or tests matches no package of the chain; an error where layers.chain has one that no package goes by."}
	SkippedRequest     = diag.Rule{Name: "skipped-request", Severity: diag.Warning, Description: "A package is both requested and left out."}
)

// The rules about the build.
var (
	UnknownTarget = diag.Rule{Name: "unknown-target", Severity: diag.Error, Description: "The option --target names neither a package of the chain nor one of its stages."}
	IgnoredSyntax = diag.Rule{Name: "ignored-syntax", Severity: diag.Warning, Description: "A package's Dockerfile names another frontend in its syntax line, which has no effect."}
	LimitDropped  = diag.Rule{Name: "limit-dropped", Severity: diag.Warning, Description: "The builder is too old for a limit that steps are to have."}
	ChainDropped  = diag.Rule{Name: "chain-dropped", Severity: diag.Warning, Description: "A package's Dockerfile does not start from BASE_IMAGE, so the packages before it, or the base image that is asked for, are not in the image."}
	ManyLayers    = diag.Rule{Name: "many-layers", Severity: diag.Warning, Description: "The image has so many layers that Docker cannot load it, or that little can be built on it."}
	BasePlatform  = diag.Rule{Name: "base-platform", Severity: diag.Warning, Description: "The base image is for another platform than the one that is built for."}
)

// The rules that only a check looks for, about jetson.yaml and the chain. Each says why it matters.
var (
	UnpinnedImage = diag.Rule{
		Name: "unpinned-image", Severity: diag.Warning, CheckOnly: true, Description: "An image is named without a version: it has no tag, or the tag latest, and no digest.",
		Why: "The next build may start from another image, and nothing in the files tells that it did.",
	}
	UntestedGPU = diag.Rule{
		Name: "untested-gpu", Severity: diag.Warning, CheckOnly: true, Description: "A package needs the GPU, as it depends on cuda or says gpu: true, and has no test.",
		Why: "What is compiled for the wrong GPU, or linked with the wrong CUDA, builds well and fails when it runs: a test is where that shows.",
	}
	SlowOrder = diag.Rule{
		Name: "slow-order", Severity: diag.Warning, CheckOnly: true, Description: "A folder of the user's stands in the chain before packages that do not need it.",
		Why: "Such a folder changes often, and with each change all that stands behind it is built again.",
	}
)

// The rules that only a check looks for, about packages' Dockerfiles.
var (
	IgnoresBase = diag.Rule{
		Name: "ignores-base", Severity: diag.Warning, CheckOnly: true, Description: "The first package's Dockerfile does not build on BASE_IMAGE.",
		Why: "The target's base image, or the one that is asked for, is then not in the image, with its CUDA and its Python: another package in its place is built on what this one starts from.",
	}
	UnpinnedGit = diag.Rule{
		Name: "unpinned-git", Severity: diag.Warning, CheckOnly: true, Description: "A repository is fetched without a tag or commit, or by a branch that goes on, such as main.",
		Why: "The step stays cached as long as its text does: one builder has last month's sources and another one today's, under the same name.",
	}
	HiddenFailure = diag.Rule{
		Name: "hidden-failure", Severity: diag.Warning, CheckOnly: true, Description: "A command that installs or builds something may fail, and the instruction succeeds: because of || true or || echo, a pipe, or commands after it without set -e.",
		Why: "What is missing then shows hours later in another package, or on the robot.",
	}
	PipIndex = diag.Rule{
		Name: "pip-index", Severity: diag.Warning, CheckOnly: true, Description: "Packages for Python come from one index alone, which is not PyPI.",
		Why: "Indexes for Jetsons are small and are at times away; PyPI has what the packages need besides. Where an index is private, its names must not be free on PyPI.",
	}
	AptLists = diag.Rule{
		Name: "apt-lists", Severity: diag.Warning, CheckOnly: true, Description: "An apt-get update leaves its lists of packages in a layer of the image.",
		Why: "They are tens of megabytes in each layer that has them, and of no use: they are old when the image runs.",
	}
	UndeclaredArg = diag.Rule{
		Name: "undeclared-arg", Severity: diag.Warning, CheckOnly: true, Description: "A RUN instruction uses a build argument that no ARG of its stage declares.",
		Why: "The shell puts nothing in its place, and the step succeeds with another version, or with a flag too few.",
	}
	TestData = diag.Rule{
		Name: "test-data", Severity: diag.Warning, CheckOnly: true, Description: "A test reads a file of /data that it does not put there.",
		Why: "Each project has a /data of its own on each builder, and it is empty at first: the test passes on the machine that somebody prepared and nowhere else.",
	}
)

// Group is a subject of rules.
type Group struct {
	Title string
	Rules []diag.Rule
}

// Groups returns every rule, by subject.
func Groups() []Group {
	return []Group{
		{"jetson.yaml as text", []diag.Rule{
			YAMLSyntax, JSONSyntax, BadCharacter, TooLarge, TooDeep, SeveralDocuments, EmptyFile, AliasCycle,
		}},
		{"keys and values", []diag.Rule{
			BadKey, DuplicateKey, UnknownKey, UnknownVersion, MissingKey, MissingValue, WrongType, BadValue,
			DuplicateSource, ConflictingKeys, ReservedName, NoEffect, SecretArg, UnusedArg, UnknownArg, UnknownRule,
		}},
		{"the target", []diag.Rule{
			UnknownPlatform, MissingRelease, InvalidL4T, UnknownL4T, UnlistedL4T, UnknownJetPack, L4TJetPackConflict,
			UnknownArch, ArchPlatformConflict, UnusualArch, JetsonReleaseOnAMD64, UnknownUbuntu, UbuntuNotInBase,
			OldUbuntu, InvalidPython, UnknownPython, PythonNotInUbuntu, InvalidCUDA, CUDATiedToL4T, CUDANotForL4T, UnverifiedRelease, BadFacts, UnlistedJetPack, UnlistedUbuntu, CUDAUpgrade, OldCUDA,
			CUDALacksArchitecture, OtherGeneration,
		}},
		{"the search for packages", []diag.Rule{
			UnknownContext, UnknownRepository, UnreachableSource, LockDiffers, MissingLock, BadContext, MissingSource, BadSource, MissingFolder, BadFolder, NotAPackage,
			SeveralPackages, Unreadable, ScanStopped,
		}},
		{"packages' metadata", []diag.Rule{
			BadName, EmptyEntry, BadDevice, DuplicateVersion, UnterminatedHeader, AlmostHeader, MissingFile,
			PathOutside, BadTest, BadConfig, TwoDockerfiles, TwoConfigs, ForeignConfig, IgnoredKey, IgnoredHeader,
			UnusedBuildArg, UnusedBuildFlags, ConfigPy,
		}},
		{"the chain", []diag.Rule{
			MissingPackage, DisabledPackage, UnknownPackage, Requirement, BadRequirement, DuplicatePackage, NoVariant, VersionConflict, ConstraintConflict, NoKernels,
			UnsettledVersions, DependencyCycle, UnusedName, SkippedRequest,
		}},
		{"the build", []diag.Rule{
			UnknownTarget, ChainDropped, IgnoredSyntax, LimitDropped, ManyLayers, BasePlatform,
		}},
		{"what only a check looks for", []diag.Rule{
			UnpinnedImage, UntestedGPU, SlowOrder, IgnoresBase, UnpinnedGit, HiddenFailure, PipIndex, AptLists, UndeclaredArg, TestData,
		}},
	}
}

// Names returns the names of all rules.
func Names() []string {
	names := []string{}
	for _, g := range Groups() {
		for _, r := range g.Rules {
			names = append(names, r.Name)
		}
	}
	return names
}
