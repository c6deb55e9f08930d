package project

import (
	"io/fs"
	"path"
	"slices"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// hasFacts reports whether the named context of facts is given, and is not one
// that packages come from.
func (p *Project) hasFacts() bool {
	isSource := func(s pkgspec.Source) bool { return s.Kind == plan.Named && s.Name == plan.FactsContext }
	return p.hasContext(plan.FactsContext) && !slices.ContainsFunc(p.Spec.Sources, isSource)
}

// readFacts extends the target's tables with the JSON files of the context of
// facts. They win over those in the file, as arguments of a build do.
func (p *Project) readFacts() {
	root := p.files[plan.FactsContext]
	if root == nil || !p.hasFacts() {
		return
	}
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		p.problems.Errorf(rules.Unreadable, diag.Range{}, "", "cannot list the named context %s: %v", plan.FactsContext, err)
		return
	}
	var files []platform.FactsFile
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".json" {
			continue
		}
		name := plan.Origin{Kind: plan.Named, Name: plan.FactsContext}.File(e.Name())
		data, err := fs.ReadFile(root, e.Name())
		if err != nil {
			p.problems.Errorf(rules.Unreadable, diag.Range{File: name}, "", "cannot read the file: %v", err)
			continue
		}
		files = append(files, platform.FactsFile{Table: e.Name(), Name: name, Data: data})
	}
	if len(files) == 0 {
		p.problems.Errorf(rules.BadFacts, diag.Range{}, "it can hold "+diag.Or(platform.TableNames()), "the named context %s holds none of the tables", plan.FactsContext)
	}
	tables, problems := p.Spec.Target.Tables.Extend(files...)
	p.Spec.Target.Tables = tables
	p.problems = append(p.problems, problems...)
}
