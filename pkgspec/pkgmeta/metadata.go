package pkgmeta

import (
	"path"
	"slices"
)

// MetadataFiles are patterns (of path.Match) for the names of all files that
// Scan reads, and of tests as most packages call them. A source that is costly
// to read needs to hold no others; see Tree.Partial.
func MetadataFiles() []string {
	return []string{"*[Dd]ockerfile*", "DOCKERFILE", ".dockerignore", "*.yaml", "*.yml", "*.json", "*.py", "*.sh", "test*"}
}

// isMetadata tells whether a Partial tree holds the file, if it exists.
func isMetadata(name string) bool {
	return slices.ContainsFunc(MetadataFiles(), func(pattern string) bool {
		ok, err := path.Match(pattern, path.Base(name))
		return ok && err == nil
	})
}
