package chain_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/gpu"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// withGPU returns a step that builds with a GPU.
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
	require.NoError(t, err)
	llbtest.Golden(t, "gpu.txt", tree(t, stages).String())
}

// nvidia-container-runtime reacts to variables, which only the steps may have.
func TestRuntimeVariablesStayInTheSteps(t *testing.T) {
	stages, err := compile(t, nil, kernels, withGPU("kernels", plan.GPURuntime), step("after", nil))
	require.NoError(t, err)
	got := tree(t, stages).String()
	n := strings.Count(got, `env "NVIDIA_VISIBLE_DEVICES=all"`)
	assert.Equal(t, 3, n, "the variable is set %d times, want in two RUN steps and the one before them:\n%s", n, got)
	assert.NotContains(t, got, "device ", "a CDI device is asked for")
	for _, s := range stages {
		assert.False(t, slices.ContainsFunc(s.Image.Config.Env, func(e string) bool { return strings.HasPrefix(e, "NVIDIA_") }), "%s: the variables reached the image: %q", s.Step.Name, s.Image.Config.Env)
	}
	assert.Contains(t, stages[1].Image.Config.Env, "ARCH=87", "the Dockerfile's own variable is lost")
}

// The variables of a CUDA image give way, those of the Dockerfile do not.
func TestRuntimeVariablesOfOthers(t *testing.T) {
	image := llbtest.Debian()
	image.Config.Env = append(image.Config.Env, "NVIDIA_VISIBLE_DEVICES=void")
	stages, err := stagesOf(chain.Compile(context.Background(), chain.Options{
		Plan: &plan.Plan{Steps: []plan.Step{withGPU("a", plan.GPURuntime)}},
		Base: chain.Base{State: llb.Image("cuda"), Image: image},
		Sources: llbtest.Sources(fstest.MapFS{
			"packages/a/Dockerfile": {Data: []byte(header + "ENV NVIDIA_DRIVER_CAPABILITIES=compute\nRUN a\n")},
		}),
		Client: &llbtest.Client{}, Platform: llbtest.Platform,
	}))
	require.NoError(t, err)
	_, run, _ := strings.Cut(tree(t, stages).String(), `"[a 1/1] RUN a"`)
	run, _, _ = strings.Cut(run, "mount /")
	for _, want := range []string{`env "NVIDIA_VISIBLE_DEVICES=all"`, `env "NVIDIA_DRIVER_CAPABILITIES=compute"`} {
		assert.Equal(t, 2, strings.Count(run, "NVIDIA_"))
		assert.Contains(t, run, want)
	}
	assert.Contains(t, stages[0].Image.Config.Env, "NVIDIA_VISIBLE_DEVICES=void", "the image's configuration changed")
}

// A Dockerfile may name devices itself; what they leave behind is the same.
func TestRunDevice(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN --device=nvidia.com/gpu=0,required tune\nRUN docker run --device x\n")}}
	stages, err := compile(t, nil, files, step("a", nil))
	require.NoError(t, err)
	got := tree(t, stages).String()
	assert.Equal(t, 2, strings.Count(got, "device nvidia.com/gpu=0 optional=false"), "want the device on the RUN and on the step before it, and a merge")
	assert.Contains(t, got, "merge #", "want the device on the RUN and on the step before it, and a merge")

	files["packages/a/Dockerfile"].Data = []byte(header + "RUN docker run --device x\n")
	stages, err = compile(t, nil, files, step("a", nil))
	require.NoError(t, err)
	assert.NotContains(t, tree(t, stages).String(), "merge #", "no device, but a merge")
}

func TestGPUNeedsTheStepBefore(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte("FROM debian\nRUN tune\n")}}
	_, err := compile(t, nil, files, withGPU("a", plan.GPUCDI))
	require.Error(t, err, "want an error that names the package and what to write")
	assert.Contains(t, err.Error(), "package a: ", "want an error that names the package and what to write")
	assert.Contains(t, err.Error(), "FROM ${BASE_IMAGE}", "want an error that names the package and what to write")
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
	require.NoError(t, compileWithout())
	var missing *gpu.MissingCDIError
	err := compileWithout(pb.CapExecMetaCDI)
	if assert.ErrorAs(t, err, &missing, "want a MissingCDIError that names the package") {
		assert.Contains(t, err.Error(), "package kernels", "want a MissingCDIError that names the package")
	}
	for _, c := range []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp} {
		err := compileWithout(c)
		if assert.Error(t, err, "without %s: want an error that says what to do", c) {
			assert.Contains(t, err.Error(), "upgrade", "without %s: want an error that says what to do", c)
		}
	}
}
