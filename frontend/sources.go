package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"jetkit/llb/files"
	"jetkit/pkgspec/plan"
)

// chainSources gives the compiler the folders of one plan's chain.
type chainSources struct {
	trees  *trees
	states map[string]llb.State // by context name
}

// sources prepares the folders of a plan's packages: one transfer for each
// context, of nothing but those folders.
func (t *trees) sources(ctx context.Context, p *plan.Plan) (*chainSources, error) {
	s := &chainSources{trees: t, states: map[string]llb.State{}}
	patterns := map[string][]string{}
	var names []string
	for _, step := range p.Steps {
		if step.Origin.Kind == plan.Builtin {
			continue
		}
		name := step.Origin.Name
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if step.Origin.Path == "." {
			patterns[name] = append(patterns[name], "**")
		}
		patterns[name] = append(patterns[name], escapePattern(step.Origin.Path))
	}
	for _, name := range names {
		slices.Sort(patterns[name])
		st, err := t.state(ctx, name, "folders", slices.Compact(patterns[name]))
		if err != nil {
			return nil, err
		}
		s.states[name] = st
	}
	return s, nil
}

func (s *chainSources) State(o plan.Origin) (llb.State, string, error) {
	if o.Kind == plan.Builtin {
		st, err := embedded(s.trees.builtin, o.Path)
		return st, ".", err
	}
	st, ok := s.states[o.Name]
	if !ok {
		return llb.State{}, "", fmt.Errorf("no context holds %s", o)
	}
	return st, o.Path, nil
}

func (s *chainSources) ReadFile(_ context.Context, o plan.Origin, name string) ([]byte, error) {
	return fs.ReadFile(s.trees.tree(o), path.Join(o.Path, name))
}

func (t *trees) tree(o plan.Origin) fs.FS {
	if o.Kind == plan.Builtin {
		return t.builtin
	}
	return t.files(o.Name)
}

// embedded turns a folder of the built-in library into a state.
func embedded(library fs.FS, dir string) (llb.State, error) {
	sub, err := fs.Sub(library, dir)
	if err != nil {
		return llb.State{}, err
	}
	st, err := files.State(sub, dockerui.WithInternalName("load built-in package "+path.Base(dir)))
	if err != nil {
		return llb.State{}, fmt.Errorf("built-in package %s: %w", dir, err)
	}
	return st, nil
}
