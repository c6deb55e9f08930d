package doctor

import (
	"context"
	"strings"

	"github.com/docker/go-units"

	"jetkit/pkgspec/diag"
)

// The group of checks of what builds.
const groupBuilder = "Builder"

// Builder is what is known of the BuildKit that would build.
type Builder struct {
	// Name is how it is found, and Version that of BuildKit, empty if it does not
	// say.
	Name, Version string
	// Devices are the names of its CDI devices.
	Devices []string
	// MaxUsed is the most that its cache may take, in bytes; zero means no limit.
	MaxUsed int64
	// Problem is why builds cannot use it; empty if they can.
	Problem string
	// Stopped tells that it does not run, and that a build starts it.
	Stopped bool
}

// buildResult is the answer to which BuildKit would build.
type buildResult struct {
	builder *Builder
	err     error
}

// builder asks once which BuildKit would build.
func (s *Subject) builder(ctx context.Context) (*Builder, error) {
	if s.build == nil {
		b, err := s.Builder(ctx)
		s.build = &buildResult{b, err}
	}
	return s.build.builder, s.build.err
}

var (
	builderNone = &Kind{
		ID: "builder-none", Severity: Warning,
		Meaning: "No BuildKit that could build answers, and jetkit cannot start one of its own.",
		Remedy:  "install BuildKit 0.31.1 or later (buildkitd and runc on the PATH), which jetkit starts, also beside a Docker that is too old to build; or start a Docker that is new enough, or name a builder with BUILDX_BUILDER or BUILDKIT_HOST",
		Source:  "docs/builders.md",
	}
	builderOld = &Kind{
		ID: "buildkit-old", Severity: Error,
		Meaning: "BuildKit is older than 0.31.1, the oldest that jetkit builds on: an older one lets a frontend leave its sandbox.",
		Remedy:  "upgrade BuildKit, or Docker where its own builder builds, to 29.8.2 or later; or name another builder",
		Source:  "GHSA-7236-3392-c5c6; SECURITY.md",
	}
	builderDevices = &Kind{
		ID: "buildkit-devices", Severity: Warning,
		Meaning: "The machine has a CDI specification of the GPU, and the builder does not know the device: tests on the GPU fail as \"not registered\".",
		Remedy:  "use a buildkitd of the host, which sees /etc/cdi, or Docker 28.2 and later; a builder in a container has files of its own",
		Source:  "docs/gpu.md#buildkitd-on-the-host",
	}
	builderCache = &Kind{
		ID: "cache-unbounded", Severity: Note,
		Meaning: "The builder's cache has no ceiling (maxUsedSpace), and grows until the disk is full.",
		Remedy:  "set maxUsedSpace in buildkitd.toml, or builder.gc in daemon.json",
		Source:  "docs/cache.md#disk-space; moby/buildkit#1962, #5459",
	}
	buildxOld = &Kind{
		ID: "buildx-old", Severity: Warning,
		Meaning: "docker buildx is older than 0.22 and has no --allow device: builds with a GPU cannot be allowed. jetkit build does not need it.",
		Remedy:  "upgrade docker-buildx-plugin, or use jetkit build",
		Source:  "docker/buildx#2994",
	}
)

func checkBuilder() Check {
	return &about{
		name: "builder", group: groupBuilder, description: "which BuildKit builds, its version, its GPU and its cache",
		kinds: []*Kind{builderNone, builderOld, builderDevices, builderCache},
		check: func(ctx context.Context, s *Subject) Result {
			if s.Builder == nil {
				return skipped("not asked")
			}
			b, err := s.builder(ctx)
			if err != nil {
				f := builderNone.find("there is nothing to build with")
				for line := range strings.Lines(err.Error()) {
					f = f.saw("%s", diag.Clean(strings.TrimSpace(line)))
				}
				return Result{}.add(f)
			}
			text := diag.Clean(b.Name)
			if b.Stopped {
				return passed("%s, which a build starts", text)
			}
			if b.Version != "" {
				text += ", BuildKit " + diag.Clean(b.Version)
			}
			r := passed("%s", text)
			if b.Problem != "" {
				return r.add(builderOld.find("the builder is too old").saw("%s", diag.Clean(b.Problem)))
			}
			return s.builderFacts(b, r)
		},
	}
}

// builderFacts looks at a builder that can be used.
func (s *Subject) builderFacts(b *Builder, r Result) Result {
	if r.Summary += ", no devices"; len(b.Devices) > 0 {
		r.Summary = strings.TrimSuffix(r.Summary, "no devices") + "devices " + diag.Clean(diag.Some(b.Devices, ", ", maxMissing))
	}
	has := false
	for _, d := range b.Devices {
		has = has || strings.HasPrefix(d, "nvidia.com/gpu")
	}
	if cdi := s.cdi(); !has && strings.Contains(cdi.Summary, "nvidia.com/gpu=") {
		r = r.add(builderDevices.find("the builder does not know the machine's GPU").saw("the machine has %s, and the builder has no such device", cdi.Summary))
	}
	if b.MaxUsed == 0 {
		return r.add(builderCache.find("the builder's cache has no ceiling").saw("none of its garbage collector's policies has maxUsedSpace"))
	}
	r.Summary += ", cache up to " + units.BytesSize(float64(b.MaxUsed))
	return r
}

func checkBuildx() Check {
	return &about{
		name: "buildx", group: groupBuilder, description: "docker buildx, for builds with docker's own command",
		kinds: []*Kind{buildxOld},
		check: func(ctx context.Context, s *Subject) Result {
			said, err := s.run(ctx, "docker", "buildx", "version")
			if err != nil {
				return skipped("docker buildx version: %s", diag.Clean(err.Error()))
			}
			v := parseVersion(said)
			r := passed("buildx %s", v)
			if v.older(0, 22) {
				r = r.add(buildxOld.find("docker buildx %s has no --allow device", v).saw("%s", firstLine(said)).do("sudo apt install --only-upgrade docker-buildx-plugin"))
			}
			return r
		},
	}
}
