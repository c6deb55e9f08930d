// Package chain compiles the steps of a plan to LLB: every package's Dockerfile
// is converted on top of the state and the image configuration that the step
// before it left, or of what its package needs.
package chain

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/layers"
	"jetkit/pkgspec/plan"
)

// Options are what to compile, and for whom.
type Options struct {
	Plan *plan.Plan
	// Base is what the first step builds on.
	Base Base
	// Sources has the packages' files.
	Sources Sources
	// Ignored are the patterns of the build context's ignore file, which the files that
	// reach Sources are without.
	Ignored []string
	// Client is the gateway client of the build. Its options that concern every
	// Dockerfile (network mode, extra hosts, named contexts …) reach each step.
	Client client.Client
	// Platform is the platform that is built for.
	Platform ocispecs.Platform
	// Prefix is put into the progress names of operations that make layers: the platform's
	// name in a build for several platforms, and else empty.
	Prefix string
	// Epoch is what the build argument SOURCE_DATE_EPOCH stands for, for a build that has
	// it; nil if that is no date.
	Epoch *time.Time
	// Pin returns what a source that a Dockerfile names is replaced by, which is the same
	// every time; its result is nil for one that stays. Nil replaces none.
	Pin func(context.Context, *pb.SourceOp) (*pb.SourceOp, error)
	// Warn receives the findings of BuildKit's linter in a Dockerfile; nil drops them.
	Warn func(plan.Step, *llb.SourceMap) linter.LintWarnFunc
}

// Base is an image to build on.
type Base struct {
	State llb.State
	// Image is its configuration; nil for a plain tree of files.
	Image *dockerspec.DockerOCIImage
	// Name and Digest are those of an image from a registry; empty for others.
	Name   string
	Digest digest.Digest
}

// Stage is one compiled step of the chain.
type Stage struct {
	Step  plan.Step
	State llb.State
	Image *dockerspec.DockerOCIImage
	// On is what the stage was built on, and OnEnv the environment that this has.
	On    llb.State
	OnEnv []string
	// Folder holds the package's files, all of them, at its root.
	Folder llb.State
	// SourceMap maps operations to the package's Dockerfile; nil without one.
	SourceMap *llb.SourceMap
	// Detached is set when the Dockerfile's last stage does not build on the
	// steps before it, so that they are missing from the image.
	Detached bool
	// Epoch is the time that the stage's own entries of the history have; nil means that
	// of the build.
	Epoch *time.Time
	// Inherited are the ONBUILD instructions of the image that the stage builds on, which
	// ran in its Dockerfile.
	Inherited []Trigger
	// Requirements are what the Dockerfile's instructions need from the builder.
	Requirements Requirements

	// number is the stage's in the chain.
	number int
	// context holds the files that the Dockerfile can copy, all but excludes.
	context  llb.State
	excludes []string
	gpu      buildGPU
	// pythonConstraints is the file of constraints on Python projects that RUN steps get; empty
	// for none.
	pythonConstraints string
	// args are what the Dockerfile was converted with, and onBase is set if its last stage
	// has the configuration of BASE_IMAGE, and what it does to it.
	args   configArgs
	onBase bool
}

// Trigger is an ONBUILD instruction.
type Trigger struct {
	// Package is the name of the package that declares it; empty for the base image's.
	Package     string
	Instruction string
}

// Explanation returns whose instruction it is and when it runs.
func (t Trigger) Explanation() string {
	return fmt.Sprintf("%s is an ONBUILD instruction of %s: it runs in the next package that builds on it, with the files of that package's folder", t.Instruction, t.owner())
}

func (t Trigger) owner() string {
	if t.Package == "" {
		return "the base image"
	}
	return "package " + t.Package
}

// StepError is a fault found while compiling one package. It keeps the source
// map that the positions inside the error refer to.
type StepError struct {
	Step      plan.Step
	SourceMap *llb.SourceMap
	Err       error
}

func (e *StepError) Error() string { return fmt.Sprintf("package %s: %v", e.Step.Name, e.Err) }

func (e *StepError) Unwrap() error { return e.Err }

// Result is a compiled plan.
type Result struct {
	// Stages are the plan's steps, in its order.
	Stages []Stage
	// Finished is the image, except for what the user sets on its configuration.
	Finished Base
	// Joins are the steps that put packages' layers together; a chain has none.
	Joins []layers.Joined
	// Operations are those that make layers and join them; a chain has none.
	Operations []layers.Operation
	// Owners are the names of the packages that the entries of the finished image's history
	// are of, with layers of packages: empty for the base's entries and for the join's.
	Owners []string
}

// Compile converts the plan's steps in order: each on the one before it, or on what its
// package needs.
func Compile(ctx context.Context, opt Options) (*Result, error) {
	stages := make([]Stage, len(opt.Plan.Steps))
	for i, step := range opt.Plan.Steps {
		stages[i].Step, stages[i].number = step, i
		if err := stages[i].open(ctx, opt); err != nil {
			return nil, stages[i].failed(err)
		}
	}
	if opt.Base.Image == nil {
		opt.Base.Image = EmptyImage(opt.Platform)
	}
	linked, err := linkedInputs(ctx, opt.Client)
	if err != nil {
		return nil, fmt.Errorf("results of linked builds: %w", err)
	}
	on := opt.Plan.BuiltOn()
	inheritTriggers(stages, opt.Base.Image, on)
	inheritConstraints(stages, on)
	caps := opt.Client.BuildOpts().LLBCaps
	if err := assignGPUs(stages, caps); err != nil {
		return nil, err
	}
	c := &compiler{Options: opt, stages: stages, input: stepInput{
		linked: linked, platform: opt.Platform, epoch: formatEpoch(opt.Epoch),
		constraints: llb.NewConstraints(llb.WithCaps(caps), llb.Platform(opt.Platform)),
	}}
	if opt.Plan.Layers.ByPackage() {
		return c.packages(ctx, on)
	}
	return c.chain(ctx)
}

// compiler converts the stages of a plan.
type compiler struct {
	Options
	stages []Stage
	// input is what all stages get; base, image and context are each stage's own.
	input stepInput
}

// compile converts a stage on what it builds on.
func (c *compiler) compile(ctx context.Context, s *Stage, on Base, stubs *deviceStubs) error {
	in := c.input
	in.base, in.image = on.State, on.Image
	s.On, s.OnEnv = on.State, on.Image.Config.Env
	return s.compile(ctx, c.Options, in, stubs)
}

// chain builds each stage on the one before it.
func (c *compiler) chain(ctx context.Context) (*Result, error) {
	on, stubs := c.Base, stubsOf(c.stages)
	for i := range c.stages {
		s := &c.stages[i]
		if err := c.compile(ctx, s, on, stubs); err != nil {
			return nil, s.failed(err)
		}
		on = Base{State: s.State, Image: s.Image}
	}
	if len(c.stages) > 0 {
		on.State = stubs.leaveOut(on.State)
		c.stages[len(c.stages)-1].State = on.State
	}
	return &Result{Stages: c.stages, Finished: on}, nil
}

func (s *Stage) failed(err error) error {
	return &StepError{Step: s.Step, SourceMap: s.SourceMap, Err: err}
}

// open reads what the stage is compiled from.
func (s *Stage) open(ctx context.Context, opt Options) error {
	files, err := openFolder(ctx, opt.Sources, s.Step)
	if err != nil {
		return err
	}
	s.Folder = files.all
	if s.Step.Dockerfile == "" {
		return nil
	}
	s.SourceMap, s.context, s.excludes = files.sourceMap, files.context, files.excludes
	s.Requirements, err = RequirementsOf(s.SourceMap.Data)
	return err
}

// compile fills in the stage that results from s.Step on top of in.base.
func (s *Stage) compile(ctx context.Context, opt Options, in stepInput, stubs *deviceStubs) error {
	if s.Step.Dockerfile == "" {
		s.State, s.Image = in.base, in.image
		return nil
	}
	// The state of the step before carries the values of its ARGs; only what
	// its image configuration says may reach the next package.
	in.base, in.context = llb.NewState(in.base.Output()), s.context
	if s.gpu.used() {
		var err error
		if in.base, err = stubs.on(in.base, in.image, s.noCache(opt.Client.BuildOpts().Opts)); err != nil {
			return err
		}
	}
	earlier := in.image.History
	in.image = withoutHistory(in.image)
	res, err := s.convert(ctx, opt, in)
	if err != nil {
		return s.located(err)
	}
	s.onBase = withHistory(res.Image, earlier)
	s.State, s.Image, s.Epoch = res.State, res.Image, res.Epoch
	if err := s.withPins(ctx, opt, in); err != nil {
		return err
	}
	if err := s.withPythonConstraints(ctx, in); err != nil {
		return err
	}
	if opt.Plan.Build.Ccache.Used() {
		if err := s.withCcache(ctx, opt, in); err != nil {
			return err
		}
	}
	if len(opt.Plan.Build.Caches) > 0 {
		if err := s.withPackageCaches(ctx, opt, in); err != nil {
			return err
		}
	}
	if err := s.withLimits(ctx, opt, in); err != nil {
		return err
	}
	on, err := continues(ctx, s.State, in.base, in.constraints)
	if err != nil {
		return err
	}
	if s.Detached = !on; s.Detached {
		stubs.forget()
	}
	if s.gpu.used() {
		return s.withGPU(ctx, in)
	}
	return nil
}

// convert converts the Dockerfile on top of an input.
func (s *Stage) convert(ctx context.Context, opt Options, in stepInput) (*dockerfile2llb.Result, error) {
	dockerfile, err := s.edited(opt.Plan)
	if err != nil {
		return nil, err
	}
	bc, err := newStepClient(opt.Client, opt.Plan, s.Step, in)
	if err != nil {
		return nil, err
	}
	if err := CheckExpansion(dockerfile, in.image.Config.Env, in.image.Config.OnBuild, bc.BuildArgs); err != nil {
		return nil, err
	}
	s.args = configArgsOf(bc.Config, opt.Platform)
	convert := dockerfile2llb.ConvertOpt{
		Config:         bc.Config,
		Client:         bc,
		SourceMap:      s.SourceMap,
		MetaResolver:   opt.Client,
		TargetPlatform: &opt.Platform,
	}
	convert.Devices = s.gpu.all
	var warn linter.LintWarnFunc
	if opt.Warn != nil {
		warn = opt.Warn(s.Step, s.SourceMap)
	}
	if warn == nil { // then BuildKit's linter does not run
		return dockerfile2llb.Dockerfile2LLB(ctx, dockerfile, convert)
	}
	check, err := newCheck(bc, s.SourceMap.Data)
	if err != nil {
		return nil, err
	}
	convert.Warn = check.warn(warn)
	res, err := dockerfile2llb.Dockerfile2LLB(ctx, dockerfile, convert)
	if err == nil {
		err = cmp.Or(check.copyIgnored(".", s.excludes, convert.Warn), check.contextIgnored(opt, s.Step, convert.Warn), check.err())
	}
	return res, err
}

// stepInput is what a step gets from the outside.
type stepInput struct {
	base  llb.State
	image *dockerspec.DockerOCIImage
	// context holds the package's files that its Dockerfile may copy.
	context llb.State
	// linked are results of other builds, by input name.
	linked   map[string]llb.State
	platform ocispecs.Platform
	// epoch is the number of seconds that SOURCE_DATE_EPOCH stands for, or empty.
	epoch string
	// constraints are the same for all stages, as operations that were marshalled
	// with them are not marshalled again.
	constraints *llb.Constraints
}

// EmptyImage returns the configuration of an image without files.
func EmptyImage(p ocispecs.Platform) *dockerspec.DockerOCIImage {
	return &dockerspec.DockerOCIImage{Image: ocispecs.Image{
		Platform: platforms.Normalize(p),
		RootFS:   ocispecs.RootFS{Type: "layers"},
	}}
}

// WithImage returns a state with the environment, working directory, user and platform
// of an image configuration, as a container of that image would have them.
func WithImage(st llb.State, image *dockerspec.DockerOCIImage) (llb.State, error) {
	dt, err := json.Marshal(image)
	if err != nil {
		return llb.State{}, fmt.Errorf("encoding the image configuration: %w", err)
	}
	st, err = llb.NewState(st.Output()).WithImageConfig(dt)
	if err != nil {
		return llb.State{}, err
	}
	if user := image.Config.User; user != "" {
		st = st.User(user)
	}
	return st, nil
}
