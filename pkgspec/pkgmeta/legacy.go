package pkgmeta

import (
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// A tree with a config.py was written for jetson-containers, and is read as
// jetson-containers reads it where that differs: a header with an unknown key is
// no header there, without a word. jetkit says so, and what the header would
// have meant. In other trees such a key is an error.
//
// Whether a tree has a config.py is known when all of it was listed, so both
// readings of such a header are made.

// bothReadings reads a folder's packages, and where the header is one that
// jetson-containers ignores, adds how they are without it.
func (f *folderReader) bothReadings(base header, dockerfile string, configs []string) ([]found, error) {
	without := *f
	without.shared = slices.Clip(slices.Clone(f.shared))
	packages, err := f.from(base, dockerfile, configs)
	if err != nil || len(packages) == 0 || !slices.ContainsFunc(base.problems, isUnknownKey) {
		return packages, err
	}
	legacy, err := without.from(header{problems: base.ignored()}, dockerfile, configs)
	if err != nil {
		return nil, err
	}
	for i := range packages {
		packages[i].legacy = &legacyReading{}
	}
	packages[0].legacy.packages = legacy
	return packages, nil
}

// legacyReading is what stands in for a package in a tree for jetson-containers.
type legacyReading struct{ packages []found }

// asLegacy reads a result as one of a tree for jetson-containers, if it is.
func (r result) asLegacy() result {
	if !slices.ContainsFunc(r.packages, func(p found) bool { return p.deferred != nil }) {
		return r
	}
	var packages []found
	for _, p := range r.packages {
		if p.legacy == nil {
			packages = append(packages, p)
		} else {
			packages = append(packages, p.legacy.packages...)
		}
	}
	r.packages = packages
	return r
}

// ignored turns the problems of a header that is not used into warnings.
func (h header) ignored() diag.List {
	var problems diag.List
	for _, problem := range h.problems {
		if !isUnknownKey(problem) {
			continue
		}
		problems.Warnf(rules.IgnoredHeader, problem.At, problem.Hint, "jetson-containers ignores this whole header, because %s; it would have meant %s",
			problem.Message, h.fields)
	}
	return problems
}

// unknownKey is the subject of a problem with a key that is none.
type unknownKey struct{}

func isUnknownKey(d diag.Diagnostic) bool { return d.Subject == unknownKey{} }

// String prints metadata in a line, for messages.
func (f fields) String() string {
	if len(f) == 0 {
		return "nothing"
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(f)) {
		values := texts(f[key].items)
		for _, name := range slices.Sorted(maps.Keys(f[key].args)) {
			values = append(values, name+"="+f[key].args[name].Value)
		}
		for _, variant := range f[key].variants {
			values = append(values, variant["version"].value())
		}
		parts = append(parts, key+": "+strings.Join(values, " "))
	}
	return strings.Join(parts, ", ")
}
