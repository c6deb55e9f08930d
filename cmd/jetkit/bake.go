package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/bakefile"
	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// bakeFlags are the flags of jetkit bake.
type bakeFlags struct {
	requestFlags
	name, frontend, format string
	multiple, skipErrors   bool
}

func newBake(sys *system) *cobra.Command {
	var flags bakeFlags
	cmd := &cobra.Command{
		Use:                   "bake [OPTIONS] [-f jetson.yaml | PACKAGE...]",
		DisableFlagsInUseLine: true,
		Short:                 "Write a file for docker buildx bake: an image for each of several releases",
		Long: `Write a file for docker buildx bake. --l4t, --jetpack and the other values of the target can be
lists, separated by commas: each combination is a target. With --multiple so is each package,
else an image has them all. Every target is planned first, and has the platform, the tag and the
entitlements that its plan says. Builders need the frontend's image then, as for any build that
docker buildx starts.`,
		Example: `  jetkit bake numpy cmake --jetpack 6.2,7.0 > docker-bake.json && docker buildx bake
  jetkit bake -f robot/jetson.yaml --l4t 36.4.3,38.2.0 --name registry.example.com/robot > docker-bake.json
  jetkit bake --multiple 'n*' --cuda 12.6,12.8 --format hcl`,
		RunE: func(cmd *cobra.Command, names []string) error {
			file, err := flags.file(cmd, sys, names)
			if err != nil {
				return err
			}
			if flags.format == "hcl" {
				_, err = sys.out.Write(file.HCL())
				return err
			}
			text, err := file.JSON()
			if err == nil {
				_, err = sys.out.Write(text)
			}
			return err
		},
	}
	flags.register(cmd)
	flags.registerLayers(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	cmd.Flags().StringVar(&flags.name, "name", "", "`NAME` of the images, which get a tag that says what they are built for; NAME/ for the package's name below it")
	cmd.Flags().BoolVar(&flags.multiple, "multiple", false, "make an image of each package instead of one of all")
	cmd.Flags().BoolVar(&flags.skipErrors, "skip-errors", false, "leave out what cannot be planned")
	cmd.Flags().StringVar(&flags.frontend, "frontend", "", "`IMAGE` of the frontend (default: the first line of the file, else "+defaultFrontend+")")
	oneOf(cmd, &flags.format, "format", "file", "json", "hcl")
	return cmd
}

// variation is one value of something that has several: a release, or a package.
type variation struct {
	// flag is the index of the value's flag, or -1 for packages.
	flag     int
	value    string
	packages []string
	// name is its part of the names of targets, "jp6-2".
	name string
}

// nameParts are what a value is called in names of targets.
var nameParts = map[string]string{"l4t": "r", "jetpack": "jp", "cuda": "cu", "python": "py", "ubuntu": "ubuntu"}

// file plans all targets and makes the bake file.
func (f *bakeFlags) file(cmd *cobra.Command, sys *system, names []string) (*bakefile.File, error) {
	if f.requestFlags.file != "" && (len(f.sources) > 0 || f.multiple) {
		return nil, usagef(cmd, "--source and --multiple go with packages on the command line; write sources and packages into the file")
	}
	if f.multiple && len(names) == 0 {
		return nil, usagef(cmd, "--multiple: name packages")
	}
	axes, err := f.axes(cmd, sys, names)
	if err != nil {
		return nil, err
	}
	file := &bakefile.File{Groups: []bakefile.Group{{Name: "default"}}}
	var combinations [][]variation
	asked := f.target.values
	for _, combination := range product(axes) {
		f.target.values = asked
		packages := names
		for _, v := range combination {
			if v.flag < 0 {
				packages = v.packages
			} else {
				f.target.values[v.flag] = v.value
			}
		}
		target, err := f.planned(cmd, sys, packages, combination)
		if err != nil && f.skipErrors && !isUsage(err) {
			why, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Fprintf(sys.err, "left out %s: %s\n", bakeName("", combination), diag.Clean(why))
			continue
		}
		if err != nil {
			return nil, err
		}
		file.Targets = append(file.Targets, *target)
		combinations = append(combinations, combination)
		addToGroups(file, target.Name, combination, len(axes) > 1)
	}
	distinguish(file.Targets, combinations)
	if len(file.Targets) == 0 {
		return nil, errors.New("there is nothing to bake: no combination can be planned")
	}
	return file, nil
}

// distinguish adds to tags that several targets would have what the targets differ in:
// the tags of jetson-containers have no more of a release than 36.4.
func distinguish(targets []bakefile.Target, combinations [][]variation) {
	count := map[string]int{}
	for i := range targets {
		count[targets[i].Tags[0]]++
	}
	for i := range targets {
		if tag := targets[i].Tags[0]; count[tag] > 1 {
			of := slices.DeleteFunc(slices.Clone(combinations[i]), func(v variation) bool { return v.flag < 0 })
			targets[i].Tags[0] = tag + "-" + bakeName("", of)
		}
	}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[*usageError](err)
	return ok
}

// axes lists what has several values, each with its values.
func (f *bakeFlags) axes(cmd *cobra.Command, sys *system, names []string) ([][]variation, error) {
	var axes [][]variation
	if f.multiple {
		packages, err := f.expanded(cmd, sys, names)
		if err != nil {
			return nil, err
		}
		axes = append(axes, packages)
	}
	for i, v := range valueFlags {
		values := strings.Split(f.target.values[i], ",")
		if len(values) < 2 {
			continue
		}
		var axis []variation
		for _, value := range values {
			if value = strings.TrimSpace(value); value == "" {
				return nil, usagef(cmd, "--%s %s: one of the values is empty", v.name, f.target.values[i])
			}
			axis = append(axis, variation{flag: i, value: value, name: bakefile.Name(nameParts[v.name] + value)})
		}
		axes = append(axes, axis)
	}
	return axes, nil
}

// expanded lists the packages of --multiple: names as they are, and what patterns find.
func (f *bakeFlags) expanded(cmd *cobra.Command, sys *system, names []string) ([]variation, error) {
	var list []variation
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			list = append(list, variation{flag: -1, packages: []string{name}, name: bakefile.Name(name)})
		}
	}
	for _, name := range names {
		if !catalog.IsPattern(name) {
			add(name)
			continue
		}
		single := *f
		for i := range single.target.values { // which packages there are differs little between releases
			single.target.values[i], _, _ = strings.Cut(single.target.values[i], ",")
		}
		w, err := single.load(cmd, sys)
		f.noted = single.noted
		if err != nil {
			return nil, err
		}
		found := newEntries(w, false)
		before := len(list)
		for _, p := range w.catalog.Lookup(name) {
			if found.disabled(p) == "" {
				add(p.Name)
			}
		}
		w.close()
		if len(list) == before {
			return nil, w.noPackage(name)
		}
	}
	return list, nil
}

// product lists all combinations, the first axis changing last.
func product(axes [][]variation) [][]variation {
	combinations := [][]variation{nil}
	for _, axis := range axes {
		var longer [][]variation
		for _, c := range combinations {
			for _, v := range axis {
				longer = append(longer, append(slices.Clone(c), v))
			}
		}
		combinations = longer
	}
	return combinations
}

// bakeName joins the parts of a target's name.
func bakeName(name string, combination []variation) string {
	var parts []string
	if name != "" {
		parts = append(parts, name)
	}
	for _, v := range combination {
		parts = append(parts, v.name)
	}
	return strings.Join(parts, "-")
}

// addToGroups adds a target to the default group, and where several things vary to the
// group of each of its values.
func addToGroups(file *bakefile.File, target string, combination []variation, each bool) {
	groups := []string{"default"}
	if each {
		for _, v := range combination {
			groups = append(groups, v.name)
		}
	}
	for _, name := range groups {
		i := slices.IndexFunc(file.Groups, func(g bakefile.Group) bool { return g.Name == name })
		if i < 0 {
			i = len(file.Groups)
			file.Groups = append(file.Groups, bakefile.Group{Name: name})
		}
		file.Groups[i].Targets = append(file.Groups[i].Targets, target)
	}
}

// planned plans one target and describes it.
func (f *bakeFlags) planned(cmd *cobra.Command, sys *system, names []string, combination []variation) (*bakefile.Target, error) {
	w, p, err := f.plan(cmd, sys, names)
	if err != nil {
		return nil, err
	}
	defer w.close()
	r := w.request
	image, err := planImageName(cmd.Context(), w, p, f.name)
	if err != nil {
		return nil, err
	}
	t := &bakefile.Target{
		Description: diag.Clean(strings.Join(p.Requested, ", ") + " for L4T " + p.Target.L4T.Value),
		Args:        maps.Clone(r.args), Contexts: maps.Clone(r.contexts), Tags: []string{image},
		Platforms: []string{platforms.Format(platforms.Normalize(r.platform))},
	}
	if w.Spec.Target.L4T.From == machine.ReleaseFile { // who bakes may have another machine
		t.Args["L4T_VERSION"] = w.Spec.Target.L4T.Value
	}
	for _, e := range p.Entitlements() {
		t.Entitlements = append(t.Entitlements, e.Name)
	}
	name := ""
	if !f.multiple {
		name = f.targetName(r, p)
	}
	t.Name = bakeName(name, combination)
	return t, f.source(t, r)
}

// targetName is what targets of one image for several releases are called: the folder
// of the file, or the last package.
func (f *bakeFlags) targetName(r *request, p *plan.Plan) string {
	name := catalog.Base(p.Steps[len(p.Steps)-1].Name)
	if r.file != commandLine {
		if abs, err := filepath.Abs(r.context); err == nil {
			name = filepath.Base(abs)
		}
	}
	return cmp.Or(bakefile.Name(name), "image")
}

// source adds to a target what to build: a file of its context, or the text of one.
func (f *bakeFlags) source(t *bakefile.Target, r *request) error {
	t.Context = r.context
	_, _, _, named := parser.DetectSyntax(r.data)
	if f.frontend != "" || !named {
		t.Args["BUILDKIT_SYNTAX"] = cmp.Or(f.frontend, defaultFrontend)
	}
	switch {
	case r.file == commandLine:
		delete(t.Args, "BUILDKIT_SYNTAX")
		t.Inline = "# syntax=" + diag.Clean(cmp.Or(f.frontend, defaultFrontend)) + "\n" + string(bytes.TrimSpace(r.data)) + "\n" + sourceLines(r)
	case f.requestFlags.file == "-":
		t.Inline = string(r.data)
	default:
		name, err := inContext(r.context, cmp.Or(f.requestFlags.file, filepath.Join(r.context, defaultFile)))
		if err != nil {
			return err
		}
		t.Dockerfile = name
	}
	return nil
}

// sourceLines are the sources of a file that is made of the command line, as addSources
// chooses them.
func sourceLines(r *request) string {
	if len(r.sources) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("sources:\n")
	for _, s := range r.sources {
		key, value := "context", s.Name
		switch s.Kind {
		case plan.Repository:
			key, value = "git", strconv.Quote(s.Name)
		case plan.ImageTree:
			key, value = "image", s.Remote.Image
		}
		fmt.Fprintf(&b, "  - %s: %s\n", key, value)
	}
	return b.String() + "  - builtin\n"
}

// inContext returns a file's name as bake takes it: below the context, or absolute.
func inContext(dir, file string) (string, error) {
	absDir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	absFile, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(absDir, absFile)
	if err != nil || !filepath.IsLocal(rel) {
		return absFile, nil //nolint:nilerr // what is not below the context has an absolute name
	}
	return rel, nil
}

// planImageName returns the name and tag that jetson-containers gives the image of a
// plan, that of its last package, or that name says with such a tag.
func planImageName(ctx context.Context, w *workspace, p *plan.Plan, name string) (string, error) {
	found, err := w.Catalog(ctx, p.Target) // it was made for the plan
	if err != nil {
		return "", err
	}
	last := p.Steps[len(p.Steps)-1]
	for _, pkg := range found.Lookup(last.Name) {
		if pkg.Origin != last.Origin {
			continue
		}
		if image := imageNameAs(name, pkg, w.Spec.Target.Tables.ForTree(p.Target), w.Spec.Target.Python.Value != ""); image != "" {
			return image, nil
		}
	}
	return "", fmt.Errorf("the name and tag of package %s are no name of an image; give one with --name", last.Name)
}
