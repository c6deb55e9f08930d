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
	"jetkit/pkgspec/plan"
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

// metadata returns what the global "package" holds when config.py starts: the
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
		"postfix": p.options.Facts.Postfix(true),
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

// initial returns a header's value as config.py gets it, or nil for keys that
// jetson-containers does not have.
func (f field) initial(key string) any {
	switch key {
	case "gpu", "layers", "build_timeout", "test_timeout", "test_retries":
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

// texts returns the texts of a list, never nil.
func texts(items []diag.Text) []string {
	values := make([]string, len(items))
	for i, item := range items {
		values[i] = item.Value
	}
	return values
}

// evaluateAll runs the config.py files of all results, those of one tree together,
// and puts what they declare in their places.
func (s *scanner) evaluateAll(results []result) {
	var groups []*evaluation
	byTree := map[plan.Origin]*evaluation{}
	for i := range slices.Backward(results) { // trees know the order of their folders, so they come first
		results[i] = results[i].asLegacy()
		r := &results[i]
		origin := r.tree.origin()
		group := byTree[origin]
		if group == nil {
			group = &evaluation{tree: r.tree, index: map[string]int{}}
			byTree[origin] = group
			groups = append(groups, group)
		}
		group.add(r)
	}
	s.each(len(groups), func(i int) {
		if len(groups[i].folders) > 0 {
			groups[i].run(s)
		}
	})
}

// evaluation is the config.py files of one tree, run together: each file once, also
// where its folder was asked for by its path too.
type evaluation struct {
	tree    Tree
	folders []configpy.Folder
	// index is the place of each folder among folders, by its path.
	index   map[string]int
	results []*result
}

// add takes in the folders of a result whose config.py has yet to run.
func (e *evaluation) add(r *result) {
	for _, place := range r.packages {
		if p := place.deferred; p != nil {
			if _, known := e.index[p.dir]; !known {
				e.index[p.dir] = len(e.folders)
				e.folders = append(e.folders, configpy.Folder{Dir: p.inTree(), Package: p.initial})
			}
		}
	}
	e.results = append(e.results, r)
}

// CouldNotRun begins why a package is disabled whose config.py nothing could run; the
// error follows.
const CouldNotRun = "its config.py could not be run: "

// run runs the files. If that fails, nobody knows what they declare.
func (e *evaluation) run(s *scanner) {
	if s.options.Evaluator == nil {
		e.replace(func(p *deferred) []*catalog.Package {
			return p.unknown(diag.Range{}, cmp.Or(s.options.NotRun, "configured by config.py, which is not run here"))
		})
		return
	}
	answer, err := e.ask(s)
	if err != nil {
		e.results[0].problems.Warnf(rules.ConfigPy, diag.Range{File: e.tree.file(e.tree.origin().Path)}, "",
			"the %d packages with a config.py are disabled, because it could not be run: %v", len(e.folders), err)
		e.replace(func(p *deferred) []*catalog.Package {
			return p.unknown(diag.Range{}, CouldNotRun+err.Error())
		})
		return
	}
	e.replace(func(p *deferred) []*catalog.Package { return p.packagesOf(answer.Folders[e.index[p.dir]]) })
}

// ask asks the evaluator.
func (e *evaluation) ask(s *scanner) (answer configpy.Result, err error) {
	defer func() {
		if panicked := diag.Panic(recover()); panicked != nil {
			err = panicked
		}
	}()
	answer, err = s.options.Evaluator.Evaluate(s.ctx, configpy.Request{
		FS: e.tree.FS, Tree: e.tree.origin(), Readable: IsMetadata,
		Env: s.options.environment(), Facts: s.options.Facts, Folders: e.folders,
	})
	if err == nil && len(answer.Folders) != len(e.folders) {
		err = fmt.Errorf("there are %d results for %d config.py files", len(answer.Folders), len(e.folders))
	}
	return answer, err
}

// replace puts packages in the places of deferred ones, in their order.
func (e *evaluation) replace(by func(*deferred) []*catalog.Package) {
	for _, r := range e.results {
		var packages []found
		for _, p := range r.packages {
			if p.deferred == nil {
				packages = append(packages, p)
			} else {
				packages = append(packages, foundAll(p.deferred.guarded(by))...)
			}
		}
		r.packages = packages
	}
}

// guarded makes the packages of a folder. Answers come from strangers' code, and
// one that trips jetkit up is its own folder's fault.
func (p *deferred) guarded(by func(*deferred) []*catalog.Package) (packages []*catalog.Package) {
	defer func() {
		if err := diag.Panic(recover()); err != nil {
			packages = []*catalog.Package{p.unreadable(p.tree, p.dir, err).packages[0].Package}
		}
	}()
	return by(p)
}

// inTree is the folder's path in its tree.
func (p *deferred) inTree() string {
	if p.root == "." {
		return p.dir
	}
	return cmp.Or(strings.TrimPrefix(strings.TrimPrefix(p.dir, p.root), "/"), ".")
}
