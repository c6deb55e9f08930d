package plan

import (
	"slices"

	"jetkit/pkgspec/diag"
)

// Identity returns the plan without its explanations: what is left decides the steps of
// the build and the contents of the image, and nothing else does. Two plans with one
// identity build one image, however each came about: positions, reasons, sources of
// facts, the words of the request and what replaced a value of the file are left out. So
// are time limits, retries, how much runs at once and the caches that steps have.
func (p *Plan) Identity() *Plan {
	id := *p
	id.Target = p.Target.identity()
	id.Base = p.Base.identity()
	id.Image = p.Image.identity()
	id.Build.Ccache, id.Build.Caches = Ccache{}, nil
	id.Build.Parallel, id.Tests.Parallel, id.Tests.GPUParallel = 0, 0, 0
	id.BaseAt, id.Requested, id.RequestedAt, id.Overrides = diag.Range{}, nil, diag.Range{}, nil
	id.Steps = make([]Step, len(p.Steps))
	for i, step := range p.Steps {
		id.Steps[i] = step.identity()
	}
	return &id
}

func (t Target) identity() Target {
	return Target{
		L4T: t.L4T.identity(), JetPack: t.JetPack.identity(), CUDA: t.CUDA.identity(), CUDNN: t.CUDNN.identity(),
		TensorRT: t.TensorRT.identity(), Python: t.Python.identity(), Ubuntu: t.Ubuntu.identity(), Arch: t.Arch.identity(),
		CUDAArchitectures: t.CUDAArchitectures.identity(),
	}
}

func (v Value) identity() Value { return Value{Value: v.Value} }

func (i Image) identity() Image {
	i.BaseAt = diag.Range{}
	i.From = slices.Clone(i.From)
	for k := range i.From {
		i.From[k].At = diag.Range{}
	}
	return i
}

func (s Step) identity() Step {
	s.Why, s.AfterAllReason, s.Requested, s.At, s.BuildTimeout, s.Kernels = nil, "", false, diag.Range{}, 0, nil
	s.TestSecrets, s.TestSSH = withoutPlaces(s.TestSecrets, s.TestSSH)
	s.Resources = Resources{Jobs: s.Resources.Jobs}
	s.Constraints = slices.Clone(s.Constraints)
	for i := range s.Constraints {
		s.Constraints[i].At = diag.Range{}
	}
	s.Tests = slices.Clone(s.Tests)
	for i := range s.Tests {
		s.Tests[i].At, s.Tests[i].Timeout, s.Tests[i].Retries = diag.Range{}, 0, 0
	}
	return s
}
