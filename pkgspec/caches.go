package pkgspec

import (
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// The words of build.caches that are no package cache.
const (
	ccacheWord = "ccache"
	noCaches   = "none"
)

// cacheWords are the caches that RUN steps may have, sorted.
func cacheWords() []string { return []string{string(plan.CacheApt), ccacheWord, string(plan.CachePip)} }

// missingCaches are caches that people may look for, and why there are none.
func missingCaches() map[string]string {
	return map[string]string{
		"git": "git has no setting that would have it look for commits in a folder of the builder's; clones are cached with their step",
		"uv":  "uv takes what it built from its cache, whatever the variables and packages of the step are, so that the image would depend on earlier builds",
	}
}

// caches is a list of caches.
func caches() form {
	set := func(l *loader, words []located) { l.spec.Build.AskedCaches = l.caches(words) }
	return form{
		file:   func(l *loader, f *yamlnode.Field, key string) { set(l, l.texts(f.Value, key)) },
		arg:    func(l *loader, s located) { set(l, l.splitSome(s)) },
		text:   func(s *Spec) string { return cachesText(s.Build.AskedCaches) },
		schema: schema.Any(schema.Words(noCaches), schema.Some(schema.Words(cacheWords()...), 0)),
	}
}

// caches is not nil even if it is empty: that tells none from nothing said.
func (l *loader) caches(words []located) []string {
	asked := []string{}
	for _, s := range words {
		reason := missingCaches()[s.Value]
		switch {
		case s.Value == noCaches && len(words) > 1:
			l.reject(s, "write it alone, or name caches", "%s cannot be in a list with others", noCaches)
		case s.Value == noCaches:
		case reason != "":
			l.reject(s, "leave it out: "+reason, "there is no cache for %s", s.Value)
		case !slices.Contains(cacheWords(), s.Value):
			l.reject(s, suggest(s.Value, append(cacheWords(), noCaches), nil), "%s is not the name of a cache", yamlnode.Quote(s.Value))
		case !slices.Contains(asked, s.Value):
			asked = append(asked, s.Value)
		}
	}
	slices.Sort(asked)
	return asked
}

func cachesText(asked []string) string {
	if asked != nil && len(asked) == 0 {
		return noCaches
	}
	return strings.Join(asked, ", ")
}

// completeCaches divides the caches into those of package managers and that of compilers,
// of which build.ccache has the last word. AskedCaches is nil afterwards.
func (l *loader) completeCaches(build *Build) {
	for _, word := range build.AskedCaches {
		if word != ccacheWord {
			build.Caches = append(build.Caches, plan.PackageCache(word))
			continue
		}
		if build.HasCcache == nil {
			build.HasCcache = new(true)
		} else if !*build.HasCcache && !l.given("BUILD_CCACHE") {
			what, at := "build.caches", l.keyAt["build.caches"]
			if l.given("BUILD_CACHES") {
				what, at = "--build-arg BUILD_CACHES", diag.Range{}
			}
			l.problems.Warnf(rules.NoEffect, at, "leave one of them out", "ccache in %s has no effect with build.ccache: false", what)
		}
	}
	build.AskedCaches = nil
}
