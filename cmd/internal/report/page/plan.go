package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/plan"
)

// OfPlan makes the page of a plan that nobody has built.
func OfPlan(p *plan.Plan) *Doc {
	digest, _ := p.Digest() // its one error, of encoding, is that of the JSON form too
	tests, skipped := 0, 0
	for _, s := range p.Steps {
		for _, t := range s.Tests {
			if tests++; t.Skipped != "" {
				skipped++
			}
		}
	}
	note := ""
	if skipped > 0 {
		note = fmt.Sprintf("%d skipped", skipped)
	}
	return &Doc{
		Title: cmp.Or(strings.Join(p.Requested, ", "), "nothing"), Kind: "Plan",
		Tiles: []Tile{
			{"Packages", fmt.Sprint(len(p.Steps)), fmt.Sprintf("%d requested", requested(p))},
			{"Tests", fmt.Sprint(tests), note},
			{"L4T", cmp.Or(p.Target.L4T.Value, "–"), "JetPack " + cmp.Or(p.Target.JetPack.Value, "–")},
			{"CUDA", cmp.Or(p.Target.CUDA.Value, "–"), "for " + cmp.Or(p.Target.CUDAArchitectures.Value, "–")},
			{"Python", cmp.Or(p.Target.Python.Value, "–"), "Ubuntu " + cmp.Or(p.Target.Ubuntu.Value, "–")},
		},
		Images: []Image{{ID: "plan", Graph: GraphOf("plan", p, nil), Plan: PlanOf("plan", p, digest)}},
	}
}

func requested(p *plan.Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Requested {
			n++
		}
	}
	return n
}

// PackageID is the place of a package on the page.
func PackageID(id string, number int) string { return fmt.Sprintf("%s-package-%d", id, number) }

// GraphOf lays out the packages of a plan. The function, if any, tells what to write below a
// name and how to mark the box.
func GraphOf(id string, p *plan.Plan, about func(plan.Step) (note, class string)) *Graph {
	nodes := make([]Node, len(p.Steps))
	index := map[string]int{}
	builtOn := p.BuiltOnDirectly()
	for i, s := range p.Steps {
		index[s.Name] = i
		n := Node{Name: s.Name, Link: PackageID(id, i+1)}
		var classes []string
		if s.Requested {
			classes = append(classes, "requested")
		}
		if s.GPU {
			classes = append(classes, "gpu")
		}
		if about != nil {
			var class string
			n.Note, class = about(s)
			classes = append(classes, class)
		}
		n.Class = strings.TrimSpace(strings.Join(classes, " "))
		for _, need := range s.Needs {
			if k, ok := index[need]; ok {
				n.Needs = append(n.Needs, k)
			}
		}
		if s.AfterAll {
			n.Needs = append(n.Needs, builtOn[i]...)
		}
		nodes[i] = n
	}
	if len(nodes) == 0 {
		return nil
	}
	return Layout(nodes)
}

// PlanOf shows a plan.
func PlanOf(id string, p *plan.Plan, digest string) Plan {
	out := Plan{Digest: digest}
	for _, f := range p.Target.Facts() {
		out.Target = append(out.Target, Choice{f.Title, cmp.Or(f.Value.Value, "–"), f.Value.Reason, f.Value.Source})
	}
	out.Target = append(out.Target, Choice{"Base image", cmp.Or(p.Base.Value, "–"), p.Base.Reason, p.Base.Source})
	out.Settings = settings(p)
	index := map[string]int{}
	for i, s := range p.Steps {
		index[s.Name] = i
	}
	builtOn := p.BuiltOnTexts()
	for i := range p.Steps {
		out.Packages = append(out.Packages, packageOf(id, p, i, index, builtOn[i]))
	}
	return out
}

// settings lists what the plan says of the whole image.
func settings(p *plan.Plan) []Setting {
	var all []Setting
	add := func(title string, lines []string) {
		if len(lines) > 0 {
			all = append(all, Setting{title, lines})
		}
	}
	var changed, privileges, image []string
	for _, o := range p.Overrides {
		line := cmp.Or(o.Option, "--build-arg "+o.Arg) + "=" + o.New + " sets " + o.Key
		if o.Old != "" {
			line += " in place of " + o.Old
		}
		changed = append(changed, line)
	}
	for _, e := range p.Entitlements() {
		privileges = append(privileges, "--allow "+e.Name+": "+strings.Join(e.Uses, "; "))
	}
	for _, text := range p.Image.Texts() {
		image = append(image, text[0]+": "+text[1])
	}
	add("Changed on the command line", changed)
	add("Privileges", privileges)
	add("Image", image)
	add("Layers", layers(p))
	add("RUN steps", runSteps(p.Build))
	add("Tests", sandbox(p.Tests.Sandbox))
	return all
}

func layers(p *plan.Plan) []string {
	if !p.Layers.ByPackage() {
		return nil
	}
	lines := []string{"packages: each is built on what it needs, and is one layer"}
	if n, known := p.LayersOnBase(); known {
		lines = append(lines, fmt.Sprintf("at most %d on top of those of the base image", n))
	}
	if p.Layers.Conflicts == plan.ConflictsWarn {
		lines = append(lines, "conflicts: a warning; the package that is later in the chain wins")
	}
	return lines
}

func runSteps(b plan.Build) []string {
	lines := sandbox(b.Sandbox)
	if b.Ccache.Used() {
		lines = append(lines, "compiler cache: "+b.Ccache.Dir+", up to "+b.Ccache.MaxSize)
	}
	if len(b.Caches) > 0 {
		lines = append(lines, "package caches: "+plan.CachesText(b.Caches))
	}
	if b.NoGitHubAPI {
		lines = append(lines, "ADD of https://api.github.com: left out")
	}
	return lines
}

func sandbox(s plan.Sandbox) []string {
	var lines []string
	for _, row := range [][2]string{
		{"network", string(s.Network)}, {"shm size", plan.SizeText(s.ShmSize)}, {"ulimits", plan.UlimitsText(s.Ulimits)},
	} {
		if row[1] != "" {
			lines = append(lines, row[0]+": "+row[1])
		}
	}
	return lines
}

// packageOf shows a package of the chain.
func packageOf(id string, p *plan.Plan, i int, index map[string]int, builtOn string) Package {
	s := &p.Steps[i]
	out := Package{ID: PackageID(id, i+1), Name: s.Name, Origin: s.Origin.String(), Number: i + 1, Requested: s.Requested}
	if s.Requested {
		out.Marks = append(out.Marks, Mark{"info", "requested"})
	}
	if s.GPU {
		out.Marks = append(out.Marks, Mark{"good", "GPU"})
	}
	detail := func(name, value string, code bool) { out.Details = append(out.Details, Fact{name, value, code}) }
	for _, why := range s.Why {
		detail("why", why, false)
	}
	if builtOn != "" {
		detail("built on", builtOn, false)
	}
	if len(s.Aliases) > 0 {
		detail("also called", strings.Join(s.Aliases, ", "), false)
	}
	if s.Dockerfile == "" {
		detail("note", "only groups other packages; nothing is built", false)
	} else {
		detail("Dockerfile", s.Origin.File(s.Dockerfile), true)
	}
	for _, name := range slices.Sorted(maps.Keys(s.BuildArgs)) {
		detail("build arg", name+"="+s.BuildArgs[name], true)
	}
	if s.BuildGPU != "" {
		detail("GPU", "RUN steps: "+strings.TrimSpace(string(s.BuildGPU)+" "+s.BuildDevice), false)
	}
	if s.BuildPrivileged {
		detail("note", "RUN steps run privileged", false)
	}
	for _, what := range s.TestsGet() {
		detail("note", "tests get the "+what, false)
	}
	for _, t := range s.Tests {
		detail("test", t.Name+" ("+whereOf(&t, s)+")", false)
	}
	for _, need := range s.Needs {
		if k, ok := index[need]; ok {
			out.Needs = append(out.Needs, Link{need, PackageID(id, k+1)})
		}
	}
	for k := range p.Steps {
		if slices.Contains(p.Steps[k].Needs, s.Name) {
			out.NeededBy = append(out.NeededBy, Link{p.Steps[k].Name, PackageID(id, k+1)})
		}
	}
	return out
}

// whereOf returns what a test runs on, or why it does not run.
func whereOf(t *plan.Test, s *plan.Step) string {
	place := "on its own stage"
	switch {
	case t.Skipped != "":
		return "skipped: " + t.Skipped
	case t.Intermediate && t.Final:
		place = "on its own stage and on the finished image"
	case t.Final:
		place = "on the finished image"
	}
	if s.GPU {
		place += ", with a GPU"
	}
	if s.TestPrivileged {
		place += ", privileged"
	}
	return place
}
