package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"jetkit/frontend/reffs"
	"jetkit/llb/chain"
	"jetkit/llb/files"
	"jetkit/packages"
	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/plan"
)

// chainSources has, for the compiler, the folders of one plan's chain.
type chainSources struct {
	contexts contextsFor
	states   map[string]llb.State // by context name
}

var _ chain.Sources = (*chainSources)(nil)

// sources prepares the folders of a plan's packages: one transfer for each
// context, of nothing but those folders.
func (c contextsFor) sources(ctx context.Context, p *plan.Plan) (*chainSources, error) {
	s := &chainSources{contexts: c, states: map[string]llb.State{}}
	dirs := map[string][]string{}
	var names []string
	for _, step := range p.Steps {
		if step.Origin.Kind == plan.Builtin {
			continue
		}
		name := step.Origin.Name
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		dirs[name] = append(dirs[name], step.Origin.Path)
	}
	for _, name := range names {
		st, err := c.state(ctx, name, "folders", llb.IncludePatterns(folderPatterns(dirs[name])))
		if err != nil {
			return nil, err
		}
		s.states[name] = st
	}
	return s, nil
}

func (s *chainSources) State(o plan.Origin) (llb.State, string, error) {
	if o.Kind == plan.Builtin {
		st, err := embedded(packages.FS, o.Path)
		return st, ".", err
	}
	st, ok := s.states[o.Name]
	if !ok {
		return llb.State{}, "", fmt.Errorf("no context holds %s", o)
	}
	return st, o.Path, nil
}

// ReadFile reads a file of a package. A Dockerfile may have a name that is no
// metadata file's; it is transferred now.
func (s *chainSources) ReadFile(ctx context.Context, o plan.Origin, name string) ([]byte, error) {
	tree, err := s.contexts.files(o)
	if err != nil {
		return nil, err
	}
	file := path.Join(o.Path, name)
	dt, err := fs.ReadFile(tree, file)
	if !errors.Is(err, cachefs.ErrNotMetadata) {
		return dt, err
	}
	st, err := s.contexts.state(ctx, o.Name, "Dockerfile", llb.FollowPaths([]string{file}), llb.ExcludePatterns(nil))
	if err != nil {
		return nil, err
	}
	ref, _, err := s.contexts.solve(ctx, st)
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(cachefs.New(reffs.New(ctx, ref), cachefs.Options{}), file)
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
