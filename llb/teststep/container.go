package teststep

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"jetkit/llb/chain"
	"jetkit/llb/testinit"
	"jetkit/pkgspec/plan"
)

// Container returns a step whose container is that of a stage's tests, with their
// environment, mounts, network, limits and devices. The step does nothing: it is for a
// program that somebody starts in its container.
func Container(cfg Config, stage chain.Stage) (llb.State, error) {
	return cfg.idle(stage.Step, stage.Folder, stage)
}

// ImageContainer is Container for the finished image, with an empty /test. If a package of
// the plan needs a GPU, the container has it.
func ImageContainer(cfg Config, finished chain.Stage) (llb.State, error) {
	var all plan.Step
	for _, step := range cfg.Plan.Steps {
		all.GPU = all.GPU || step.GPU
	}
	return cfg.idle(all, llb.Scratch(), finished)
}

func (c Config) idle(step plan.Step, folder llb.State, on chain.Stage) (llb.State, error) {
	b := newBuilder(c)
	if step.Name == "" {
		b.folders[""] = writable(testDir)
	}
	st, opts, err := b.container(step, folder, &surface{stage: on})
	if err != nil {
		return llb.State{}, err
	}
	exec := st.Run(append(opts, llb.Args([]string{testinit.Program, "true"}), dockerui.WithInternalName("shell"))...)
	exec.AddMount(outDir, b.common.out, llb.SourcePath(outDir))
	return exec.Root(), nil
}
