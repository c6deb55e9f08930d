package pkgmeta

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// deferred is a folder whose config.py has yet to run.
type deferred struct {
	*folderReader
	// base is the header, dockerfile the folder's Dockerfile.
	base       fields
	dockerfile string
	// initial is what config.py finds in "package".
	initial map[string]any
	// given is the same as it would come back.
	given map[string]any
}

// postpone notes a folder for evaluation and gives a package to hold its place.
func (f *folderReader) postpone(base fields, dockerfile string, configs []string) []found {
	p := &deferred{folderReader: f, base: base, dockerfile: dockerfile}
	p.initial = p.metadata(configs)
	p.given = asReturned(p.initial)
	return []found{{Package: &catalog.Package{Origin: f.origin()}, deferred: p}}
}

// metadata gives what the global "package" holds when config.py starts: the
// defaults of jetson-containers under the keys of the header.
func (p *deferred) metadata(configs []string) map[string]any {
	tests := []string{}
	for _, file := range p.files {
		if slices.Contains(defaultTests, file) {
			tests = append(tests, file)
		}
	}
	values := map[string]any{
		"name": path.Base(p.dir), "requires": catalog.DefaultRequires, "test": tests, "config": configs,
		"postfix": p.options.Facts.Postfix(),
	}
	if p.dockerfile != "" {
		values["dockerfile"] = p.dockerfile
	}
	for key, field := range p.base {
		if value := field.initial(key); value != nil {
			values[key] = value
		}
	}
	return values
}

// initial gives a header's value as config.py gets it, or nil for keys that
// jetson-containers does not have.
func (f field) initial(key string) any {
	switch key {
	case "gpu":
		return nil
	case "build_args":
		args := map[string]string{}
		for name, value := range f.args {
			args[name] = value.Value
		}
		return args
	case "disabled":
		if value, ok := yamlnode.Truth(f.value()); ok {
			return value
		}
		return f.value()
	case "alias", "config", "depends", "test":
		return texts(f.items)
	case "requires":
		if len(f.items) != 1 {
			return texts(f.items)
		}
	}
	return f.value()
}

// texts gives the texts of a list, never nil.
func texts(items []diag.Text) []string {
	values := make([]string, len(items))
	for i, item := range items {
		values[i] = item.Value
	}
	return values
}

// evaluate runs the config.py files of a tree and puts what they declare in
// their places.
func (s *scanner) evaluate(t Tree, r result) result {
	r = r.asLegacy()
	folders := deferredIn(r.packages)
	if len(folders) == 0 {
		return r
	}
	if s.options.Evaluator == nil {
		return r.replaced(func(p *deferred) []*catalog.Package {
			return p.unknown(diag.Range{}, cmp.Or(s.options.NotRun, "configured by config.py, which is not run here"))
		})
	}
	req := configpy.Request{FS: t.FS, Tree: t.origin(), Readable: isMetadata, Env: s.options.environment(), Facts: s.options.Facts, Folders: folders}
	answer, err := s.options.Evaluator.Evaluate(s.ctx, req)
	if err == nil && len(answer.Folders) != len(folders) {
		err = fmt.Errorf("there are %d results for %d config.py files", len(answer.Folders), len(folders))
	}
	if err != nil {
		r.problems.Warnf(rules.ConfigPy, diag.Range{File: t.file(path.Clean(cmp.Or(t.Dir, ".")))}, "",
			"the %d packages with a config.py are disabled, because it could not be run: %v", len(folders), err)
		return r.replaced(func(p *deferred) []*catalog.Package {
			return p.unknown(diag.Range{}, "its config.py could not be run: "+err.Error())
		})
	}
	results := answer.Folders
	return r.replaced(func(p *deferred) []*catalog.Package {
		packages := p.packagesOf(results[0])
		results = results[1:]
		return packages
	})
}

// replaced puts packages in the places of deferred ones, in their order.
func (r result) replaced(by func(*deferred) []*catalog.Package) result {
	var packages []found
	for _, p := range r.packages {
		if p.deferred == nil {
			packages = append(packages, p)
		} else {
			packages = append(packages, foundAll(by(p.deferred))...)
		}
	}
	return result{packages: packages, problems: r.problems}
}

// deferredIn lists the folders whose config.py has yet to run, in scan order.
func deferredIn(packages []found) []configpy.Folder {
	var folders []configpy.Folder
	for _, place := range packages {
		if p := place.deferred; p != nil {
			dir := p.dir
			if p.root != "." {
				dir = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(dir, p.root), "/"), ".")
			}
			folders = append(folders, configpy.Folder{Dir: dir, Package: p.initial})
		}
	}
	return folders
}
