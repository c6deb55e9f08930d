package project

import (
	"errors"
	"io/fs"
	"slices"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// FactsContext is the named context with facts about targets that jetkit's own
// tables lack: files of the names and the form that those have.
const FactsContext = "facts"

// hasFacts reports whether there are facts of the user's own. A source of
// packages may have that name too, and then is no more than that.
func (p *Project) hasFacts() bool {
	return p.hasContext(FactsContext) && !slices.ContainsFunc(p.Spec.Sources, func(s pkgspec.Source) bool {
		return s.Kind == plan.Named && s.Name == FactsContext
	})
}

// readFacts extends the tables of targets by the user's own files.
func (p *Project) readFacts() {
	files := p.files[FactsContext]
	if files == nil || !p.hasFacts() {
		return
	}
	var facts []platform.FactsFile
	for _, name := range platform.TableNames() {
		file := plan.Origin{Kind: plan.Named, Name: FactsContext}.File(name)
		dt, err := fs.ReadFile(files, name)
		switch {
		case err == nil:
			facts = append(facts, platform.FactsFile{Name: file, Data: dt})
		case !errors.Is(err, fs.ErrNotExist):
			p.problems.Errorf(rules.BadFacts, diag.Range{File: file}, "", "the facts cannot be read: %v", err)
		}
	}
	if len(facts) == 0 && !p.problems.HasErrors() {
		p.problems.Errorf(rules.BadFacts, diag.Range{}, "put "+diag.And(platform.TableNames())+" there, or some of them",
			"the named context %s holds none of the tables", FactsContext)
	}
	tables, problems := p.Spec.Target.Tables.Extend(facts...)
	p.Spec.Target.Tables = tables
	p.problems = append(p.problems, problems...)
}
