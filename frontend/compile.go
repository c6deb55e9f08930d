package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// compiled is one platform's image, ready to be solved.
type compiled struct {
	// platform is its name in a build for several, and else empty.
	platform string
	// unlisted is the platform's name if the builder does not say that it runs
	// programs for it, and else empty.
	unlisted   string
	plan       *plan.Plan
	definition *llb.Definition
	config     *dockerspec.DockerOCIImage
	base       *dockerspec.DockerOCIImage
	runs       []teststep.Run
	// asks is what the packages' Dockerfiles ask for, by package.
	asks map[string]chain.Asks
}

// compile turns a plan into one LLB definition: chain, tests and seal. If report
// is set, the Dockerfiles' lint findings become warnings of the build.
func (b *build) compile(ctx context.Context, p *plan.Plan, platform ocispecs.Platform, report bool) (*compiled, error) {
	sources, err := contextsFor{b.contexts, platform}.sources(ctx, p)
	if err != nil {
		return nil, err
	}
	base, err := b.resolveBase(ctx, p.Base, platform)
	if err != nil {
		return nil, &placedError{error: err, at: []diag.Range{p.BaseAt}}
	}
	opt := chain.Options{Plan: p, Base: *base, Sources: sources, Client: b.client, Platform: platform}
	var found []warning
	if report {
		opt.Warn = lintWarnings(&found)
	}
	stages, err := chain.Compile(ctx, opt)
	if report {
		b.show(ctx, platform, append(found, b.warningsOf(detached(stages))...))
	}
	if err != nil {
		return nil, err
	}
	finished, err := b.finish(p, stages, base)
	if err != nil {
		return nil, err
	}
	runs, err := teststep.Steps(teststep.Config{
		Plan: p, Platform: platform, Caps: b.ui.BuildOpts().LLBCaps, Project: b.project(),
		Declared: b.declared, Prefix: b.prefix(platform),
		Flags: teststep.Flags{
			ExtraHosts: b.ui.ExtraHosts, CgroupParent: b.ui.CgroupParent, Resources: b.ui.LinuxResources,
			CacheNamespace: b.ui.CacheIDNamespace, NoCache: b.ui.IsNoCache,
		},
	}, stages, finished)
	if err != nil {
		return nil, err
	}
	manifest, err := teststep.NewManifest(p, runs)
	if err != nil {
		return nil, err
	}
	st, err := teststep.Seal(finished, manifest, b.evaluations.of(platform), nil,
		llb.WithCustomName(b.label(platform, "internal")+" seal image"), llb.Platform(platform), b.placeOf(p))
	if err != nil {
		return nil, err
	}
	finished.Image.Config.Labels = b.labels(finished.Image.Config.Labels, manifest, p)

	def, err := st.Marshal(ctx, llb.WithCaps(b.ui.BuildOpts().LLBCaps), llb.Platform(platform))
	if err != nil {
		return nil, fmt.Errorf("marshalling the LLB definition: %w", err)
	}
	if err := chain.Locate(def, ranges(p.BaseAt)); err != nil {
		return nil, err
	}
	chain.Label(def, stages, b.prefix(platform))
	asks := map[string]chain.Asks{}
	for _, s := range stages {
		asks[s.Step.Name] = s.Asks
	}
	return &compiled{
		platform: b.prefix(platform), unlisted: unlisted(b.client.BuildOpts().Workers, platform),
		plan: p, definition: def, config: finished.Image, base: base.Image, runs: runs, asks: asks,
	}, nil
}

// prefix gives what progress names start with in a build for several platforms.
func (b *build) prefix(platform ocispecs.Platform) string {
	if !b.ui.MultiPlatformRequested {
		return ""
	}
	return platforms.FormatAll(platforms.Normalize(platform))
}

// label gives the start of a progress name, as the Dockerfile frontend does:
// "[internal]", or "[linux/arm64 internal]" in a build for several platforms.
func (b *build) label(platform ocispecs.Platform, kind string) string {
	return "[" + strings.TrimSpace(b.prefix(platform)+" "+kind) + "]"
}

// resolveBase loads the base image: from a named context of that name or, as
// Docker does for any image, one that is called like the reference.
func (b *build) resolveBase(ctx context.Context, base plan.Value, platform ocispecs.Platform) (*chain.Base, error) {
	name := base.Value
	if name == dockerui.EmptyImageName {
		return &chain.Base{State: llb.Scratch()}, nil
	}
	return b.loadImage(ctx, name, platform, func(err error) error {
		return fmt.Errorf("base image %s (%s): %w", name, base.Reason, err)
	})
}

// loadImage loads an image: from a named context of that name, or from a
// registry. named says in errors what the image is for.
func (b *build) loadImage(ctx context.Context, name string, platform ocispecs.Platform, named func(error) error) (*chain.Base, error) {
	if err := b.contexts.unbuilt(name); err != nil {
		return nil, named(err)
	}
	nc, err := b.ui.NamedContext(name, dockerui.ContextOpt{Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String()})
	if err != nil {
		return nil, named(err)
	}
	if nc != nil {
		st, image, err := nc.Load(ctx)
		if err != nil {
			return nil, named(err)
		}
		return &chain.Base{State: st.Platform(platform), Image: image}, nil
	}
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, named(err)
	}
	return b.pullBase(ctx, reference.TagNameOnly(ref), platform, named)
}

func (b *build) pullBase(ctx context.Context, ref reference.Named, platform ocispecs.Platform, named func(error) error) (*chain.Base, error) {
	_, dgst, dt, err := b.client.ResolveImageConfig(ctx, ref.String(), sourceresolver.Opt{
		LogName:  b.label(platform, "internal") + " load metadata for " + ref.String(),
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String()},
	})
	if err != nil {
		return nil, named(err)
	}
	if dgst != "" {
		// Pinned, so that every step of this build sees the same image.
		if ref, err = reference.WithDigest(ref, dgst); err != nil {
			return nil, named(err)
		}
	}
	image := &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(dt, image); err != nil {
		return nil, named(fmt.Errorf("reading its configuration: %w", err))
	}
	image.Created = nil
	st := llb.Image(ref.String(), llb.Platform(platform), b.ui.ImageResolveMode,
		llb.WithCustomName(strings.Join([]string{b.label(platform, "base"), "FROM", ref.String()}, " ")))
	return &chain.Base{State: st, Image: image}, nil
}

// detached warns of packages whose Dockerfile does not start from BASE_IMAGE, so
// that the packages before them are not in the image.
func detached(stages []chain.Stage) diag.List {
	var l diag.List
	for i, s := range stages {
		if !s.Detached || i == 0 {
			continue
		}
		l.Warnf(rules.ChainDropped, s.Step.At, "start its last stage with: FROM ${BASE_IMAGE}",
			"the Dockerfile of package %s does not build on BASE_IMAGE, so the %d packages before it are not in the image", s.Step.Name, i)
	}
	return l
}
