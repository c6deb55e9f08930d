package teststep

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

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

	checkDir  = "/.jetkit-check"
	stageDir  = "/.jetkit-stage"
	stagesDir = "/.jetkit-stages"
)

const (
	// CheckBroken is the exit code of a check that found a constraint that does not hold.
	CheckBroken = 3
	// FaultsFile is the name of the file that [Check.Report] has.
	FaultsFile = "faults.json"
)

//go:embed constraints/check.py
var constraintCheck embed.FS

// Check is the check of one package's constraints on Python projects.
type Check struct {
	Step plan.Step
	// Out has an empty folder, /out, once the check has passed.
	Out llb.State
	// Report has one file, [FaultsFile]: the list of [Fault] that the check found. It knows which
	// package did it, as it looks into the stages of all that is built on this one; the
	// check does not, so that it needs no more than the two that it compares.
	Report llb.State
}

// Fault is a constraint that does not hold.
type Fault struct {
	// Constraint is the constraint's number in the package's list.
	Constraint int    `json:"constraint"`
	Text       string `json:"text"`
}

// Label is the check's name in the progress display.
func (c Check) Label() string { return "[constraints of " + c.Step.Name + "] check" }

// checkRequest is what the program of a check is told.
type checkRequest struct {
	Package     string            `json:"package"`
	Constraints []checkConstraint `json:"constraints"`
	// User is the image's, whose home may have projects; empty if HOME says where that is.
	User string `json:"user,omitempty"`
	// Stage is the folder that the package's own stage is at.
	Stage string `json:"stage"`
	// After are the packages that come after it in the chain, and Stages those that are built on it.
	After  []string     `json:"after"`
	Stages []laterStage `json:"stages,omitempty"`
}

type checkConstraint struct {
	Project   string `json:"project"`
	Specifier string `json:"specifier"`
}

type laterStage struct {
	Package string `json:"package"`
	Folder  string `json:"folder"`
}

// Checks compiles, for each package with constraints on Python projects, a step that looks in
// the finished chain whether they hold, and whether what the package installed itself is
// still there, file by file: a wheel of the same version may be another build. It is no test
// that can be turned off. The stages are those of the plan's steps.
func Checks(cfg Config, stages []chain.Stage, whole chain.Base) ([]Check, error) {
	var checks []Check
	var on [][]int
	for i, s := range stages {
		if len(s.Step.Constraints) == 0 {
			continue
		}
		if on == nil {
			on = cfg.Plan.BuiltOn()
		}
		var above []chain.Stage
		for j := i + 1; j < len(stages); j++ {
			if slices.Contains(on[j], i) {
				above = append(above, stages[j])
			}
		}
		check, err := cfg.check(s, stages[i+1:], above, whole)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", s.Step.Name, err)
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// check compiles the check of a stage, before all of after in the chain, and below those of above.
func (c Config) check(s chain.Stage, after, above []chain.Stage, whole chain.Base) (Check, error) {
	request := checkRequest{Package: s.Step.Name, Stage: stageDir, After: []string{}}
	for _, constraint := range s.Step.Constraints {
		request.Constraints = append(request.Constraints, checkConstraint{constraint.Project, constraint.Specifier})
	}
	for _, later := range after {
		if later.Step.Dockerfile != "" {
			request.After = append(request.After, later.Step.Name)
		}
	}
	isHome := func(e string) bool { return strings.HasPrefix(e, "HOME=") }
	if image := whole.Image; image != nil && !slices.ContainsFunc(image.Config.Env, isHome) {
		request.User = image.Config.User
	}
	on, err := chain.WithImage(whole.State, whole.Image)
	if err != nil {
		return Check{}, err
	}
	on = on.User("0").Dir("/").Network(pb.NetMode_NONE)
	opts := []llb.RunOption{llb.AddMount(stageDir, s.State, llb.Readonly)}
	if c.Constrained != nil {
		opts = append(opts, c.Constrained(s.Step))
	}
	check := Check{Step: s.Step}
	run, err := checkRun(request)
	if err != nil {
		return Check{}, err
	}
	named := llb.WithCustomName(Prefixed(c.Prefix, check.Label()))
	check.Out = on.Run(slices.Concat(opts, run, []llb.RunOption{named})...).AddMount(outDir, writable(outDir), llb.SourcePath(outDir))

	for i, later := range above {
		if later.Step.Dockerfile == "" {
			continue
		}
		folder := fmt.Sprintf("%s/%d", stagesDir, i)
		request.Stages = append(request.Stages, laterStage{later.Step.Name, folder})
		opts = append(opts, llb.AddMount(folder, later.State, llb.Readonly))
	}
	if run, err = checkRun(request, path.Join(outDir, FaultsFile)); err != nil {
		return Check{}, err
	}
	named = dockerui.WithInternalName("find what broke the constraints of " + s.Step.Name)
	check.Report = on.Run(slices.Concat(opts, run, []llb.RunOption{named})...).AddMount(outDir, llb.Scratch())
	return check, nil
}

// checkRun returns how a step runs the program.
func checkRun(request checkRequest, more ...string) ([]llb.RunOption, error) {
	program, err := checkProgram(request)
	if err != nil {
		return nil, err
	}
	args := append([]string{"python3", checkDir + "/check.py", checkDir + "/request.json"}, more...)
	return []llb.RunOption{llb.Args(args), llb.AddMount(checkDir, program, llb.Readonly)}, nil
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
