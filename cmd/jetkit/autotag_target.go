package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/autotag"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
)

// target finds out what the image has to run on, and what else the packages are called.
func (f *autotagFlags) target(cmd *cobra.Command, find *finder) error {
	var names []string
	if f.file == "" {
		names = []string{everything}
	}
	f.noted = f.quiet
	r, err := f.request(cmd, names, find.sys)
	if err != nil {
		return err
	}
	list, err := listAll(cmd.Context(), r)
	var problems *problemError
	switch {
	case err == nil:
	case errors.As(err, &problems): // an image can be chosen without a plan
		return f.unplanned(r, find, problems)
	default:
		return err
	}
	asked := list.Spec.Target
	find.request.Target = autotag.Target{
		Target: list.target, Known: true, Jetson: asked.L4T.Value != "" || asked.JetPack.Value != "",
		CUDAAsked: asked.CUDA.Value != "", PythonAsked: asked.Python.Value != "", UbuntuAsked: asked.Ubuntu.Value != "",
	}
	resolveWants(find.request, list.catalog.Packages())
	return nil
}

// listAll reads all packages of a request, and closes its folders.
func listAll(ctx context.Context, r *request) (*library, error) {
	w, err := load(ctx, r)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.list(ctx)
}

func resolveWants(request *autotag.Request, packages []*catalog.Package) {
	for i := range request.Wants {
		request.Wants[i].Resolve(packages)
	}
}

// unplanned is the target of a machine that nothing can be planned for: one with a newer
// L4T than the tables know.
func (f *autotagFlags) unplanned(r *request, find *finder, problems *problemError) error {
	l4t := r.args["L4T_VERSION"]
	if l4t == "" && !r.noHost && r.platform.Architecture == "arm64" {
		var err error
		if l4t, err = r.machine.Release(); err != nil {
			return err
		}
	}
	target, ok := autotag.UnknownRelease(l4t)
	if !ok || r.args["CUDA_VERSION"]+r.args["PYTHON_VERSION"]+r.args["LSB_RELEASE"]+r.args["JETPACK_VERSION"] != "" {
		return problems
	}
	find.request.Target = target
	first := ""
	for _, d := range problems.list {
		if d.Severity == diag.Error && first == "" {
			first = d.Message
		}
	}
	fmt.Fprintf(find.sys.err, "warning: %s; images for it are looked for by their L4T and architecture only\n", diag.Clean(first))
	return nil
}
