package pkgmeta

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// packagesOf makes the packages that a config.py declares. One that declares
// none leaves a disabled package, so that the user learns why.
func (p *deferred) packagesOf(answer configpy.FolderResult) []*catalog.Package {
	if answer.Error != nil {
		return p.failed(answer)
	}
	for _, warning := range answer.Warnings {
		at := p.place()
		if warning.At.File != "" {
			at = p.frame(warning.At)
		}
		p.shared.Warnf(rules.ConfigPy, at, "", "%s", warning.Message)
	}
	switch {
	case answer.Disabled:
		return p.disabled(p.at(PythonConfig), "its config.py sets package to None on this target")
	case len(answer.Packages) == 0:
		return p.disabled(p.at(PythonConfig), "its config.py declares no package on this target")
	}
	var packages []*catalog.Package
	for _, raw := range answer.Packages {
		if made := p.declaredBy(raw); made != nil {
			made.Problems = slices.Concat(p.shared, made.Problems)
			packages = append(packages, made)
		}
	}
	return lastFirst(packages)
}

// lastFirst brings packages of one name together, at the place of the first and
// the last of them first. In jetson-containers a package replaces an earlier one
// of its name, if its requirements hold; a lookup, which takes the first whose
// requirements hold, then finds the same. One that can never be found is left
// out, with a warning.
func lastFirst(packages []*catalog.Package) []*catalog.Package {
	byName := map[string][]*catalog.Package{}
	var names []string
	for _, p := range packages {
		if byName[p.Name] == nil {
			names = append(names, p.Name)
		}
		byName[p.Name] = append(byName[p.Name], p)
	}
	ordered := make([]*catalog.Package, 0, len(packages))
	for _, name := range names {
		var kept []*catalog.Package
		for _, p := range slices.Backward(byName[name]) {
			if i := slices.IndexFunc(kept, p.SameRequires); i >= 0 {
				kept[i].Problems.Warnf(rules.DuplicatePackage, kept[i].At, "", "config.py declares %s more than once; the last one is used", name)
				continue
			}
			p.Superseded = len(kept) > 0
			kept = append(kept, p)
		}
		ordered = append(ordered, kept...)
	}
	return ordered
}

// place is where packages of a config.py are declared.
func (p *deferred) place() diag.Range {
	at := p.at(PythonConfig)
	at.Start = diag.Position{Line: 1, Column: 1}
	return at
}

// disabled makes the folder's package as its header describes it, out of use.
func (p *deferred) disabled(at diag.Range, reason string) []*catalog.Package {
	made, ok := p.finish(p.base, p.dockerfile)
	if !ok {
		return nil
	}
	made.Disabled = cmp.Or(made.Disabled, reason)
	if at.Start.Line > 0 {
		made.At = at
	}
	// What config.py would have set decides what is wrong with the rest.
	made.Problems = p.shared
	return []*catalog.Package{made}
}

// unknown is disabled, for a folder whose packages nobody knows.
func (p *deferred) unknown(at diag.Range, reason string) []*catalog.Package {
	packages := p.disabled(at, reason)
	for _, made := range packages {
		made.Unknown = made.Disabled == reason // and not by its header, on purpose
	}
	return packages
}

// failed makes the package of a config.py that gave no result. It is disabled
// at the line of the tree that the failure came from.
func (p *deferred) failed(answer configpy.FolderResult) []*catalog.Package {
	at := p.place()
	where := ""
	frames := answer.Error.Frames
	if len(frames) > 0 {
		last := frames[len(frames)-1]
		at = p.frame(last)
		where = fmt.Sprintf(" (%s:%d)", at.File, at.Start.Line)
	}
	packages := p.unknown(at, "its config.py failed: "+answer.Error.Message+where)
	for _, made := range packages {
		problem := made.Problems.Errorf(rules.ConfigPy, at, outputHint(answer.Output), "config.py failed, so package %s is disabled: %s%s", made.Name, answer.Error.Message, where)
		for _, frame := range frames[:max(len(frames)-1, 0)] {
			problem.Relate(p.frame(frame), "called from %s", frame.Function)
		}
	}
	return packages
}

// frame returns the place of a Python line. Frames come from strangers' code.
func (p *deferred) frame(frame configpy.Frame) diag.Range {
	file := path.Join(p.root, frame.File)
	if !staysInside(frame.File) {
		return p.place()
	}
	return diag.Range{File: p.tree.file(file), Start: diag.Position{Line: max(frame.Line, 1), Column: 1}}
}

// outputHint quotes the end of what a config.py printed.
func outputHint(output string) string {
	output = strings.TrimSpace(output)
	if output == "" {
		return ""
	}
	lines := strings.Split(output, "\n")
	return "it printed: " + strings.Join(lines[max(len(lines)-3, 0):], " / ")
}

// declaredBy makes one package of what config.py declares.
func (p *deferred) declaredBy(raw json.RawMessage) *catalog.Package {
	values := map[string]any{}
	var problems diag.List
	if err := json.Unmarshal(raw, &values); err != nil {
		problems.Errorf(rules.JSONSyntax, p.place(), "", "the result of config.py cannot be read: %v", err)
	}
	read, more := p.read(values)
	dockerfile := ""
	if p.keeps("dockerfile", values) {
		dockerfile = p.dockerfile
	}
	if _, named := read["test"]; !named && !p.keeps("test", values) {
		read["test"] = field{at: p.place(), key: p.place(), items: []diag.Text{}}
	}
	p.lenient = true
	made, ok := p.finish(read, dockerfile)
	if !ok {
		return nil
	}
	if _, named := p.base["name"]; !named || made.At != p.base["name"].at {
		made.At = p.place()
	}
	made.Problems = slices.Concat(problems, more, made.Problems)
	return made
}

// keeps reports whether a package has the value of a key that config.py was given.
func (p *deferred) keeps(key string, values map[string]any) bool {
	value, ok := values[key]
	given, known := p.given[key]
	return ok && known && value != nil && reflect.DeepEqual(given, value)
}

// asReturned returns the values that config.py starts with in the form in which
// they come back: scalars as Python prints them.
func asReturned(values map[string]any) map[string]any {
	returned := map[string]any{}
	for key, value := range values {
		switch value := value.(type) {
		case bool:
			returned[key] = map[bool]string{true: "True", false: "False"}[value]
		case []string:
			list := make([]any, len(value))
			for i, text := range value {
				list[i] = text
			}
			returned[key] = list
		case map[string]string:
			mapping := map[string]any{}
			for name, text := range value {
				mapping[name] = text
			}
			returned[key] = mapping
		default:
			returned[key] = value
		}
	}
	return returned
}

// read reads the metadata keys of one package. A value that is the header's own
// has the header's place, every other one that of config.py.
func (p *deferred) read(values map[string]any) (fields, diag.List) {
	elsewhere := p.dockerfileElsewhere(values)
	read := fields{}
	root := &yamlnode.Node{Kind: yamlnode.Mapping}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !p.keeps(key, values) {
			root.Fields = append(root.Fields, yamlnode.Field{Key: key, KeyAt: p.place(), Value: nodeOf(values[key], p.place())})
		} else if own, ok := p.base[key]; ok {
			read[key] = own
		}
	}
	r := reader{lenient: true}
	maps.Copy(read, r.read(root))
	if elsewhere != "" {
		read["dockerfile"] = field{at: p.place(), key: p.place(), items: []diag.Text{{Value: elsewhere, At: p.place()}}}
	}
	return read, atMost(r.problems, maxProblems)
}

// pythonType begins the key of a mapping that stands for a value which is
// neither a text nor a list, where only these will do.
const pythonType = "a value of type "

// nodeOf returns a value as the node that YAML would make of it at that place.
func nodeOf(value any, at diag.Range) *yamlnode.Node {
	node := &yamlnode.Node{At: at}
	switch value := value.(type) {
	case nil:
		node.Kind, node.Tag = yamlnode.Scalar, yamlnode.NullTag
	case []any:
		node.Kind = yamlnode.List
		for _, item := range value {
			node.Items = append(node.Items, nodeOf(item, at))
		}
	case map[string]any:
		node.Kind = yamlnode.Mapping
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if strings.HasPrefix(key, pythonType) && len(value) == 1 {
				return &yamlnode.Node{Kind: yamlnode.Other, At: at, Text: fmt.Sprintf("%s (%v)", key, value[key])}
			}
			node.Fields = append(node.Fields, yamlnode.Field{Key: key, KeyAt: at, Value: nodeOf(value[key], at)})
		}
	default:
		node.Kind, node.Tag, node.Text = yamlnode.Scalar, yamlnode.StrTag, fmt.Sprint(value)
	}
	return node
}

// dockerfileElsewhere takes a Dockerfile in another folder of the tree out of a
// package's metadata and gives its path, or "". Only config.py files, which know
// the tree they are in, can name one: packages of a family share it so.
func (p *deferred) dockerfileElsewhere(values map[string]any) string {
	name, ok := values["dockerfile"].(string)
	file := path.Join(p.dir, name)
	if !ok || !strings.HasPrefix(name, "../") || p.root != "." && !strings.HasPrefix(file, p.root+"/") || !fs.ValidPath(file) {
		return ""
	}
	delete(values, "dockerfile")
	return path.Clean(name)
}
