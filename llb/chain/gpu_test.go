package chain_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"jetkit/llb/chain"
	"jetkit/llb/gpu"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// withGPU gives a step that builds with a GPU.
func withGPU(name string, mode plan.GPUMode) plan.Step {
	s := step(name, nil)
	if s.BuildGPU = mode; mode == plan.GPUCDI {
		s.BuildDevice = "nvidia.com/gpu=all"
	}
	return s
}

// kernels builds with a GPU and is followed by a package that doesn't.
var kernels = fstest.MapFS{
	"packages/kernels/Dockerfile": {Data: []byte(header + "ENV ARCH=87\nRUN tune kernels\nCOPY tuned /tuned\nRUN strip kernels\n")},
	"packages/kernels/tuned":      {Data: []byte("x")},
	"packages/after/Dockerfile":   {Data: []byte(header + "RUN echo after\n")},
}

func TestGoldenTreeOfGPUAtBuildTime(t *testing.T) {
	stages, err := compile(t, nil, kernels, withGPU("kernels", plan.GPUCDI), step("after", nil))
	if err != nil {
		t.Fatal(err)
	}
	llbtest.Golden(t, "gpu.txt", tree(t, stages).String())
}

// nvidia-container-runtime reacts to variables, which only the steps may have.
func TestRuntimeVariablesStayInTheSteps(t *testing.T) {
	stages, err := compile(t, nil, kernels, withGPU("kernels", plan.GPURuntime), step("after", nil))
	if err != nil {
		t.Fatal(err)
	}
	got := tree(t, stages).String()
	if n := strings.Count(got, `env "NVIDIA_VISIBLE_DEVICES=all"`); n != 3 {
		t.Errorf("the variable is set %d times, want in two RUN steps and the one before them:\n%s", n, got)
	}
	if strings.Contains(got, "device ") {
		t.Errorf("a CDI device is asked for:\n%s", got)
	}
	for _, s := range stages {
		if slices.ContainsFunc(s.Image.Config.Env, func(e string) bool { return strings.HasPrefix(e, "NVIDIA_") }) {
			t.Errorf("%s: the variables reached the image: %q", s.Step.Name, s.Image.Config.Env)
		}
	}
	if env := stages[1].Image.Config.Env; !slices.Contains(env, "ARCH=87") {
		t.Errorf("the Dockerfile's own variable is lost: %q", env)
	}
}

// The variables of a CUDA image give way, those of the Dockerfile do not.
func TestRuntimeVariablesOfOthers(t *testing.T) {
	image := llbtest.Debian()
	image.Config.Env = append(image.Config.Env, "NVIDIA_VISIBLE_DEVICES=void")
	stages, err := chain.Compile(context.Background(), chain.Options{
		Plan: &plan.Plan{Steps: []plan.Step{withGPU("a", plan.GPURuntime)}},
		Base: chain.Base{State: llb.Image("cuda"), Image: image},
		Sources: llbtest.Sources(fstest.MapFS{
			"packages/a/Dockerfile": {Data: []byte(header + "ENV NVIDIA_DRIVER_CAPABILITIES=compute\nRUN a\n")},
		}),
		Client: &llbtest.Client{}, Platform: llbtest.Platform,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, run, _ := strings.Cut(tree(t, stages).String(), `"[a 1/1] RUN a"`)
	run, _, _ = strings.Cut(run, "mount /")
	for _, want := range []string{`env "NVIDIA_VISIBLE_DEVICES=all"`, `env "NVIDIA_DRIVER_CAPABILITIES=compute"`} {
		if strings.Count(run, "NVIDIA_") != 2 || !strings.Contains(run, want) {
			t.Errorf("want %s in %s", want, run)
		}
	}
	if env := stages[0].Image.Config.Env; !slices.Contains(env, "NVIDIA_VISIBLE_DEVICES=void") {
		t.Errorf("the image's configuration changed: %q", env)
	}
}

// A Dockerfile may name devices itself; what they leave behind is the same.
func TestRunDevice(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN --device=nvidia.com/gpu=0,required tune\nRUN docker run --device x\n")}}
	stages, err := compile(t, nil, files, step("a", nil))
	if err != nil {
		t.Fatal(err)
	}
	got := tree(t, stages).String()
	if strings.Count(got, "device nvidia.com/gpu=0 optional=false") != 2 || !strings.Contains(got, "merge #") {
		t.Errorf("want the device on the RUN and on the step before it, and a merge, in\n%s", got)
	}

	files["packages/a/Dockerfile"].Data = []byte(header + "RUN docker run --device x\n")
	if stages, err = compile(t, nil, files, step("a", nil)); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, stages).String(); strings.Contains(got, "merge #") {
		t.Errorf("no device, but a merge, in\n%s", got)
	}
}

func TestGPUNeedsTheStepBefore(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte("FROM debian\nRUN tune\n")}}
	_, err := compile(t, nil, files, withGPU("a", plan.GPUCDI))
	if err == nil || !strings.Contains(err.Error(), "package a: ") || !strings.Contains(err.Error(), "FROM ${BASE_IMAGE}") {
		t.Errorf("want an error that names the package and what to write, got %v", err)
	}
}

// lacking is a builder without some capabilities.
type lacking struct {
	client.Client
	caps []apicaps.CapID
}

func (l *lacking) BuildOpts() client.BuildOpts {
	opts := l.Client.BuildOpts()
	var known []*apicaps.PBCap
	for _, c := range pb.Caps.All() {
		if !slices.Contains(l.caps, apicaps.CapID(c.ID)) {
			known = append(known, c)
		}
	}
	opts.LLBCaps = pb.Caps.CapSet(known)
	return opts
}

func TestOldBuilderCannotDropTheBuildDevice(t *testing.T) {
	compileWithout := func(caps ...apicaps.CapID) error {
		_, err := chain.Compile(context.Background(), chain.Options{
			Plan:     &plan.Plan{Steps: []plan.Step{withGPU("kernels", plan.GPUCDI)}},
			Base:     chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()},
			Sources:  llbtest.Sources(kernels),
			Client:   &lacking{Client: &llbtest.Client{}, caps: caps},
			Platform: llbtest.Platform,
		})
		return err
	}
	if err := compileWithout(); err != nil {
		t.Fatal(err)
	}
	var missing *gpu.MissingCDIError
	if err := compileWithout(pb.CapExecMetaCDI); !errors.As(err, &missing) || !strings.Contains(err.Error(), "package kernels") {
		t.Errorf("want a MissingCDIError that names the package, got %v", err)
	}
	for _, c := range []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp} {
		if err := compileWithout(c); err == nil || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("without %s: want an error that says what to do, got %v", c, err)
		}
	}
}
