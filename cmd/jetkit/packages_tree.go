package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/printer"
)

// tree is which packages need which others. Its nodes are steps of plans, of which
// it uses the name, the needs and the marks.
type tree struct {
	steps []plan.Step
	roots []string
	// flipped marks a tree whose needs are those that need the package.
	flipped bool
}

// node is the JSON form of a package in a tree.
type node struct {
	Name string `json:"name"`
	// Needs are the packages that it names itself, in the order in which it does.
	Needs    []string `json:"needs"`
	NeededBy []string `json:"needed_by"`
	GPU      bool     `json:"gpu,omitempty"`
}

func newTree(sys *system) *cobra.Command {
	var flags requestFlags
	var format string
	var invert bool
	cmd := &cobra.Command{
		Use:                   "tree [OPTIONS] [PACKAGE...]",
		DisableFlagsInUseLine: true,
		Short:                 "Show what packages need, as a tree",
		Long: `Show what packages need, and what that needs, with the versions that are chosen for the target.
Without packages and with -f it is the tree of the file; without both, of all packages that can be
used on the target. What has been shown before is marked (*) and not repeated.

--invert turns the arrows round: below a package are those that need it, among all packages.`,
		Example: `  jetkit packages tree numpy
  jetkit packages tree -f jetson.yaml --format mermaid
  jetkit packages tree --invert python`,
		RunE: func(cmd *cobra.Command, names []string) error {
			t, err := flags.tree(cmd, sys, names, invert)
			if err != nil {
				return err
			}
			text, err := t.format(format)
			if err == nil {
				_, err = fmt.Fprint(sys.out, text)
			}
			return err
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	cmd.Flags().BoolVar(&invert, "invert", false, "show which packages need these")
	oneOf(cmd, &format, "format", "tree", "text", "json", "mermaid", "dot")
	return cmd
}

// tree makes the tree that a command line asks for.
func (f *requestFlags) tree(cmd *cobra.Command, sys *system, names []string, invert bool) (*tree, error) {
	if invert || len(names) == 0 && f.file == "" {
		return f.wholeTree(cmd, sys, names, invert)
	}
	w, p, err := f.plan(cmd, sys, names)
	if err != nil {
		return nil, err
	}
	defer w.close()
	t := &tree{steps: p.Steps}
	for i := range p.Steps {
		if p.Steps[i].Requested {
			t.roots = append(t.roots, p.Steps[i].Name)
		}
	}
	return t, nil
}

// wholeTree makes the tree of all packages that can be used, or of those above the
// named ones.
func (f *requestFlags) wholeTree(cmd *cobra.Command, sys *system, names []string, invert bool) (*tree, error) {
	w, err := f.load(cmd, sys)
	if err != nil {
		return nil, err
	}
	defer w.close()
	printWarnings(sys.err, withoutCommandLine(w.problems))
	t := newEntries(w, false).tree()
	if !invert {
		t.roots = t.tops()
		return t, nil
	}
	t = t.inverted()
	if len(names) == 0 {
		t.roots = t.tops()
		return t, nil
	}
	for _, name := range names {
		packages := w.named(name)
		if len(packages) == 0 {
			return nil, w.noPackage(name)
		}
		before := len(t.roots)
		for _, p := range packages {
			if t.index()[p.Name] != nil && !slices.Contains(t.roots, p.Name) {
				t.roots = append(t.roots, p.Name)
			}
		}
		if len(t.roots) == before {
			return nil, fmt.Errorf("%s cannot be built for this target; jetkit packages show %s says why", name, name)
		}
	}
	return t.below(), nil
}

// tree resolves every package that can be used alone, and joins their chains.
func (e *entries) tree() *tree {
	t := &tree{}
	seen := map[string]bool{}
	for _, p := range e.catalog.Packages() {
		if seen[p.Name] || e.disabled(p) != "" {
			continue
		}
		resolved, _ := e.resolve(p) // one that cannot be built is in no tree
		if resolved == nil {
			continue
		}
		for _, step := range resolved.Steps {
			if !seen[step.Name] {
				seen[step.Name] = true
				step.Requested = false
				t.steps = append(t.steps, step)
			}
		}
	}
	return t
}

func (t *tree) index() map[string]*plan.Step {
	steps := make(map[string]*plan.Step, len(t.steps))
	for i := range t.steps {
		steps[t.steps[i].Name] = &t.steps[i]
	}
	return steps
}

// tops lists the packages that no other needs, by name.
func (t *tree) tops() []string {
	needed := map[string]bool{}
	for i := range t.steps {
		for _, need := range t.steps[i].Needs {
			needed[need] = true
		}
	}
	var tops []string
	for i := range t.steps {
		if !needed[t.steps[i].Name] {
			tops = append(tops, t.steps[i].Name)
		}
	}
	slices.Sort(tops)
	return tops
}

// inverted returns the tree with its arrows turned round.
func (t *tree) inverted() *tree {
	out := &tree{steps: slices.Clone(t.steps), flipped: !t.flipped}
	for i := range out.steps {
		out.steps[i].Needs = nil
	}
	steps := out.index()
	for i := range t.steps {
		for _, need := range t.steps[i].Needs {
			if s := steps[need]; s != nil {
				s.Needs = append(s.Needs, t.steps[i].Name)
			}
		}
	}
	for i := range out.steps {
		slices.Sort(out.steps[i].Needs)
	}
	return out
}

// below returns the part of the tree that is below its roots.
func (t *tree) below() *tree {
	steps := t.index()
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if s := steps[name]; s != nil && !seen[name] {
			seen[name] = true
			for _, need := range s.Needs {
				visit(need)
			}
		}
	}
	for _, name := range t.roots {
		visit(name)
	}
	out := &tree{roots: t.roots, flipped: t.flipped}
	for i := range t.steps {
		if step := t.steps[i]; seen[step.Name] {
			step.Requested = slices.Contains(t.roots, step.Name)
			out.steps = append(out.steps, step)
		}
	}
	return out
}

// format writes the tree in one of the forms of packages tree.
func (t *tree) format(format string) (string, error) {
	switch format {
	case "json":
		var b strings.Builder
		err := writeJSON(&b, struct {
			Roots    []string `json:"roots"`
			Packages []node   `json:"packages"`
		}{orEmpty(t.roots), t.nodes()})
		return b.String(), err
	case "mermaid":
		return printer.Mermaid(&plan.Plan{Steps: t.steps}), nil
	case "dot":
		return printer.DOT(&plan.Plan{Steps: t.steps}), nil
	}
	return t.text(), nil
}

// nodes returns the JSON form, in build order.
func (t *tree) nodes() []node {
	above := t.inverted().index()
	nodes := make([]node, len(t.steps))
	for i := range t.steps {
		s := &t.steps[i]
		nodes[i] = node{Name: s.Name, Needs: orEmpty(s.Needs), NeededBy: orEmpty(above[s.Name].Needs), GPU: s.GPU}
		if t.flipped {
			nodes[i].Needs, nodes[i].NeededBy = nodes[i].NeededBy, nodes[i].Needs
		}
	}
	return nodes
}

// text draws the tree.
func (t *tree) text() string {
	var b strings.Builder
	steps := t.index()
	shown := map[string]bool{}
	var draw func(name, first, rest string)
	draw = func(name, first, rest string) {
		s := steps[name]
		again := s != nil && shown[name] && len(s.Needs) > 0
		mark := ""
		if again {
			mark = " (*)"
		}
		fmt.Fprintf(&b, "%s%s%s\n", first, diag.Clean(name), mark)
		if s == nil || again {
			return
		}
		shown[name] = true
		for i, need := range s.Needs {
			if i == len(s.Needs)-1 {
				draw(need, rest+"└── ", rest+"    ")
			} else {
				draw(need, rest+"├── ", rest+"│   ")
			}
		}
	}
	for _, root := range t.roots {
		draw(root, "", "")
	}
	return b.String()
}
