package frontend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/frontend/reffs"
	"jetkit/llb/chain"
	"jetkit/llb/pyeval"
	"jetkit/llb/teststep"
	"jetkit/packages"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/configpy/pyshim"
	"jetkit/pkgspec/plan"
)

// defaultPython is the image that config.py files run in.
const defaultPython = "docker.io/library/python:3.12-slim"

// evaluator runs config.py files in a step of the builder's.
type evaluator struct {
	build    *build
	contexts contextsFor
	// image is the image with Python that the user asked for, if any.
	image string
	// pythonIsTree reports that the named context "python" is a tree of packages.
	pythonIsTree bool
}

var _ configpy.Evaluator = (*evaluator)(nil)

// Evaluate runs the config.py files of one tree, or finds their results in the
// builder's cache.
func (e *evaluator) Evaluate(ctx context.Context, req configpy.Request) (_ configpy.Result, err error) {
	defer func() { err = recovered(recover(), err) }() // trees are evaluated in goroutines of their own
	st, err := e.step(ctx, req)
	if err != nil {
		return configpy.Result{}, err
	}
	def, err := st.Marshal(ctx, llb.WithCaps(e.build.ui.BuildOpts().LLBCaps), llb.Platform(e.native()))
	if err != nil {
		return configpy.Result{}, err
	}
	res, err := e.build.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: e.build.ui.CacheImports, Evaluate: true})
	if err != nil {
		return configpy.Result{}, e.ofImage(err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		return configpy.Result{}, err
	}
	dt, err := reffs.ReadAll(ctx, ref, pyeval.Result, configpy.MaxResult)
	if err != nil {
		return configpy.Result{}, err
	}
	result, err := configpy.DecodeResult(dt, req)
	if err == nil {
		e.build.evaluations.add(formatPlatform(e.contexts.platform), req.Tree, st)
	}
	return result, err
}

// evaluations are the steps that ran config.py files, by the platform that their
// answers were for. A step that failed is none: the image would fail with it.
type evaluations struct {
	mu         sync.Mutex // platforms are planned at once, and trees evaluated
	byPlatform map[string][]evaluation
}

// evaluation is a step that ran the config.py files of a tree.
type evaluation struct {
	tree  plan.Origin
	input teststep.BuildInput
}

func (e *evaluations) add(platform string, tree plan.Origin, st llb.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byPlatform == nil {
		e.byPlatform = map[string][]evaluation{}
	}
	e.byPlatform[platform] = append(e.byPlatform[platform], evaluation{tree, teststep.BuildInput{State: st, Empty: pyeval.Empty}})
}

// of returns the steps that an image depends on, by tree: which of them ends first must not
// decide what the definition is. The steps of one tree run one after the other.
func (e *evaluations) of(platform ocispecs.Platform) []teststep.BuildInput {
	e.mu.Lock()
	defer e.mu.Unlock()
	sorted := slices.Clone(e.byPlatform[formatPlatform(platform)])
	slices.SortStableFunc(sorted, func(a, b evaluation) int { return cmp.Compare(a.tree.String(), b.tree.String()) })
	inputs := make([]teststep.BuildInput, len(sorted))
	for i, step := range sorted {
		inputs[i] = step.input
	}
	return inputs
}

// step compiles the request.
func (e *evaluator) step(ctx context.Context, req configpy.Request) (llb.State, error) {
	tree, err := e.tree(req.Tree)
	if err != nil {
		return llb.State{}, err
	}
	python, err := e.python(ctx)
	if err != nil {
		return llb.State{}, err
	}
	request, err := req.Encode()
	if err != nil {
		return llb.State{}, err
	}
	return pyeval.Run(pyeval.Options{
		Python: python, Tree: tree, Dir: req.Tree.Path,
		Runner: pyshim.Files(), Program: pyshim.Runner, Flags: pyshim.Flags(), Env: pyshim.Env(),
		Request: request,
		Name:    fmt.Sprintf("[config] run %d config.py files of %s", len(req.Folders), path.Join(req.Tree.Name, req.Tree.Path)),
		NoCache: e.build.ui.IsNoCache("config"),
	})
}

// native is the builder's own platform, on which config.py files run whatever is
// built for.
func (e *evaluator) native() ocispecs.Platform { return e.build.ui.BuildPlatforms[0] }

// imageName is what the user calls the image with Python.
func (e *evaluator) imageName() string {
	if e.contexts.has(plan.PythonContext) && !e.pythonIsTree {
		return plan.PythonContext
	}
	return cmp.Or(e.image, defaultPython)
}

// ofImage adds to an error which image it is about, and how another one is given.
func (e *evaluator) ofImage(err error) error {
	return fmt.Errorf("image %s, which runs config.py files: %w (another image with Python 3.8 or later can be given as --build-arg PYTHON_IMAGE=REF or --build-context %s=docker-image://REF)",
		e.imageName(), err, plan.PythonContext)
}

// python loads the image with Python.
func (e *evaluator) python(ctx context.Context) (llb.State, error) {
	base, err := e.build.loadImage(ctx, e.imageName(), e.native(), e.ofImage)
	if err != nil {
		return llb.State{}, err
	}
	if base.Image == nil { // of a folder, a Git repository, a download or scratch
		return llb.State{}, e.ofImage(errors.New("the named context is no image; for a tree of packages, name it under sources"))
	}
	return chain.WithImage(base.State, base.Image)
}

// tree returns the files that the scan of a tree reads.
func (e *evaluator) tree(tree plan.Origin) (llb.State, error) {
	if tree.Kind == plan.Builtin {
		return embedded(packages.FS, ".")
	}
	read, err := e.contexts.of(tree.Name)
	if err != nil {
		return llb.State{}, err
	}
	return read.state, nil
}
