// Package frontend is jetkit's BuildKit frontend: it reads a jetson.yaml,
// resolves its packages to a plan, compiles the plan to one LLB definition and
// has BuildKit solve it.
package frontend

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/pkgspec/lock"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
)

// Build answers one request of BuildKit's gateway: a build, for one platform or
// several, or a subrequest such as `docker buildx build --call=outline`.
func Build(ctx context.Context, c client.Client) (*client.Result, error) {
	return Options{}.build(ctx, c)
}

// BuildAs is Build for a program at a path of its image, which also answers the
// arguments [PackCommand] DIR FILE, by pack.Write. Steps may then run it.
func BuildAs(path string) client.BuildFunc { return BuildWith(Options{Program: path}) }

func (o Options) build(ctx context.Context, c client.Client) (_ *client.Result, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()

	if res, ok, err := b.subrequest(ctx); ok || err != nil {
		return res, err
	}
	if b.sboms, err = b.newSBOMs(ctx); err != nil {
		return nil, err
	}
	rb, err := b.ui.Build(ctx, func(ctx context.Context, platform *ocispecs.Platform, idx int) (*dockerui.BuildResult, error) {
		return b.platform(ctx, platform, idx == 0)
	})
	if err != nil {
		return nil, err
	}
	if err := b.sboms.attach(ctx, b, rb); err != nil {
		return nil, err
	}
	if err := b.attestManifest(ctx, rb); err != nil {
		return nil, err
	}
	res, err := rb.Finalize()
	if err != nil {
		return nil, err
	}
	b.annotate(res)
	return res, nil
}

// reported returns an error as it leaves the program.
func (b *build) reported(err error) error { return keepText(b.locate(WithRemedy(err))) }

// open reads what a request asks for, and jetson.yaml.
func (o Options) open(ctx context.Context, c client.Client) (*build, error) {
	b, err := o.read(ctx, c)
	return b, WithRemedy(err)
}

func (o Options) read(ctx context.Context, c client.Client) (*build, error) {
	own, err := ownProgram(c, o.Program)
	if err != nil {
		return nil, err
	}
	opts := c.BuildOpts().Opts
	unpinned := newResolveCache(&terminal{c})
	b := &build{options: o, unpinned: unpinned, given: givenSources(opts), pins: &pins{making: opts["requestid"] == requestLock, used: lock.New()}}
	b.client = &pinnedImages{unpinned, b.pins, b.given}
	if b.ui, err = dockerui.NewClient(b.client); err != nil {
		return nil, err
	}
	file := cmp.Or(opts["filename"], dockerui.DefaultDockerfileName)
	b.spec, err = b.ui.ReadEntrypoint(ctx, "YAML", llb.FollowPaths([]string{file, file + ".dockerignore", lock.Name(file)}))
	if err != nil {
		return nil, err
	}
	if b.lock, err = b.readLock(ctx); err != nil {
		return nil, err
	}
	if b.lock != nil || b.pins.making {
		if err := addLinked(ctx, c, b.given); err != nil {
			return nil, err
		}
	}
	b.contexts = newContexts(ctx, b.unpinned, b.ui, own) // whose sources a lock pins by their names in jetson.yaml
	return b, nil
}

// recovered turns a panic into an error: a frontend that dies tells its user no
// more than an exit code. The stack goes to the builder's log.
func recovered(panicked any, err error) error {
	if panicked == nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "jetkit: panic: %v\n%s", panicked, debug.Stack())
	return fmt.Errorf("internal error of jetkit, please report it with your jetson.yaml: %v", panicked)
}

// build is the state of one request.
type build struct {
	options Options
	client  client.Client
	// unpinned is the client that no lock has a say in.
	unpinned client.Client
	pins     *pins
	// given is what the command names itself; see givenSources.
	given map[string]bool
	ui    *dockerui.Client
	// spec is the jetson.yaml file.
	spec *dockerui.Source
	// lock is the text of the lock beside it; nil if there is none.
	lock     []byte
	contexts *contexts
	// loaded is what was read of the files for a platform, for messages.
	loaded atomic.Pointer[project.Project]
	// uncut has the *plan.Plan of each platform with what --target leaves out, for messages.
	uncut       sync.Map
	evaluations evaluations
	// sboms is nil where nobody asks for an SBOM.
	sboms *sboms
	// annotations has those of the manifest of each platform, by the platform.
	annotations sync.Map
}

// platform builds the image of one platform. What is said of Dockerfiles is the
// same for every platform, so only the first one reports it. Each platform
// reports what is said of its plan: buildx shows only once what several say.
func (b *build) platform(ctx context.Context, platform *ocispecs.Platform, report bool) (_ *dockerui.BuildResult, err error) {
	defer func() { err = recovered(recover(), err) }() // platforms are built in goroutines of their own
	p := b.targetPlatform(platform)
	resolved, problems, err := b.plan(ctx, p)
	if err != nil {
		return nil, err
	}
	b.show(ctx, p, b.warningsOf(problems))
	b.options.planned(p, resolved, b.loaded.Load(), problems)
	image, err := b.compile(ctx, resolved, p, report)
	if err != nil {
		return nil, err
	}
	b.annotations.Store(formatPlatform(p), annotated{platform, image.annotations})
	res, err := b.client.Solve(ctx, client.SolveRequest{
		Definition:   image.definition.ToPB(),
		CacheImports: b.ui.CacheImports,
		// The result is needed in any case. Asking for it here brings a failing
		// step's error to us, who know which package and test it belongs to. A debugger
		// runs the steps itself; nothing tells a frontend of one but its user.
		Evaluate: !slices.Contains([]string{"1", "true"}, b.ui.BuildArgs[plan.DebugArg]),
	})
	if err != nil {
		return nil, b.pins.withMoved(b.explain(ctx, image, err))
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	return &dockerui.BuildResult{Reference: ref, Image: image.config, BaseImage: image.base, Epoch: image.epoch}, nil
}

// targetPlatform returns the platform to build for: the requested one, or the
// builder's own.
func (b *build) targetPlatform(requested *ocispecs.Platform) ocispecs.Platform {
	if requested != nil {
		return *requested
	}
	return platforms.Normalize(b.ui.BuildPlatforms[0])
}

// firstPlatform returns the first platform that was asked for, nil if none was.
func (b *build) firstPlatform() *ocispecs.Platform {
	if len(b.ui.TargetPlatforms) == 0 {
		return nil
	}
	return &b.ui.TargetPlatforms[0]
}
