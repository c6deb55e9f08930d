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
	Builtin    SourceKind = "builtin" // embedded in jetkit
	Context    SourceKind = "context" // the build context
	Named      SourceKind = "named"   // a named context (--build-context)
	Repository SourceKind = "git"     // a repository that jetson.yaml names
	ImageTree  SourceKind = "image"   // an image that jetson.yaml names
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
	// Name is the named context's name, or that of a [Source]; empty for the other kinds.
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
	return diag.Clean(o.File(""))
}

// Tree returns the name of the tree: "builtin", "context", or its own.
func (o Origin) Tree() string {
	if o.Kind == Builtin || o.Kind == Context {
		return string(o.Kind)
	}
	return o.Name
}

// File returns the name that messages have for a file of the folder; an empty
// name means the folder itself. It is "builtin:math/numpy/Dockerfile",
// "robots:arm/test.py", and without a prefix for a file of the build context. A file of a
// repository has the name that docker's tools give to a folder of one:
// "https://host/repo.git#main:arm/test.py".
func (o Origin) File(name string) string {
	p := path.Join(o.Path, name)
	if o.Kind == Context {
		return p
	}
	return o.prefix() + p
}

// prefix returns what is before the path of a file.
func (o Origin) prefix() string {
	if _, fragment, _ := strings.Cut(o.Name, "#"); o.Kind == Repository && strings.Contains(fragment, ":") {
		return strings.TrimSuffix(o.Name, "/") + "/"
	}
	return o.Tree() + ":"
}

// ParseFile finds the file that [Origin.File] made a name of. Its path inside the
// tree is the result's Path. trees are those of the build besides the build context,
// whose files may have a colon in their names too.
func ParseFile(file string, trees []Origin) Origin {
	found := Origin{Kind: Context, Path: file}
	longest := 0
	for _, tree := range trees {
		prefix := tree.prefix()
		if p, ok := strings.CutPrefix(file, prefix); ok && len(prefix) > longest {
			found, longest = Origin{Kind: tree.Kind, Name: tree.Name, Path: p}, len(prefix)
		}
	}
	return found
}
