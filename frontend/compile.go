package frontend

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/layers"
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
	// instructions are those of the packages' Dockerfiles, by the digests of the
	// definition's operations.
	instructions map[digest.Digest]chain.Instruction
	// required is what the packages' Dockerfiles need from the builder, and inherited
	// which ONBUILD instructions ran in them, by package.
	required  map[string]chain.Requirements
	inherited map[string][]chain.Trigger
	config    *dockerspec.DockerOCIImage
	base      *dockerspec.DockerOCIImage
	// epoch is the time that the image's history and configuration have at most; nil
	// means that of the build.
	epoch *time.Time
	runs  []teststep.Run
	// checks are those of constraints on Python projects.
	checks []teststep.Check
	// annotations are those of its manifest.
	annotations map[string]string
	// joins are the steps that put packages' layers together, and owners the packages whose
	// the entries of the history are; a chain has neither.
	joins  []layers.Joined
	owners []string
	// layers are the operations that make and join layers.
	layers []layers.Operation
	// on are what the packages were built on, by name.
	on map[string]llb.State
}

// converted is the chain of one platform's image.
type converted struct {
	*chain.Result
	// base is what the image builds on: a runtime image on another one than the chain.
	base    *chain.Base
	runtime bool
	// whole is what the packages made, all of it; Finished is some of it in a runtime image.
	whole chain.Base
	// epoch is the time that SOURCE_DATE_EPOCH stands for.
	epoch *time.Time
}

// convert converts the packages' Dockerfiles, and runs no step. The problems are what a
// build warns of before its first step, also beside an error. Without warn, BuildKit's
// linter does not run.
func (b *build) convert(ctx context.Context, p *plan.Plan, platform ocispecs.Platform, warn lintFunc) (*converted, diag.List, error) {
	sources, err := contextsFor{b.contexts, platform}.sources(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	base, err := b.resolveBase(ctx, p.Base, platform)
	if err != nil {
		return nil, nil, &placedError{error: err, at: []diag.Range{p.BaseAt}}
	}
	epoch, err := b.epoch(ctx, p, sources)
	if err != nil {
		return nil, nil, err
	}
	opt := chain.Options{Plan: p, Base: *base, Sources: sources, Client: b.client, Platform: platform, Prefix: b.prefix(platform), Epoch: epoch, Warn: warn}
	if b.pins.count() {
		opt.Pin = b.pin
	}
	if warn != nil {
		if opt.Ignored, err = b.ignored(ctx, p); err != nil {
			return nil, nil, err
		}
	}
	res, err := chain.Compile(ctx, opt)
	if res == nil {
		res = &chain.Result{}
	}
	problems := slices.Concat(otherBase(base, p.Base.Value, p.BaseAt, p.Target, platform), b.detached(p, res.Stages), b.otherGenerations(p, res.Stages), b.dropped(p), b.undated(epoch))
	c := &converted{base: base, Result: res, epoch: epoch, whole: res.Finished}
	if p.Image.IsRuntime() && err == nil {
		err = b.runtimeImage(ctx, p, c, platform)
		if p.Image.Base != "" && err == nil {
			problems = append(problems, otherBase(c.base, p.Image.Base, p.Image.BaseAt, p.Target, platform)...)
		}
	}
	return c, b.loaded.Load().Filter(problems), err
}

// compile turns a plan into one LLB definition: chain, tests and seal. If report
// is set, the Dockerfiles' lint findings become warnings of the build.
func (b *build) compile(ctx context.Context, p *plan.Plan, platform ocispecs.Platform, report bool) (*compiled, error) {
	var found []warning
	var warn lintFunc
	if report {
		warn = lintWarnings(&found)
	}
	c, problems, err := b.convert(ctx, p, platform, warn)
	if report && c != nil {
		problems = b.loaded.Load().Strict(append(problems, b.loaded.Load().Filter(otherSyntax(c.Stages))...))
		b.show(ctx, platform, append(found, b.warningsOf(problems)...))
	}
	if err := cmp.Or(err, problems.Err()); err != nil {
		return nil, err
	}
	sealed, err := b.seal(p, c, platform, b.imageEpoch(c.epoch, c.Stages))
	if err != nil {
		return nil, err
	}
	def, err := sealed.state.Marshal(ctx, llb.WithCaps(b.ui.BuildOpts().LLBCaps), llb.Platform(platform))
	if err != nil {
		return nil, fmt.Errorf("marshalling the LLB definition: %w", err)
	}
	if err := chain.Locate(def, ranges(p.BaseAt)); err != nil {
		return nil, err
	}
	if report {
		many := b.loaded.Load().Strict(b.loaded.Load().Filter(manyLayers(p, c)))
		b.show(ctx, platform, b.warningsOf(many))
		if err := many.Err(); err != nil {
			return nil, err
		}
	}
	if err := b.sboms.note(ctx, b, platform, p, c.Stages); err != nil {
		return nil, err
	}
	image := b.solvable(p, c, def, platform)
	image.config, image.epoch, image.runs, image.checks = sealed.image, sealed.epoch, sealed.runs, sealed.checks
	image.annotations = b.annotationsOf(p, c.base, sealed.epoch)
	if b.options.Compiled != nil {
		observed, err := image.observed(ctx, platform, c.Result)
		if err != nil {
			return nil, err
		}
		b.options.Compiled(observed)
	}
	return image, nil
}

// solvable returns a definition with what explains its errors. It names the steps.
func (b *build) solvable(p *plan.Plan, c *converted, def *llb.Definition, platform ocispecs.Platform) *compiled {
	instructions := chain.Label(def, c.Stages, b.prefix(platform))
	required, inherited, on := map[string]chain.Requirements{}, map[string][]chain.Trigger{}, map[string]llb.State{}
	for _, s := range c.Stages {
		required[s.Step.Name], inherited[s.Step.Name], on[s.Step.Name] = s.Requirements, s.Inherited, s.On
	}
	return &compiled{
		platform: b.prefix(platform), unlisted: unlisted(b.client.BuildOpts().Workers, platform),
		plan: p, definition: def, instructions: instructions, required: required, inherited: inherited, base: c.base.Image, joins: c.Joins, owners: c.Owners, layers: c.Operations, on: on,
	}
}

// prefix returns what progress names start with in a build for several platforms.
func (b *build) prefix(platform ocispecs.Platform) string {
	if !b.ui.MultiPlatformRequested {
		return ""
	}
	return platforms.FormatAll(platforms.Normalize(platform))
}

// label returns the start of a progress name, as the Dockerfile frontend does:
// "[internal]", or "[linux/arm64 internal]" in a build for several platforms.
func (b *build) label(platform ocispecs.Platform, kind string) string {
	return label(b.prefix(platform), kind)
}

func label(prefix, kind string) string { return "[" + strings.TrimSpace(prefix+" "+kind) + "]" }

// baseOf returns the reference of the base image that an operation of this name pulls, as
// pullBase names it. A package's instructions are named otherwise.
func baseOf(name, prefix string) (ref string, ok bool) {
	return strings.CutPrefix(name, label(prefix, "base")+" FROM ")
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
	resolved, dgst, dt, err := b.client.ResolveImageConfig(ctx, ref.String(), sourceresolver.Opt{
		LogName:  b.label(platform, "internal") + " load metadata for " + ref.String(),
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String()},
	})
	if err != nil {
		return nil, named(err)
	}
	if ref, err = underPolicy(ref, resolved); err != nil {
		return nil, named(err)
	}
	pulled := ref.String()
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
	return &chain.Base{State: st, Image: image, Name: pulled, Digest: dgst}, nil
}

// underPolicy returns the reference that an image has after a source policy: another one than
// the user's, if a policy takes it from elsewhere.
func underPolicy(ref reference.Named, resolved string) (reference.Named, error) {
	if resolved == "" || resolved == ref.String() {
		return ref, nil
	}
	named, err := reference.ParseNormalizedNamed(resolved)
	if err != nil {
		return nil, err
	}
	return reference.TagNameOnly(named), nil
}

// otherBase warns of a base image that is for something else than the build.
func otherBase(base *chain.Base, name string, at diag.Range, target plan.Target, platform ocispecs.Platform) diag.List {
	return append(otherPlatform(base, name, at, platform), otherDriver(base, name, at, target)...)
}

// otherPlatform warns of a base image for another platform. BuildKit itself looks
// at images that it pulls, and not at one that is the result of another build.
func otherPlatform(base *chain.Base, name string, at diag.Range, platform ocispecs.Platform) diag.List {
	if base.Image == nil || base.Image.Architecture == "" || platforms.OnlyStrict(platform).Match(base.Image.Platform) {
		return nil
	}
	if name == plan.BaseContext {
		name = "of the context " + name
	}
	var l diag.List
	l.Warnf(rules.BasePlatform, at, "give a base that was built for "+formatPlatform(platform),
		"the base image %s is for %s, but the build is for %s", name, formatPlatform(base.Image.Platform), formatPlatform(platform))
	return l
}

// detached warns of packages whose Dockerfile does not start from BASE_IMAGE, so
// that the packages before them, or the base that the user asks for, are not in the image.
func (b *build) detached(p *plan.Plan, stages []chain.Stage) diag.List {
	var l diag.List
	for i, s := range stages {
		lost := fmt.Sprintf("the %d packages before it are", i)
		switch {
		case !s.Detached || i == 0 && !b.asksForBase():
			continue
		case i == 0:
			lost = fmt.Sprintf("the base image %s is", p.Base.Value)
		}
		l.Warnf(rules.ChainDropped, s.Step.At, "start its last stage with: FROM ${BASE_IMAGE}",
			"the Dockerfile of package %s does not build on BASE_IMAGE, so %s not in the image", s.Step.Name, lost)
	}
	return l
}

// asksForBase reports whether the user names the base image.
func (b *build) asksForBase() bool { return b.loaded.Load().Spec.Target.Base.Value != "" }
