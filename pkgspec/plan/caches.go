package plan

import "strings"

// PackageCache is a cache of a package manager's that RUN steps share, and that outlives
// their builds.
type PackageCache string

// The package caches.
const (
	CacheApt PackageCache = "apt"
	CachePip PackageCache = "pip"
)

// CachesText prints package caches: "apt, pip".
func CachesText(caches []PackageCache) string {
	texts := make([]string, len(caches))
	for i, c := range caches {
		texts[i] = string(c)
	}
	return strings.Join(texts, ", ")
}
