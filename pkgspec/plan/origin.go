package plan

import (
	"path"
	"strings"

	"jetkit/pkgspec/diag"
)

// SourceKind says what sort of tree a package was found in.
type SourceKind string

// The kinds of package source.
const (
	Builtin SourceKind = "builtin" // embedded in jetkit
	Context SourceKind = "context" // the build context
	Named   SourceKind = "named"   // a named context (--build-context)
)

// BaseContext is the named context that replaces the base image.
const BaseContext = "base"

// PythonContext is the named context that replaces the image which runs config.py files.
const PythonContext = "python"

// FactsContext is the named context with more rows for the tables of releases.
const FactsContext = "facts"

// Origin is where a package's folder is.
type Origin struct {
	Kind SourceKind `json:"kind"`
	// Name is the named context's name; empty for the other kinds.
	Name string `json:"name,omitempty"`
	// Path is the folder inside the source, slash-separated and relative.
	Path string `json:"path"`
}

// String returns the folder as messages write it: "builtin:math/numpy",
// "robots:arm" for a named context, "./my-robot" for the build context.
func (o Origin) String() string {
	if o.Kind == Context {
		return diag.Clean("./" + o.Path)
	}
	return diag.Clean(o.Tree() + ":" + o.Path)
}

// Tree returns the name of the tree: "builtin", "context", or the name of a
// named context.
func (o Origin) Tree() string {
	if o.Kind == Named {
		return o.Name
	}
	return string(o.Kind)
}

// File returns the name that messages have for a file of the folder; an empty
// name means the folder itself. It is "builtin:math/numpy/Dockerfile",
// "robots:arm/test.py", and without a prefix for a file of the build context.
func (o Origin) File(name string) string {
	p := path.Join(o.Path, name)
	if o.Kind == Context {
		return p
	}
	return o.Tree() + ":" + p
}

// ParseFile finds the file that [Origin.File] made a name of. Its path inside the
// tree is the result's Path. isContext reports whether there is a named context
// of that name: a file of the build context may have a colon in its name too.
func ParseFile(file string, isContext func(string) bool) Origin {
	if tree, p, ok := strings.Cut(file, ":"); ok {
		switch {
		case tree == string(Builtin):
			return Origin{Kind: Builtin, Path: p}
		case isContext(tree):
			return Origin{Kind: Named, Name: tree, Path: p}
		}
	}
	return Origin{Kind: Context, Path: file}
}
