package pkgspec

import (
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// Version is the version of jetson.yaml that this jetkit reads.
const Version = "1"

// maxSize bounds the file, in bytes. It is far beyond any real one.
const maxSize = 1 << 20

// Load reads the text of a jetson.yaml and applies the build arguments, named
// without BuildKit's "build-arg:" prefix. The name of the file is only used in
// positions and reasons.
//
// All problems of the file and of the arguments are reported at once, sorted by
// place. The Spec is nil if one of them is an error.
func Load(file string, data []byte, args map[string]string) (*Spec, diag.List) {
	return LoadWithOptions(file, data, args, nil)
}

// LoadWithOptions is Load for build arguments of which some stand for other options
// of the command line. Those are given by the argument's name ("--network" for
// BUILD_NETWORK), and messages speak of them.
func LoadWithOptions(file string, data []byte, args, options map[string]string) (*Spec, diag.List) {
	if file == "" {
		file = "jetson.yaml"
	}
	l := &loader{file: file, settings: settings, args: args, options: options, spec: &Spec{File: file}, keyAt: map[string]diag.Range{}}
	if root := l.parse(data); root != nil {
		l.read(root)
	}
	l.apply()
	l.complete()
	problems := l.problems.Sorted()
	if problems.HasErrors() {
		return nil, problems
	}
	return l.spec, problems
}

// loader is the state of one Load.
type loader struct {
	file string
	// settings is the table, here so that readers of single settings can look at it.
	settings []setting
	args     map[string]string
	// options are what some of args stand for.
	options  map[string]string
	spec     *Spec
	problems diag.List
	// keyAt is where the file has each key and section.
	keyAt map[string]diag.Range
}

// parse turns the text into nodes, or reports why it can't and returns nil.
func (l *loader) parse(data []byte) *yamlnode.Node {
	start := diag.Position{Line: 1, Column: 1}
	whole := diag.Range{File: l.file, Start: start, End: start}
	if len(data) > maxSize {
		l.problems.Errorf(rules.TooLarge, whole, "is this really a jetson.yaml?", "the file has %d bytes, more than the %d that jetkit reads", len(data), maxSize)
		return nil
	}
	root, problems := yamlnode.ReadYAML(yamlnode.Source{File: l.file, Text: data})
	l.problems = append(l.problems, problems...)
	if root == nil && len(problems) == 0 {
		l.problems.Errorf(rules.EmptyFile, whole, "name at least the packages to build, for example: packages: [numpy]", "the file says nothing")
	}
	return root
}

// read fills the Spec from the file; what the file doesn't say stays zero.
func (l *loader) read(root *yamlnode.Node) {
	l.section(root, "")
	l.spec.LockedAt = l.keyAt["locked"]
	l.spec.Target.At = diag.Range{File: l.file}
	if at, ok := l.keyAt["target"]; ok {
		l.spec.Target.At = at
	}
	l.checkTogether()
	if root.Kind == yamlnode.Mapping && !l.given("PACKAGES") {
		l.checkPackagesKey(root)
	}
}

// section reads a mapping by the rows of the table whose keys begin with path.
func (l *loader) section(n *yamlnode.Node, path string) {
	names := l.sectionKeys(path)
	known := make([]key, len(names))
	for i, name := range names {
		known[i] = key{name, l.readKey}
	}
	l.keys(n, path, known...)
}

// readKey reads a setting, or a section of them.
func (l *loader) readKey(f *yamlnode.Field, path string) {
	l.keyAt[path] = f.KeyAt
	short := f.Value.Kind == yamlnode.Scalar && !f.Value.IsNull()
	row := slices.IndexFunc(l.settings, func(s setting) bool { return s.key == path })
	if row < 0 || !short && len(l.sectionKeys(path)) > 0 {
		l.section(f.Value, path)
		return
	}
	l.settings[row].file(l, f, path)
}

// sectionKeys lists the keys of a section, or those of the file.
func (l *loader) sectionKeys(path string) []string {
	var names []string
	for _, s := range l.settings {
		name := s.key
		if path != "" {
			below, ok := strings.CutPrefix(s.key, path+".")
			if !ok {
				continue
			}
			name = below
		}
		name, _, _ = strings.Cut(name, ".")
		if !s.argOnly && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
