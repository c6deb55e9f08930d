package check

import "jetkit/pkgspec/diag"

// Set has the options of all files that problems are in.
type Set struct {
	// All are options for every file, which win over those of the files; nil without any.
	All *Options
	// Of returns the options of a file. Its name is empty for what is in none.
	Of func(file string) Options
}

func (s Set) of(d diag.Diagnostic) Options {
	if s.All != nil {
		return *s.All
	}
	return s.Of(d.At.File)
}

// Filter leaves out the warnings that nobody wants to see. An error stays.
func (s Set) Filter(problems diag.List) diag.List {
	var kept diag.List
	for _, d := range problems {
		if d.Severity == diag.Error || !s.of(d).Skips(d.Rule.Name) {
			kept = append(kept, d)
		}
	}
	return kept
}

// Strict makes errors of the warnings that stop the build.
func (s Set) Strict(problems diag.List) diag.List {
	strict := make(diag.List, len(problems))
	for i, d := range problems {
		if d.Severity == diag.Warning && s.of(d).Error {
			d.Severity = diag.Error
		}
		strict[i] = d
	}
	return strict
}
