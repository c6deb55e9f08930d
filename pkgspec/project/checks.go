package project

import (
	"cmp"
	"path"
	"slices"

	"jetkit/pkgspec/check"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// readChecks reads which warnings the user wants to see, as far as jetson.yaml and the
// build arguments say it.
func (p *Project) readChecks() {
	p.checks.Of = p.checksOf
	if text, given := p.options.Args[check.Arg]; given {
		all := p.parseChecks(text, diag.Range{}, "--build-arg "+check.Arg)
		p.checks.All = &all
	}
	text, line := check.LineOfYAML(p.options.Data)
	at := diag.Position{Line: line, Column: 1}
	place := diag.Range{File: p.file(), Start: at, End: at}
	p.own = p.parseChecks(text, place, "# check=")
	known := rules.Names()
	for _, name := range p.own.Skip {
		if name != "" && !slices.Contains(known, name) {
			p.problems.Warnf(rules.UnknownRule, place, diag.DidYouMean(name, known), "# check=skip: no rule about this file is called %s", name)
		}
	}
}

func (p *Project) file() string { return cmp.Or(p.options.File, "jetson.yaml") }

func (p *Project) parseChecks(text string, at diag.Range, what string) check.Options {
	o, err := check.Parse(text)
	if err != nil {
		p.problems.Errorf(rules.BadValue, at, "write skip=RULE,… and error=true, with a semicolon between them", "%s: %v", what, err)
	}
	return o
}

// checksOf returns the options of a file: jetson.yaml's own, which are those of the build
// arguments too, or for a file of a package those of its Dockerfile.
func (p *Project) checksOf(file string) check.Options {
	if file == "" || file == p.file() {
		return p.own
	}
	dt, err := p.ReadFile(p.dockerfileOf(file))
	if err != nil {
		return check.Options{} // another problem says so
	}
	text, _ := check.LineOfDockerfile(dt)
	o, err := check.Parse(text)
	if err != nil {
		return check.Options{} // the conversion says so
	}
	return o
}

// dockerfileOf returns the Dockerfile of the package that a file describes. A file of none
// is taken for a Dockerfile.
func (p *Project) dockerfileOf(file string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := file
	for _, search := range p.found {
		for _, pkg := range search.catalog.Packages() {
			if pkg.Dockerfile == "" || pkg.Origin.File("") != path.Dir(file) {
				continue
			}
			dockerfile := pkg.Origin.File(pkg.Dockerfile)
			if dockerfile == file {
				return file
			}
			if found == file || dockerfile < found { // as several packages may share a folder
				found = dockerfile
			}
		}
	}
	return found
}

// Filter leaves out the warnings that the user does not want to see.
func (p *Project) Filter(problems diag.List) diag.List { return p.checks.Filter(problems) }

// Strict makes errors of the warnings that are to stop the build.
func (p *Project) Strict(problems diag.List) diag.List { return p.checks.Strict(problems) }
