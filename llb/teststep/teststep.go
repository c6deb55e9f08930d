// Package teststep compiles the tests of packages to steps of the build's graph
// and seals the finished image with their records.
//
// A test runs on a branch of its own: nothing that it writes, and nothing that a
// GPU device mounts into it, can reach the image. Only its /out folder does, by
// way of the seal, and that edge is what makes a failing test fail the build.
package teststep

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/gpu"
	"jetkit/llb/testinit"
	"jetkit/llb/turn"
	"jetkit/pkgspec/plan"
)

// The places that a test finds in its container, as in jetson-containers, and
// /out for results to keep.
const (
	testDir = "/test"
	dataDir = "/data"
	outDir  = "/out"
	shmDir  = "/dev/shm"
)

// Where is the image that a test runs on.
type Where string

// The places a test can run on.
const (
	OnPackage Where = "package" // the package's own stage
	OnImage   Where = "image"   // the finished image
)

// Config is what all tests of a build share.
type Config struct {
	Plan *plan.Plan
	// Platform is the platform that the image is built for.
	Platform ocispecs.Platform
	// Flags are the options of the build that concern every step.
	Flags Flags
	// Project identifies whose tests these are. They share one /data folder, unless
	// the plan names another; empty means that nothing is known, and no folder shared.
	Project string
	// Caps are the builder's LLB capabilities.
	Caps apicaps.CapSet
	// Declared returns the source location of a test's declaration.
	Declared func(plan.Step, plan.Test) llb.ConstraintsOpt
	// Constrained returns the source location of a step's constraints on Python projects.
	Constrained func(plan.Step) llb.ConstraintsOpt
	// Prefix goes into progress names: the platform, in a build for several.
	Prefix string
}

// Flags are options of docker buildx build.
type Flags struct {
	ExtraHosts   []llb.HostIP
	CgroupParent string
	// Hostname is the name of the machine in the steps (BUILDKIT_SANDBOX_HOSTNAME), and Proxy
	// the build arguments of Docker's for proxies, which are in no key; nil is none.
	Hostname string
	Proxy    *llb.ProxyEnv
	// Resources limits memory and processors; nil means no limit.
	Resources *pb.LinuxResources
	// CacheNamespace is put before the names of cache mounts (BUILDKIT_CACHE_MOUNT_NS).
	CacheNamespace string
	// NoCache reports whether steps of this name must run though their result is known.
	NoCache func(name string) bool
}

// Run is one test in the graph.
type Run struct {
	Step  plan.Step
	Test  plan.Test
	Where Where
	// Out is the state of the test's /out folder after it passed.
	Out llb.State
}

// Label is the run's name in the progress display.
func (r Run) Label() string {
	if r.Where == OnImage {
		return fmt.Sprintf("[test %s on image] %s", r.Step.Name, r.Test.Name)
	}
	return fmt.Sprintf("[test %s] %s", r.Step.Name, r.Test.Name)
}

// Steps compiles the tests of a plan that run: each on its own package's stage,
// and, if the plan wants it, again on the finished image.
func Steps(cfg Config, stages []chain.Stage, finished chain.Stage) ([]Run, error) {
	b := newBuilder(cfg)
	for _, s := range stages {
		if err := b.add(s, &surface{stage: s}, OnPackage, func(t plan.Test) bool { return t.Intermediate }); err != nil {
			return nil, err
		}
	}
	image := &surface{stage: finished}
	for _, s := range stages {
		if err := b.add(s, image, OnImage, func(t plan.Test) bool { return t.Final }); err != nil {
			return nil, err
		}
	}
	return b.runs, nil
}

// builder adds tests to the graph. What is alike for many is made once, as BuildKit
// encodes an operation once however often it is used.
type builder struct {
	Config
	runs    []Run
	folders map[string]llb.State // the tests' copies, by package
	common  *common
	tests   map[turn.Kind]int // how many there are of a kind
}

func newBuilder(cfg Config) builder {
	return builder{Config: cfg, folders: map[string]llb.State{}, tests: map[turn.Kind]int{}}
}

// common is what all tests mount.
type common struct {
	init, data llb.RunOption
	out        llb.State
	limits     []llb.RunOption
}

// surface is what a test runs on.
type surface struct {
	stage chain.Stage
	state *llb.State // with what the image's configuration sets
}

func (s *surface) get() (llb.State, error) {
	if s.state == nil {
		st, err := chain.WithImage(s.stage.State, s.stage.Image)
		if err != nil {
			return llb.State{}, err
		}
		s.state = &st
	}
	return *s.state, nil
}

// add adds those tests of a stage that are wanted.
func (b *builder) add(stage chain.Stage, on *surface, where Where, wanted func(plan.Test) bool) error {
	for _, t := range stage.Step.Tests {
		if t.Skipped != "" || !wanted(t) {
			continue
		}
		run := Run{Step: stage.Step, Test: t, Where: where}
		if where == OnImage && t.Intermediate {
			same, err := sameImage(stage, on.stage)
			if err != nil {
				return err
			}
			if same {
				run.Out = outOf(b.runs, stage.Step, t)
				b.runs = append(b.runs, run)
				continue
			}
		}
		run, err := b.step(run, stage.Folder, on)
		if err != nil {
			return fmt.Errorf("package %s: test %q: %w", stage.Step.Name, t.Name, err)
		}
		b.runs = append(b.runs, run)
	}
	return nil
}

// shared returns what all tests mount. It is made when there is a test, for there are
// platforms that can be built for but not tested on.
func (b *builder) shared() (*common, error) {
	if b.common == nil {
		init, err := testinit.Mount(b.Platform, dockerui.WithInternalName("load the first process of tests"))
		if err != nil {
			return nil, err
		}
		b.common = &common{init: init, data: b.data(), out: writable(outDir), limits: b.limits()}
	}
	return b.common, nil
}

// folder returns the tests' copy of a package's folder.
func (b *builder) folder(step plan.Step, folder llb.State) llb.State {
	st, ok := b.folders[step.Name]
	if !ok {
		st = private(folder, step)
		b.folders[step.Name] = st
	}
	return st
}

// sameImage reports whether a stage is the finished image, as the last one is when
// the user sets nothing on the image that a test could see. Its tests then run
// once and count for both. Configurations are compared as they are written: an empty
// list and none are the same.
func sameImage(stage, finished chain.Stage) (bool, error) {
	if stage.State.Output() != finished.State.Output() {
		return false, nil
	}
	one, err := json.Marshal(stage.Image.Config)
	if err != nil {
		return false, fmt.Errorf("encoding the image configuration: %w", err)
	}
	other, err := json.Marshal(finished.Image.Config)
	if err != nil {
		return false, fmt.Errorf("encoding the image configuration: %w", err)
	}
	return bytes.Equal(one, other), nil
}

// outOf finds the result of a test on its package's own stage.
func outOf(runs []Run, step plan.Step, t plan.Test) llb.State {
	i := slices.IndexFunc(runs, func(r Run) bool { return r.Step.Name == step.Name && r.Test.Name == t.Name })
	return runs[i].Out
}

// step adds one test to the graph.
func (b *builder) step(run Run, folder llb.State, on *surface) (Run, error) {
	st, opts, err := b.container(run.Step, folder, on)
	if err != nil {
		return Run{}, err
	}
	limits := testinit.Limits{Timeout: run.Test.Timeout.Duration(), Retries: run.Test.Retries}
	opts = append(opts, b.turn(run.Step), llb.Args(testinit.Command(limits, command(run.Test)...)), llb.WithCustomName(Prefixed(b.Prefix, run.Label())))
	if b.Declared != nil {
		opts = append(opts, b.Declared(run.Step, run.Test))
	}
	if b.Flags.NoCache != nil && (b.Flags.NoCache(run.Step.Name) || b.Flags.NoCache("test")) {
		opts = append(opts, llb.IgnoreCache)
	}
	exec := st.Run(opts...)
	run.Out = exec.AddMount(outDir, b.common.out, llb.SourcePath(outDir))
	return run, nil
}

// turn returns the option for which a test waits until fewer than may run at once do.
func (b *builder) turn(step plan.Step) llb.RunOption {
	kind, atOnce := turn.Test, b.Plan.Tests.Parallel
	if step.GPU {
		kind, atOnce = turn.GPUTest, b.Plan.Tests.GPUParallel
	}
	number := b.tests[kind]
	b.tests[kind]++
	return turn.Mount(kind, number, atOnce)
}

// container returns what the tests of a package run in: the state with their environment,
// and the options of a step with their mounts, limits and devices, but for /out.
func (b *builder) container(step plan.Step, folder llb.State, on *surface) (llb.State, []llb.RunOption, error) {
	st, err := on.get()
	if err != nil {
		return llb.State{}, nil, err
	}
	st = b.environment(st, step).Network(networkMode(b.Plan.Tests.Network))
	if step.TestPrivileged {
		st = st.Security(pb.SecurityMode_INSECURE)
	}
	common, err := b.shared()
	if err != nil {
		return llb.State{}, nil, err
	}
	opts := []llb.RunOption{
		common.init,
		llb.AddMount(testDir, b.folder(step, folder), llb.SourcePath(testDir), llb.ForceNoOutput),
		common.data,
	}
	opts = append(opts, common.limits...)
	opts = append(opts, secrets(step)...)
	devices := b.devices(step)
	if err := devices.Supported(b.Caps); err != nil {
		return llb.State{}, nil, err
	}
	return st, append(opts, devices.Options()...), nil
}

// environment adds what a test's result depends on besides the image: the epoch
// that users bump to run tests again, and what the image is built for, so that a
// test can check it. Only GPU tests get all of the target: it keeps their results
// from outliving a driver update, which the device's name alone would not. The
// others share their results between releases with one Python and architecture.
func (c Config) environment(st llb.State, step plan.Step) llb.State {
	if c.Plan.Tests.Epoch != "" {
		st = st.AddEnv("TEST_EPOCH", c.Plan.Tests.Epoch)
	}
	for _, f := range c.Plan.Target.Facts() {
		if f.Value.Value != "" && (step.GPU || f.Key == "python" || f.Key == "arch") {
			st = st.AddEnv("JETKIT_"+strings.ToUpper(f.Key), f.Value.Value)
		}
	}
	if step.GPU && c.Plan.Tests.GPU == plan.GPURuntime {
		for _, v := range gpu.RuntimeVariables() {
			st = st.AddEnv(v.Name, v.Value)
		}
	}
	return st
}

// command returns a test's arguments: Python and shell scripts by their
// interpreter, as jetson-containers runs them, anything else by itself. No shell
// sees the words of the declaration.
func command(t plan.Test) []string {
	args := append([]string{path.Join(testDir, t.Args[0])}, t.Args[1:]...)
	switch path.Ext(t.Args[0]) {
	case ".py":
		return append([]string{"python3"}, args...)
	case ".sh":
		return append([]string{"/bin/bash"}, args...)
	}
	return args
}

// private returns a test's own copy of the package folder, writable for the image's
// user whoever that is. Changes are dropped.
func private(folder llb.State, step plan.Step) llb.State {
	// Relative modes (a+rwX) would be nicer, but a builder that does not know
	// them takes them for mode 0 without any error.
	open := &llb.CopyInfo{CopyDirContentsOnly: true, Mode: &llb.ChmodOpt{Mode: 0o777}}
	return writable(testDir).File(
		llb.Copy(folder, "/", testDir, open),
		dockerui.WithInternalName("prepare tests of "+step.Name),
	)
}

// writable returns a state with one folder that every user may write to.
func writable(dir string) llb.State {
	return llb.Scratch().File(llb.Mkdir(dir, 0o777), dockerui.WithInternalName("prepare "+dir))
}

// data returns the mount on /data: a folder of the builder's that stays for later runs, or
// one that is gone after the test. Models and data sets depend on the target (engine files
// even break on another), so each target has its own.
//
// By default a folder belongs to one project, for a test of one could leave a file there
// that another loads. The name in a plan is never that of a project.
func (c Config) data() llb.RunOption {
	name := cmp.Or(c.Plan.Tests.Data, c.Project)
	if name == "" || name == plan.NoData {
		return llb.AddMount(dataDir, writable(dataDir), llb.SourcePath(dataDir), llb.ForceNoOutput)
	}
	kind := "project"
	if c.Plan.Tests.Data != "" {
		kind = "shared"
	}
	t := c.Plan.Target
	id := strings.Join([]string{"jetkit-data", kind, name, "l4t" + t.L4T.Value, "cuda" + t.CUDA.Value, t.Arch.Value}, ":")
	if ns := c.Flags.CacheNamespace; ns != "" {
		id = ns + "/" + id // as the Dockerfile frontend writes it
	}
	return llb.AddMount(dataDir, writable(dataDir), llb.SourcePath(dataDir), llb.AsPersistentCacheDir(id, llb.CacheMountShared))
}

// devices returns the CDI devices of a step's tests.
func (c Config) devices(step plan.Step) gpu.Devices {
	if !step.GPU || c.Plan.Tests.GPU != plan.GPUCDI {
		return nil
	}
	return gpu.Required(c.Plan.Tests.Device)
}

// Prefixed puts the platform into the label of a run, in a build for several.
func Prefixed(platform, label string) string {
	if platform == "" {
		return label
	}
	return "[" + platform + " " + strings.TrimPrefix(label, "[")
}
