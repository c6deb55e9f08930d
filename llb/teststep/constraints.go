package teststep

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/chain"
	"jetkit/llb/files"
	"jetkit/pkgspec/plan"
)

// ConstraintsFile is the name, in [ShareDir], of the constraints on Python projects of all
// packages of an image.
const ConstraintsFile = "constraints.txt"

// The places that the check of constraints finds.
const (
	// CheckOut is the empty folder that a check leaves.
	CheckOut = outDir

	checkDir = "/.jetkit-check"
	stageDir = "/.jetkit-stage"
)

//go:embed constraints/check.py
var constraintCheck embed.FS

// Check is the check of one package's constraints on Python projects.
type Check struct {
	Step plan.Step
	// Out has an empty folder, /out, once the check has passed.
	Out llb.State
}

// Label is the check's name in the progress display.
func (c Check) Label() string { return "[constraints of " + c.Step.Name + "] check" }

// checkRequest is what the program of a check is told.
type checkRequest struct {
	Package     string            `json:"package"`
	Constraints []checkConstraint `json:"constraints"`
	// Stage is the folder that the package's own stage is at.
	Stage string `json:"stage"`
	// After are the packages that come after it in the chain.
	After []string `json:"after"`
}

type checkConstraint struct {
	Project   string `json:"project"`
	Specifier string `json:"specifier"`
}

// Checks compiles, for each package with constraints on Python projects, a step that looks in
// the finished chain whether they hold, and whether what the package installed itself is
// still there, file by file: a wheel of the same version may be another build. It is no test
// that can be turned off.
func Checks(cfg Config, stages []chain.Stage, whole chain.Base) ([]Check, error) {
	var checks []Check
	for i, s := range stages {
		if len(s.Step.Constraints) == 0 {
			continue
		}
		check, err := cfg.check(s, stages[i+1:], whole)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", s.Step.Name, err)
		}
		checks = append(checks, check)
	}
	return checks, nil
}

func (c Config) check(s chain.Stage, after []chain.Stage, whole chain.Base) (Check, error) {
	request := checkRequest{Package: s.Step.Name, Stage: stageDir, After: []string{}}
	for _, constraint := range s.Step.Constraints {
		request.Constraints = append(request.Constraints, checkConstraint{constraint.Project, constraint.Specifier})
	}
	for _, later := range after {
		if later.Step.Dockerfile != "" {
			request.After = append(request.After, later.Step.Name)
		}
	}
	program, err := checkProgram(request)
	if err != nil {
		return Check{}, err
	}
	on, err := chain.WithImage(whole.State, whole.Image)
	if err != nil {
		return Check{}, err
	}
	check := Check{Step: s.Step}
	opts := []llb.RunOption{
		llb.Args([]string{"python3", checkDir + "/check.py", checkDir + "/request.json"}),
		llb.AddMount(checkDir, program, llb.Readonly),
		llb.AddMount(stageDir, s.State, llb.Readonly),
		llb.WithCustomName(Prefixed(c.Prefix, check.Label())),
	}
	if c.Constrained != nil {
		opts = append(opts, c.Constrained(s.Step))
	}
	exec := on.User("0").Dir("/").Network(pb.NetMode_NONE).Run(opts...)
	check.Out = exec.AddMount(outDir, writable(outDir), llb.SourcePath(outDir))
	return check, nil
}

// checkProgram returns the files of a check.
func checkProgram(request checkRequest) (llb.State, error) {
	folder, err := fs.Sub(constraintCheck, "constraints")
	if err != nil {
		return llb.State{}, err
	}
	dt, err := encode(request)
	if err != nil {
		return llb.State{}, err
	}
	program, err := files.State(folder, dockerui.WithInternalName("load the check of constraints"))
	if err != nil {
		return llb.State{}, err
	}
	return program.File(llb.Mkfile("/request.json", 0o644, dt), dockerui.WithInternalName("prepare the check of constraints of "+request.Package)), nil
}

// constraints lists those of all steps, as a manifest has them.
func constraints(steps []plan.Step) []ManifestConstraint {
	var list []ManifestConstraint
	for _, s := range steps {
		for _, c := range s.Constraints {
			list = append(list, ManifestConstraint{Package: s.Name, Constraint: c.String()})
		}
	}
	return list
}
