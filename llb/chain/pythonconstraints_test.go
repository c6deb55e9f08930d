package chain_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/stretchr/testify/assert"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// Which steps of a chain have which constraints on Python projects, in both forms.
func TestWhichStepsHaveConstraints(t *testing.T) {
	constrained := func(s plan.Step, specifiers ...string) plan.Step {
		for _, c := range specifiers {
			project, version, _ := strings.Cut(c, "=")
			s.Constraints = append(s.Constraints, plan.Constraint{Project: project, Specifier: "=" + version})
		}
		return s
	}
	needs := func(s plan.Step, names ...string) plan.Step {
		s.Needs = names
		return s
	}
	files := fstest.MapFS{}
	for name, body := range map[string]string{
		"python": "RUN python\n",
		"torch":  "RUN torch\nENV PIP_CONSTRAINT=/own.txt UV_CONSTRAINT=\nRUN then\n",
		"apart":  "RUN --mount=type=tmpfs,target=/.jetkit-constraints mounts\nRUN apart\n",
		"app":    "USER robot\nRUN app\n",
	} {
		files["packages/"+name+"/Dockerfile"] = &fstest.MapFile{Data: []byte(header + body)}
	}
	steps := []plan.Step{
		step("python", nil), constrained(needs(step("torch", nil), "python"), "torch==2", "numpy==1"),
		needs(step("apart", nil), "python"), constrained(needs(step("app", nil), "torch", "apart"), "numpy==1", "app==3"),
	}
	llbtest.Golden(t, "constraints.txt", tree(t, compileWith(t, plan.Build{}, nil, files, steps...)).String())

	// With layers of packages a step has those of what it needs.
	res := compilePackages(t, &chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()}, files, steps...)
	for i, want := range []int{0, 2, 0, 1} {
		above := treeOf(t, res, res.Stages[i].State)
		own := strings.Count(above, "mount /.jetkit-constraints bind")
		if i == 3 { // it is built on torch
			own -= 2
		}
		assert.Equal(t, want, own, "%s:\n%s", steps[i].Name, above)
	}
}

func TestWithConstraints(t *testing.T) {
	assert.Equal(t, []string{"A=1", "PIP_CONSTRAINT=/f", "UV_CONSTRAINT=/f"}, chain.WithConstraints([]string{"A=1"}, "/f"))
	assert.Equal(t, []string{"PIP_CONSTRAINT=/own /f", "UV_CONSTRAINT=/f"}, chain.WithConstraints([]string{"PIP_CONSTRAINT=/own", "UV_CONSTRAINT="}, "/f"))
}
