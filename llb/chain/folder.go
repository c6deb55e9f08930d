package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/patternmatcher/ignorefile"

	"jetkit/pkgspec/plan"
)

// Sources provides access to the trees that a plan's packages are in.
type Sources interface {
	// State returns a state that holds the package's folder, and the folder's
	// path inside it.
	State(origin plan.Origin) (llb.State, string, error)
	// ReadFile returns a file of the package's folder. A missing file is an
	// error that wraps fs.ErrNotExist.
	ReadFile(ctx context.Context, origin plan.Origin, name string) ([]byte, error)
}

// folder is one package's folder, ready for the conversion.
type folder struct {
	all       llb.State // every file
	context   llb.State // what the Dockerfile may see: all but what .dockerignore names
	sourceMap *llb.SourceMap
	// excludes are the patterns of .dockerignore.
	excludes []string
}

func openFolder(ctx context.Context, src Sources, step plan.Step) (*folder, error) {
	tree, dir, err := src.State(step.Origin)
	if err != nil {
		return nil, err
	}
	f := &folder{all: scope(tree, dir, step.Name, nil)}
	f.context = f.all
	if step.Dockerfile == "" {
		return f, nil
	}
	dt, err := src.ReadFile(ctx, step.Origin, step.Dockerfile)
	if err != nil {
		return nil, fmt.Errorf("reading its Dockerfile: %w", err)
	}
	f.sourceMap = llb.NewSourceMap(nil, step.Origin.File(step.Dockerfile), "Dockerfile", dt)
	if f.excludes, err = ignorePatterns(ctx, src, step); err != nil {
		return nil, err
	}
	if len(f.excludes) > 0 {
		f.context = scope(tree, dir, step.Name, f.excludes)
	}
	return f, nil
}

// ignorePatterns reads the ignore file that Docker would use: the one named
// after the Dockerfile, else .dockerignore.
func ignorePatterns(ctx context.Context, src Sources, step plan.Step) ([]string, error) {
	for _, name := range []string{step.Dockerfile + ".dockerignore", dockerui.DefaultDockerignoreName} {
		dt, err := src.ReadFile(ctx, step.Origin, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		patterns, err := ignorefile.ReadAll(bytes.NewReader(dt))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.Origin.File(name), err)
		}
		return patterns, nil
	}
	return nil, nil
}

// scope makes a folder of a tree the root of a state of its own. BuildKit keys
// the copy by the content of what it copies, so other folders of the tree may
// change without any effect on the package.
func scope(tree llb.State, dir, name string, excludes []string) llb.State {
	dir = path.Join("/", dir)
	if dir == "/" && len(excludes) == 0 {
		return tree
	}
	return llb.Scratch().File(
		llb.Copy(tree, dir, "/", &llb.CopyInfo{CopyDirContentsOnly: true, ExcludePatterns: excludes}),
		dockerui.WithInternalName("load folder of "+name),
	)
}
