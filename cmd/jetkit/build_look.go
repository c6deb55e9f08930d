package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/frontend"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/printer"
)

// question returns what the flags ask for instead of a build, nil if they do not.
func (f *buildFlags) question() func(*cobra.Command, []string, *system) error {
	ask := func(answer func(b *builds, names []string) error) func(*cobra.Command, []string, *system) error {
		return func(cmd *cobra.Command, names []string, sys *system) error {
			b := &builds{system: sys, flags: f, ctx: cmd.Context(), cmd: cmd}
			defer b.close()
			return answer(b, names)
		}
	}
	switch {
	case f.version:
		return ask((*builds).printVersion)
	case f.listPackages || f.showPackages:
		return ask((*builds).printPackages)
	case f.simulate:
		return ask((*builds).simulate)
	}
	return nil
}

// library finds all packages: with the files of this machine, or where config.py files
// would have to run, on the builder.
func (b *builds) library() (*library, error) {
	names := []string{everything}
	if b.flags.file != "" {
		names = nil
	}
	r, err := b.read(names)
	if err != nil {
		return nil, err
	}
	if build.IsRemote(r.context) {
		return b.libraryOf(r)
	}
	if err := b.here(r); err != nil {
		return nil, err
	}
	w, err := load(b.ctx, r)
	if err != nil {
		return nil, err
	}
	defer w.close()
	found, err := w.list(b.ctx)
	if err != nil || !slices.ContainsFunc(found.catalog.Packages(), notRunHere) {
		return found, err
	}
	return b.libraryOf(r)
}

// notRunHere reports whether a package is not known because its config.py did not run.
func notRunHere(p *catalog.Package) bool { return p.Disabled == notRun }

// here completes a request that is answered with the files of this machine: for the
// builder's platform, if the builder is known.
func (b *builds) here(r *request) error {
	if len(b.flags.platforms) == 0 {
		if b.builder != nil && len(b.builder.Facts.Platforms) > 0 {
			r.platform, r.platformNamed = b.builder.Facts.Platforms[0], true
		}
		return nil
	}
	p, err := platforms.Parse(b.flags.platforms[0])
	if err != nil {
		return usagef(b.cmd, "--platform: %w", err)
	}
	r.platform, r.platformNamed = p, true
	return nil
}

// libraryOf finds all packages on the builder.
func (b *builds) libraryOf(r *request) (*library, error) {
	found := &library{}
	err := b.look(r, func(ctx context.Context, c gateway.Client, o frontend.Options) error {
		loaded, listing, problems, err := o.List(ctx, c)
		found.workspace = &workspace{Project: loaded, request: r}
		found.target, found.base, found.catalog, found.problems = listing.Target, listing.Base, listing.Catalog, problems
		return err
	})
	return found, err
}

// look asks the frontend something on the builder.
func (b *builds) look(r *request, ask func(context.Context, gateway.Client, frontend.Options) error) error {
	if b.builder == nil {
		if err := b.connect(); err != nil {
			return err
		}
	}
	req, err := b.inputs(r)
	if err != nil {
		return b.usage(err)
	}
	c, err := b.client(req.Platforms)
	if err != nil {
		return err
	}
	if err := build.Look(b.ctx, c, req, ask); err != nil {
		return asBuildError(err)
	}
	return nil
}

// wanted returns the packages that names and patterns find and that can be used on the
// target, without those to skip. A name that finds none is an error.
func (b *builds) wanted(found *library, names []string) ([]*catalog.Package, error) {
	if len(names) == 0 {
		names = []string{everything}
	}
	usable := newEntries(found, false)
	var all []*catalog.Package
	for _, name := range names {
		matching := found.matching(name)
		if len(matching) == 0 {
			return nil, found.noPackage(name)
		}
		for _, p := range matching {
			skipped := slices.ContainsFunc(b.flags.skip, p.Matches)
			if usable.disabled(p) == "" && !skipped && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		if err := b.unlisted(found, names); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("none of these packages can be used on the target: jetkit packages list --all says why")
	}
	return all, nil
}

// unlisted is the error that says which packages nobody knows, among those that names
// and patterns find, because nothing could run a config.py. A file that fails by itself is
// a warning of its own.
func (b *builds) unlisted(found *library, names []string) error {
	if len(names) == 0 {
		names = []string{everything}
	}
	count, why := 0, ""
	for _, p := range found.catalog.Packages() {
		matches := func(name string) bool { return p.Matches(name) }
		reason, is := strings.CutPrefix(p.Disabled, pkgmeta.CouldNotRun)
		if !is || !p.Unknown || !slices.ContainsFunc(names, matches) || slices.ContainsFunc(b.flags.skip, matches) {
			continue
		}
		count, why = count+1, cmp.Or(why, reason)
	}
	switch count {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("1 package is not known: its config.py could not run: %s", why)
	}
	return fmt.Errorf("%d packages are not known: their config.py files could not run: %s", count, why)
}

// printPackages answers --list-packages and --show-packages.
func (b *builds) printPackages(names []string) error {
	found, err := b.library()
	if err != nil {
		return err
	}
	packages, err := b.wanted(found, names)
	if err != nil {
		return err
	}
	packages = slices.SortedStableFunc(slices.Values(packages), func(p, q *catalog.Package) int { return cmp.Compare(p.Name, q.Name) })
	if b.flags.listPackages {
		for _, p := range packages {
			if _, err := fmt.Fprintln(b.out, printable(p.Name)); err != nil {
				return err
			}
		}
	}
	if !b.flags.showPackages {
		return b.unlisted(found, names)
	}
	e := newEntries(found, true)
	for i, described := range e.list(packages) {
		if i > 0 {
			fmt.Fprintln(b.out)
		}
		if err := (&shown{entry: described, NeededBy: e.neededBy(packages[i])}).print(b.system); err != nil {
			return err
		}
	}
	return b.unlisted(found, names)
}

// printVersion answers --version, as jetson-containers does: what packages would be
// built for.
func (b *builds) printVersion([]string) error {
	found, err := b.library()
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "jetkit %s\n", thisBuild().Version)
	t := found.target
	for _, fact := range []struct {
		name  string
		value plan.Value
	}{
		{"L4T_VERSION", t.L4T},
		{"JETPACK_VERSION", t.JetPack},
		{"CUDA_VERSION", t.CUDA},
		{"PYTHON_VERSION", t.Python},
		{"LSB_RELEASE", t.Ubuntu},
		{"CUDA_ARCH", t.Arch},
	} {
		fmt.Fprintf(b.out, "%-15s %-13s %s\n", fact.name, cmp.Or(fact.value.Value, "-"), fact.value.Reason)
	}
	return nil
}

// simulate answers --simulate: the plan, and what the image would be called; with
// --multiple those of each image.
func (b *builds) simulate(names []string) error {
	if !b.flags.multiple {
		return b.simulateOne(names)
	}
	packages, err := b.several(names)
	if err != nil {
		return err
	}
	for i, p := range packages {
		if i > 0 {
			fmt.Fprintln(b.out)
		}
		fmt.Fprintf(b.out, "[%d/%d] %s\n", i+1, len(packages), printable(p.Name))
		if err := b.simulateOne([]string{p.Name}); err != nil {
			return err
		}
	}
	return nil
}

func (b *builds) simulateOne(names []string) error {
	r, err := b.read(names)
	if err != nil {
		return err
	}
	planned, err := b.plan(r)
	if err != nil {
		return err
	}
	printWarnings(b.err, withoutCommandLine(planned.Problems))
	if b.flags.cached == "json" {
		return b.printSteps(r)
	}
	called, err := b.names(planned)
	if err != nil {
		return err
	}
	fmt.Fprint(b.out, printer.Text(planned.Plan))
	fmt.Fprintf(b.out, "\nName\n")
	for _, name := range slices.Concat(called.Local, called.Exported) {
		fmt.Fprintf(b.out, "  %s\n", printable(name))
	}
	if b.flags.cached != "" {
		return b.printSteps(r)
	}
	return nil
}

// planOnBuilder plans an image on the builder.
func (b *builds) planOnBuilder(r *request) (planned frontend.Planned, err error) {
	err = b.look(r, func(ctx context.Context, c gateway.Client, o frontend.Options) (err error) {
		planned, err = o.Plan(ctx, c)
		return err
	})
	return planned, err
}

// plan plans an image: with the files of this machine, or where config.py files would
// have to run, on the builder.
func (b *builds) plan(r *request) (frontend.Planned, error) {
	var planned frontend.Planned
	if build.IsRemote(r.context) || b.flags.upTo != "" {
		return b.planOnBuilder(r)
	}
	if err := b.here(r); err != nil {
		return planned, err
	}
	w, err := load(b.ctx, r)
	if err != nil {
		return planned, err
	}
	defer w.close()
	p, problems, err := w.solve(b.ctx)
	if found, notListed := w.list(b.ctx); notListed == nil && slices.ContainsFunc(found.catalog.Packages(), notRunHere) {
		return b.planOnBuilder(r)
	}
	return frontend.Planned{Plan: p, Project: w.Project, Problems: problems}, err
}
