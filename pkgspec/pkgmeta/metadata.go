package pkgmeta

import (
	"path"
	"slices"
)

// MetadataFiles are patterns (of path.Match) for the names of all files whose
// contents Scan and config.py files read. Of the others only the names count.
func MetadataFiles() []string {
	return []string{"*[Dd]ockerfile*", "DOCKERFILE", "*.dockerignore", "*.yaml", "*.yml", "*.json", "*.py"}
}

// IsMetadata reports whether a file's name, the last part of its path, is one of
// [MetadataFiles].
func IsMetadata(name string) bool {
	return slices.ContainsFunc(MetadataFiles(), func(pattern string) bool {
		ok, err := path.Match(pattern, path.Base(name))
		return ok && err == nil
	})
}
