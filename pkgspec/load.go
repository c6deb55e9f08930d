package pkgspec

import (
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
	l := &loader{
		file:    file,
		spec:    &Spec{File: file},
		args:    givenArgs(args),
		options: options,
	}
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
	// args holds the build arguments that have a value.
	args map[string]string
	// options are what some of them stand for.
	options  map[string]string
	spec     *Spec
	problems diag.List
	// buildDevice is where the file names a device for RUN steps.
	buildDevice diag.Range
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
