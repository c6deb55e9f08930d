package chain

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/pkgspec/plan"
)

const (
	// constraintsDir is where RUN steps find the constraints on Python projects.
	constraintsDir  = "/.jetkit-constraints"
	constraintsFile = "constraints.txt"
)

// ConstraintVariables name a file of constraints, for pip and for uv; both take several files
// with spaces between them.
// Source: https://pip.pypa.io/en/stable/topics/configuration/#environment-variables and
// https://docs.astral.sh/uv/reference/environment/#uv_constraint, read 2026-11.
func ConstraintVariables() []string { return []string{"PIP_CONSTRAINT", "UV_CONSTRAINT"} }

// ConstraintsText is the file of constraints of some steps of a plan: each once, in the order
// of the projects, so that it depends on nothing else.
func ConstraintsText(steps []plan.Step) string {
	var lines []string
	for _, s := range steps {
		for _, c := range s.Constraints {
			lines = append(lines, c.String()+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// inheritConstraints gives each stage the constraints on Python projects of all that it is
// built on, and its own.
func inheritConstraints(stages []Stage, on [][]int) {
	if !slices.ContainsFunc(stages, func(s Stage) bool { return len(s.Step.Constraints) > 0 }) {
		return
	}
	for i := range stages {
		steps := []plan.Step{stages[i].Step}
		for _, below := range on[i] {
			if len(stages[below].Step.Constraints) > 0 {
				steps = append(steps, stages[below].Step)
			}
		}
		stages[i].pythonConstraints = ConstraintsText(steps)
	}
}

// withPythonConstraints gives the RUN steps of a stage's Dockerfile its constraints on Python
// projects. Neither file nor variables reach the
// image: the seal writes those of the whole chain. A step that mounts something there itself
// is left as it is.
func (s *Stage) withPythonConstraints(ctx context.Context, in stepInput) error {
	if s.pythonConstraints == "" {
		return nil
	}
	r := rewriter{
		base: in.base, of: s.SourceMap,
		adds:    llb.Scratch().File(llb.Mkfile("/"+constraintsFile, 0o644, []byte(s.pythonConstraints)), dockerui.WithInternalName("load the constraints on Python projects")),
		matches: func(exec *pb.ExecOp) bool { return !mountsAt(exec, constraintsDir) },
		rewrite: addConstraints,
	}
	st, _, err := r.apply(ctx, s.State, in.constraints)
	s.State = st
	return err
}

// addConstraints adds the file of constraints to a step, beside those that it has itself.
func addConstraints(exec *pb.ExecOp, file pb.InputIndex) {
	exec.Mounts = append(exec.GetMounts(), &pb.Mount{Input: int64(file), Output: int64(pb.SkipOutput), Dest: constraintsDir, Readonly: true})
	sortMounts(exec)
	exec.Meta.Env = WithConstraints(exec.GetMeta().GetEnv(), constraintsDir+"/"+constraintsFile)
}

// WithConstraints returns variables that name a file of constraints too.
func WithConstraints(env []string, file string) []string {
	env = slices.Clone(env)
	for _, name := range ConstraintVariables() {
		is := func(e string) bool { return strings.HasPrefix(e, name+"=") }
		if i := slices.IndexFunc(env, is); i >= 0 && env[i] != name+"=" {
			env[i] += " " + file
			continue
		}
		env = append(slices.DeleteFunc(env, is), name+"="+file)
	}
	return env
}
