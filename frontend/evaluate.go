package frontend

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/pyeval"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/configpy/pyshim"
	"jetkit/pkgspec/plan"
)

// pythonContext is the named context that replaces the image with Python, and
// defaultPython that image.
const (
	pythonContext = "python"
	defaultPython = "docker.io/library/python:3.12-slim"
)

// maxResult bounds the result of config.py files.
const maxResult = 32 << 20

// evaluator runs config.py files in a step of the builder's.
type evaluator struct {
	*build
	// image is the image with Python that the user asked for, if any.
	image string
	// platform is the one that is built for, formatted.
	platform string
}

var _ configpy.Evaluator = (*evaluator)(nil)

// Evaluate runs the config.py files of one tree, or finds their results in the
// builder's cache.
func (e *evaluator) Evaluate(ctx context.Context, req configpy.Request) (configpy.Result, error) {
	st, err := e.step(ctx, req)
	if err != nil {
		return configpy.Result{}, err
	}
	def, err := st.Marshal(ctx, llb.WithCaps(e.ui.BuildOpts().LLBCaps), llb.Platform(e.native()))
	if err != nil {
		return configpy.Result{}, err
	}
	res, err := e.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: e.ui.CacheImports, Evaluate: true})
	if err != nil {
		return configpy.Result{}, fmt.Errorf("running config.py files: %w", err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		return configpy.Result{}, err
	}
	dt, err := readAll(ctx, ref, pyeval.Result)
	if err != nil {
		return configpy.Result{}, err
	}
	result, err := configpy.DecodeResult(dt, req)
	if err == nil {
		e.evaluations.add(e.platform, st)
	}
	return result, err
}

// evaluations are the steps that ran config.py files, in order, by the platform
// that their answers were for. A step that failed is none: the image would fail
// with it.
type evaluations struct {
	mu         sync.Mutex // platforms are planned at once
	byPlatform map[string][]teststep.BuildInput
}

func (e *evaluations) add(platform string, st llb.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byPlatform == nil {
		e.byPlatform = map[string][]teststep.BuildInput{}
	}
	e.byPlatform[platform] = append(e.byPlatform[platform], teststep.BuildInput{State: st, Empty: pyeval.Empty})
}

// of returns the steps that an image depends on.
func (e *evaluations) of(platform ocispecs.Platform) []teststep.BuildInput {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.byPlatform[formatPlatform(platform)]
}

// step compiles the request.
func (e *evaluator) step(ctx context.Context, req configpy.Request) (llb.State, error) {
	tree, err := e.trees.metadata(req.Tree)
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
		NoCache: e.ui.IsNoCache("config"),
	})
}

// native is the builder's own platform, on which config.py files run whatever is
// built for.
func (e *evaluator) native() ocispecs.Platform { return e.ui.BuildPlatforms[0] }

// python loads the image with Python.
func (e *evaluator) python(ctx context.Context) (llb.State, error) {
	name := cmp.Or(e.image, defaultPython)
	if e.trees.hasContext(pythonContext) {
		name = pythonContext
	}
	base, err := e.loadImage(ctx, name, e.native(), func(err error) error {
		return fmt.Errorf("image %s, which runs config.py files: %w (another image with Python 3.8 or later can be given as --build-arg PYTHON_IMAGE=REF or --build-context %s=docker-image://REF)",
			name, err, pythonContext)
	})
	if err != nil {
		return llb.State{}, err
	}
	return chain.WithImage(base.State, base.Image)
}

// metadata gives the files that the scan of a tree reads.
func (t *trees) metadata(tree plan.Origin) (llb.State, error) {
	if tree.Kind == plan.Builtin {
		return embedded(t.builtin, ".")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	st, ok := t.states[tree.Name]
	if !ok {
		return llb.State{}, fmt.Errorf("the context %q was not read", tree.Name)
	}
	return st, nil
}

// readAll reads a file of any size up to maxResult, in pieces that fit a message.
func readAll(ctx context.Context, ref client.Reference, name string) ([]byte, error) {
	const piece = 1 << 20
	var all []byte
	for len(all) <= maxResult {
		dt, err := ref.ReadFile(ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Offset: len(all), Length: piece}})
		if err != nil {
			return nil, err
		}
		all = append(all, dt...)
		if len(dt) < piece {
			return all, nil
		}
	}
	return nil, fmt.Errorf("the result of config.py files is larger than %d MiB", maxResult>>20)
}
