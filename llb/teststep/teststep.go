// Package teststep compiles the tests of packages to steps of the build's graph
// and seals the finished image with their records.
//
// A test runs on a branch of its own: nothing that it writes, and nothing that a
// GPU device mounts into it, can reach the image. Only its /out folder does, by
// way of the seal, and that edge is what makes a failing test fail the build.
package teststep

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"jetkit/llb/chain"
	"jetkit/llb/gpu"
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

// Where says on which image a test runs.
type Where string

// The places a test can run on.
const (
	OnPackage Where = "package" // the package's own stage
	OnImage   Where = "image"   // the finished image
)

// Config is what all tests of a build share.
type Config struct {
	Plan *plan.Plan
	// Build has the options of the build that concern every step: extra hosts,
	// the parent of control groups, resources, and what to leave uncached.
	Build *dockerui.Client
	// Caps are the builder's LLB capabilities.
	Caps apicaps.CapSet
	// Declared gives the source location of a test's declaration.
	Declared func(plan.Step, plan.Test) llb.ConstraintsOpt
	// Prefix goes into progress names: the platform, in a build for several.
	Prefix string
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
// and, where the plan says so, again on the finished image.
func Steps(cfg Config, stages []chain.Stage, finished chain.Stage) ([]Run, error) {
	var runs []Run
	add := func(stage, on chain.Stage, where Where, wanted func(plan.Test) bool) error {
		for _, t := range stage.Step.Tests {
			if t.Skipped != "" || !wanted(t) {
				continue
			}
			run := Run{Step: stage.Step, Test: t, Where: where}
			if where == OnImage && t.Intermediate && sameImage(stage, finished) {
				run.Out = outOf(runs, stage.Step, t)
				runs = append(runs, run)
				continue
			}
			run, err := cfg.step(run, stage.Folder, on)
			if err != nil {
				return fmt.Errorf("package %s: test %q: %w", stage.Step.Name, t.Name, err)
			}
			runs = append(runs, run)
		}
		return nil
	}
	for _, s := range stages {
		if err := add(s, s, OnPackage, func(t plan.Test) bool { return t.Intermediate }); err != nil {
			return nil, err
		}
	}
	for _, s := range stages {
		if err := add(s, finished, OnImage, func(t plan.Test) bool { return t.Final }); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// sameImage tells whether a stage is the finished image, as the last one is when
// the user sets nothing on the image that a test could see. Its tests then run
// once and count for both.
func sameImage(stage, finished chain.Stage) bool {
	return stage.State.Output() == finished.State.Output() && reflect.DeepEqual(stage.Image.Config, finished.Image.Config)
}

// outOf finds the result of a test on its package's own stage.
func outOf(runs []Run, step plan.Step, t plan.Test) llb.State {
	i := slices.IndexFunc(runs, func(r Run) bool { return r.Step.Name == step.Name && r.Test.Name == t.Name })
	return runs[i].Out
}

// step adds one test to the graph, on the state of the given stage.
func (c Config) step(run Run, folder llb.State, on chain.Stage) (Run, error) {
	st, err := chain.WithImage(on.State, on.Image)
	if err != nil {
		return Run{}, err
	}
	st = c.environment(st, run).Network(networkMode(c.Plan.Tests.Network))
	if run.Step.TestPrivileged {
		st = st.Security(pb.SecurityMode_INSECURE)
	}
	opts := []llb.RunOption{
		llb.Args(command(run.Test)),
		llb.WithCustomName(c.named(run.Label())),
		llb.AddMount(testDir, private(folder, run.Step), llb.SourcePath(testDir), llb.ForceNoOutput),
		llb.AddMount(dataDir, writable(dataDir), llb.SourcePath(dataDir),
			llb.AsPersistentCacheDir(c.dataCache(), llb.CacheMountShared)),
	}
	opts = append(opts, c.limits()...)
	if c.Declared != nil {
		opts = append(opts, c.Declared(run.Step, run.Test))
	}
	if c.Build.IsNoCache(run.Step.Name) || c.Build.IsNoCache("test") {
		opts = append(opts, llb.IgnoreCache)
	}
	devices := c.devices(run.Step)
	if err := devices.Supported(c.Caps); err != nil {
		return Run{}, err
	}
	exec := st.Run(append(opts, devices.Options()...)...)
	run.Out = exec.AddMount(outDir, writable(outDir), llb.SourcePath(outDir))
	return run, nil
}

// environment adds what a test's result depends on besides the image: the epoch
// that users bump to run tests again and, for GPU tests, the target, since the
// device's name alone would let a result outlive a driver update.
func (c Config) environment(st llb.State, run Run) llb.State {
	if c.Plan.Tests.Epoch != "" {
		st = st.AddEnv("TEST_EPOCH", c.Plan.Tests.Epoch)
	}
	if run.Step.GPU {
		st = st.AddEnv("JETKIT_L4T", c.Plan.Target.L4T.Value)
		if c.Plan.Tests.GPU == plan.GPURuntime {
			for _, v := range gpu.RuntimeVariables() {
				st = st.AddEnv(v.Name, v.Value)
			}
		}
	}
	return st
}

// command gives a test's arguments: Python and shell scripts by their
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

// private gives a test its own copy of the package folder, writable for the
// image's user whoever that is. Changes are dropped.
func private(folder llb.State, step plan.Step) llb.State {
	// Relative modes (a+rwX) would be nicer, but a builder that does not know
	// them takes them for mode 0 without any error.
	open := &llb.CopyInfo{CopyDirContentsOnly: true, Mode: &llb.ChmodOpt{Mode: 0o777}}
	return writable(testDir).File(
		llb.Copy(folder, "/", testDir, open),
		dockerui.WithInternalName("prepare tests of "+step.Name),
	)
}

// writable gives a state with one folder that every user may write to.
func writable(dir string) llb.State {
	return llb.Scratch().File(llb.Mkdir(dir, 0o777), dockerui.WithInternalName("prepare "+dir))
}

// dataCache names the cache mount on /data. Models and data sets depend on the
// target (engine files even break on another), so that is part of the name.
func (c Config) dataCache() string {
	t := c.Plan.Target
	return strings.Join([]string{"jetkit-data", "l4t" + t.L4T.Value, "cuda" + t.CUDA.Value, t.Arch.Value}, "-")
}

// devices gives the CDI devices of a step's tests.
func (c Config) devices(step plan.Step) gpu.Devices {
	if !step.GPU || c.Plan.Tests.GPU != plan.GPUCDI {
		return nil
	}
	return gpu.Required(c.Plan.Tests.Device)
}

func (c Config) named(label string) string {
	if c.Prefix == "" {
		return label
	}
	return "[" + c.Prefix + " " + strings.TrimPrefix(label, "[")
}
