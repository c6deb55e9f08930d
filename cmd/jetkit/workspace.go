package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/spf13/cobra"

	"jetkit/cmd/jetkit/diskfs"
	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/project"
)

// workspace is a request whose file was read and whose folders are open.
type workspace struct {
	*project.Project
	request *request
	folders []*diskfs.Folder
	// temporary are folders that end with the workspace.
	temporary []string
}

// notRun is why a package is not used whose config.py did not run.
const notRun = "configured by config.py, which runs with --run-config-py only"

// load reads the file of a request and opens its folders.
func load(ctx context.Context, r *request) (*workspace, error) {
	w := &workspace{request: r}
	options := project.Options{File: r.file, Data: r.data, Args: r.args, Flags: r.origins, Complete: r.complete, Contexts: w, Lock: r.lock, NotRun: notRun}
	if r.runConfigPy {
		options.Evaluator = func(*pkgspec.Spec) configpy.Evaluator { return r.evaluator() }
	}
	var problems diag.List
	var err error
	w.Project, problems, err = project.Load(ctx, options)
	if err == nil && problems.HasErrors() {
		err = w.fail(problems)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// close closes the folders, and removes what was made for this command alone.
func (w *workspace) close() {
	for _, f := range w.folders {
		f.Close()
	}
	for _, dir := range w.temporary {
		_ = os.RemoveAll(dir) // it is in the system's folder for that, which cleans up itself
	}
}

// complete adds to the spec what the command line and the machine say.
func (r *request) complete(spec *pkgspec.Spec) error {
	if err := r.choosePlatform(spec); err != nil {
		return err
	}
	spec.Target.Platform = platforms.Format(platforms.Normalize(r.platform))
	return r.completeFor(spec)
}

// completeFor is complete for the platform that the spec has already. It may be
// called for several at once.
func (r *request) completeFor(spec *pkgspec.Spec) error {
	for i := range spec.Packages {
		spec.Packages[i].At = unlessTyped(spec.Packages[i].At)
	}
	spec.Target.At = unlessTyped(spec.Target.At)
	spec.Sources = r.addSources(spec.Sources)
	if r.noHost || !strings.HasPrefix(spec.Target.Platform+"/", "linux/arm64/") || spec.Target.L4T.Value != "" || spec.Target.JetPack.Value != "" {
		return nil
	}
	found, err := probeRelease(r.machine)
	spec.Target.L4T = found
	return err
}

// choosePlatform takes the platform that the target's arch means, if none was
// named: a plan, unlike a build, can be made for any machine on any other.
// jetson-containers' own variable for it is SYSTEM_ARCH.
func (r *request) choosePlatform(spec *pkgspec.Spec) error {
	if r.platformNamed {
		return nil
	}
	for _, arch := range []string{spec.Target.Arch.Value, spec.Args["SYSTEM_ARCH"]} {
		if text := platform.OCI(arch); text != "" {
			var err error
			r.platform, err = parsePlatform(text)
			return err
		}
	}
	return nil
}

// addSources puts the trees of the command line before the built-in one. Without
// a jetson.yaml they also stand in place of the context's default folder: where
// the command happens to run then makes no difference.
func (r *request) addSources(sources []pkgspec.Source) []pkgspec.Source {
	if r.file == commandLine && len(r.sources) > 0 {
		sources = slices.DeleteFunc(slices.Clone(sources), func(s pkgspec.Source) bool { return s.Optional })
	}
	at := slices.IndexFunc(sources, func(s pkgspec.Source) bool { return s.Kind == plan.Builtin })
	if at < 0 {
		at = len(sources)
	}
	return slices.Insert(slices.Clone(sources), at, r.sources...)
}

// solve makes the plan, as the frontend does. The problems are warnings.
func (w *workspace) solve(ctx context.Context) (*plan.Plan, diag.List, error) {
	p, problems, err := w.Solve(ctx)
	problems = w.Strict(problems)
	if err == nil && problems.HasErrors() {
		err = w.fail(problems)
	}
	return p, problems, err
}

// plan reads a command line, and plans with the files of this machine. The caller
// closes the workspace.
func (f *requestFlags) plan(cmd *cobra.Command, sys *system, names []string) (*workspace, *plan.Plan, error) {
	r, err := f.request(cmd, names, sys)
	if err != nil {
		return nil, nil, err
	}
	w, err := load(cmd.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	p, problems, err := w.solve(cmd.Context())
	if err != nil {
		w.close()
		return nil, nil, err
	}
	printWarnings(sys.err, withoutCommandLine(problems))
	return w, p, nil
}

// library is the packages of a workspace, for commands that look at all of them.
type library struct {
	*workspace
	target  plan.Target
	base    plan.Value
	catalog *catalog.Catalog
	// problems are warnings.
	problems diag.List
}

// list finds all packages.
func (w *workspace) list(ctx context.Context) (*library, error) {
	found, problems, err := w.List(ctx)
	if err == nil && problems.HasErrors() {
		err = w.fail(problems)
	}
	if err != nil {
		return nil, err
	}
	return &library{workspace: w, target: found.Target, base: found.Base, catalog: found.Catalog, problems: problems}, nil
}

// fail makes the error that shows problems.
func (w *workspace) fail(problems diag.List) error {
	list := withoutCommandLine(problems)
	texts := map[string][]byte{} // read now, while the folders are open
	for _, d := range list {
		if dt, err := w.ReadFile(d.At.File); err == nil && d.Severity == diag.Error {
			texts[d.At.File] = dt
		}
	}
	return &problemError{list: list, texts: texts}
}
