package resolve

import (
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// CatalogFunc finds the packages for a target. Packages that a config.py
// declares depend on it. Its diagnostics are problems of the search; its error
// ends the work.
type CatalogFunc func(target plan.Target) (*catalog.Catalog, diag.List, error)

// Solution is what Solve finds.
type Solution struct {
	// Plan is nil if any of the diagnostics is an error.
	Plan *plan.Plan
	// Target is what the packages were found for. The plan's differs in cuDNN
	// and TensorRT where the chain brings others.
	Target  plan.Target
	Base    plan.Value
	Catalog *catalog.Catalog
}

// maxMoves bounds how often the target's CUDA follows the chosen versions. One
// move is normal; a second one is a version that the first brought in.
const maxMoves = 4

// Solve finds target and chain together. The target decides which packages can
// be used, and versions that the user chose decide the target's CUDA where the
// user left that open and the platform can have another; so target and chain
// are resolved in turns until neither changes the other.
//
// Each turn is one platform.Resolve, one catalog and one Resolve. A CUDA that
// was left is not tried again, and there are at most maxMoves turns more than
// one, so that Solve ends after time in proportion to that of one turn. If
// versions are at odds, it also tries what the user could leave out, once for
// each value the user gave.
func Solve(spec *pkgspec.Spec, scan CatalogFunc) (Solution, diag.List, error) {
	s := solver{spec: spec, catalog: scan}
	if err := s.solve(); err != nil {
		return Solution{}, s.problems, err
	}
	if s.problems.HasErrors() {
		s.suggest()
	}
	return s.solution, s.problems, nil
}

// solver carries one Solve through its turns.
type solver struct {
	spec     *pkgspec.Spec
	catalog  CatalogFunc
	solution Solution
	problems diag.List
	// variables are the names of the variables that select a version here.
	variables []string
}

// solve takes turns until nothing moves.
func (s *solver) solve() error {
	request := s.spec.Target
	tried := map[string]bool{}
	for moves := 0; ; moves++ {
		move, err := s.turn(request)
		if err != nil || move.cuda == "" || moves == maxMoves || tried[move.cuda] {
			return err
		}
		tried[s.solution.Target.CUDA.Value] = true
		moved := s.spec.Target
		moved.CUDA = platform.Asked{Value: move.cuda, From: move.reason}
		if _, _, problems := platform.Resolve(moved); problems.HasErrors() {
			return nil // the board cannot have it; the problems say what needs it
		}
		request = moved
	}
}

// turn resolves the target, the packages and the chain once. The move is where
// the chain wants the target's CUDA to go, if anywhere.
func (s *solver) turn(request platform.Request) (cudaMove, error) {
	target, base, problems := platform.Resolve(request)
	s.solution, s.problems = Solution{Target: target, Base: base}, problems
	cat, more, err := s.catalog(target)
	s.problems = append(s.problems, more...)
	s.solution.Catalog = cat
	if err != nil || s.problems.HasErrors() {
		return cudaMove{}, err
	}
	r := newResolver(s.spec, cat, target)
	g := r.settle()
	s.variables = r.selecting(g)
	found, more := r.plan(g, base)
	s.solution.Plan = found
	if found != nil {
		found.Target = followChain(target, g)
		s.problems = append(s.problems, more...)
		return cudaMove{}, nil
	}
	move, apart := r.cudaMove(g)
	if s.spec.Target.CUDA.Value != "" {
		move = cudaMove{}
	} else {
		explainApart(more, apart, s.spec.Target.Tables, target)
	}
	s.problems = append(s.problems, more...)
	return move, nil
}

// followChain returns the target with the cuDNN and TensorRT of the chain, where
// its declared versions are others than the release's.
func followChain(target plan.Target, g *graph) plan.Target {
	for _, n := range g.order {
		if n.pkg.Variant == nil {
			continue
		}
		into := map[string]*plan.Value{"CUDNN_VERSION": &target.CUDNN, "TENSORRT_VERSION": &target.TensorRT}[n.pkg.Variant.Set.Variable]
		if into != nil && !platform.SameVersion(into.Value, n.pkg.Variant.Version) {
			*into = plan.Value{Value: n.pkg.Variant.Version, Reason: n.pkg.Name + " of the chain"}
		}
	}
	return target
}
