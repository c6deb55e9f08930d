package pkgspec

import (
	"jetkit/pkgspec/diag"
)

// Version is the version of jetson.yaml that this jetkit reads.
const Version = "1"

// Limits on what is read. They are far beyond any real file and keep a hostile
// one from costing time or memory.
const (
	maxSize     = 1 << 20 // bytes of the file
	maxDepth    = 32      // lists and mappings inside each other
	maxAliased  = maxSize // what aliases and "<<" add: values, keys and their text
	maxReparsed = 4 << 20 // bytes parsed to find the line of a syntax error
)

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
		source:  newSource(file, data),
		spec:    &Spec{File: file},
		args:    givenArgs(args),
		options: options,
	}
	if root := l.parse(); root != nil {
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
	*source
	// args holds the build arguments that have a value.
	args map[string]string
	// options are what some of them stand for.
	options  map[string]string
	spec     *Spec
	problems diag.List
	// buildDevice is where the file names a device for RUN steps.
	buildDevice diag.Range
}
