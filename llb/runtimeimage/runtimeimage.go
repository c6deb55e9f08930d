// Package runtimeimage compiles a runtime image: some of a chain's files on another base,
// without what they were built with.
package runtimeimage

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Options say of what the image is made.
type Options struct {
	// Chain is the image of all packages.
	Chain chain.Base
	// ChainBase is what the first package builds on, and Base what the files are copied onto;
	// the Image of both may be nil.
	ChainBase, Base chain.Base
	Files           []plan.ImageFile
	// Platform is what is built for.
	Platform ocispecs.Platform
	// Prefix begins the names of the operations: see [Name].
	Prefix string
	// Epoch dates the entries of the image's history; nil leaves that to the exporter.
	Epoch *time.Time
	// At returns the place of what jetson.yaml asks for.
	At func(diag.Range) llb.ConstraintsOpt
}

// Name returns what the progress calls the copy of a file. The prefix names the platform in a
// build for several, and is else empty.
func Name(prefix string, file plan.ImageFile) string {
	return "[" + strings.TrimSpace(prefix+" image") + "] COPY " + file.Path
}

// Compile copies the files, each as one layer. The image is configured as its base is, and as
// the packages changed what they were built on.
func Compile(opt Options) (chain.Base, error) {
	for _, base := range []*chain.Base{&opt.ChainBase, &opt.Base} {
		if base.Image == nil {
			base.Image = chain.EmptyImage(opt.Platform)
		}
	}
	image := configured(opt.ChainBase.Image, opt.Chain.Image, opt.Base.Image)
	st := llb.NewState(opt.Base.State.Output())
	for _, file := range opt.Files {
		action, err := copyOf(opt, file)
		if err != nil {
			return chain.Base{}, err
		}
		st = st.File(action, llb.WithCustomName(Name(opt.Prefix, file)), llb.Platform(opt.Platform), opt.At(file.At))
		image.History = append(image.History, ocispecs.History{CreatedBy: "COPY " + file.Path + " # image.from", Comment: "jetkit", Created: opt.Epoch})
	}
	return chain.Base{State: st, Image: image}, nil
}

// copyOf returns what copies a file to the same place in the image. Folders on the way there
// that the base does not have carry the beginning of time, so that layers repeat.
func copyOf(opt Options, file plan.ImageFile) (*llb.FileAction, error) {
	if file.Path == plan.PythonFiles {
		return copyPython(opt)
	}
	dir := path.Dir(file.Path)
	to := llb.Mkdir(dir, 0o755, llb.WithParents(true), llb.WithCreatedTime(time.Unix(0, 0)))
	if strings.ContainsAny(path.Base(file.Path), `*?[\`) {
		return to.Copy(opt.Chain.State, file.Path, dir+"/", &llb.CopyInfo{AllowWildcard: true, CreateDestPath: true}), nil
	}
	// A link is copied as what it leads to: /usr/local/cuda is one.
	return to.Copy(opt.Chain.State, file.Path, file.Path, &llb.CopyInfo{FollowSymlinks: true, CopyDirContentsOnly: true, CreateDestPath: true}), nil
}

// copyPython copies the interpreter with its packages, wherever they are.
func copyPython(opt Options) (*llb.FileAction, error) {
	patterns, err := pythonPatterns(opt.Chain.Image.Config.Env, opt.Platform)
	if err != nil {
		return nil, fmt.Errorf("the places of Python: %w", err)
	}
	action := llb.Mkdir("/usr/bin", 0o755, llb.WithParents(true), llb.WithCreatedTime(time.Unix(0, 0)))
	for _, pattern := range patterns {
		action = action.Copy(opt.Chain.State, pattern, folderOf(pattern), &llb.CopyInfo{AllowWildcard: true, AllowEmptyWildcard: true, CreateDestPath: true})
	}
	return action, nil
}
