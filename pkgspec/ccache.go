package pkgspec

import (
	"cmp"
	"path"
	"regexp"
	"strconv"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// ccacheSizePattern matches what ccache takes for a size, which is stricter than docker:
// "20g" and "20GB" are errors to it, with which every compilation fails.
// Source: ccache's manual, max_size; ccache 3.7 of Ubuntu 20.04 knows no suffix more.
var ccacheSizePattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([kMGT]|[KMGT]i)?$`)

// ccacheDirPattern matches absolute paths that need no quotes anywhere.
var ccacheDirPattern = regexp.MustCompile(`^(/+[A-Za-z0-9_.+@-]+)+/*$`)

// truth is true or false, in all of YAML's ways to write it; as a build argument too.
func truth(of func(*Spec) **bool) form {
	use := func(l *loader, s located) {
		value, ok := yamlnode.Truth(s.Value)
		if !ok {
			l.reject(s, "write true or false", "%s is neither true nor false", yamlnode.Quote(s.Value))
			return
		}
		*of(l.spec) = &value
	}
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if f.Value.Kind == yamlnode.Scalar && f.Value.Tag == yamlnode.BoolTag {
				use(l, located{f.Value.Located(), key})
			} else if s, ok := l.line(f.Value, key); ok {
				use(l, s)
			}
		},
		arg: use,
		text: func(s *Spec) string {
			if *of(s) == nil {
				return ""
			}
			return strconv.FormatBool(**of(s))
		},
		schema: schema.Any(&schema.Schema{Type: "boolean"}, schema.Words("true", "false", "yes", "no", "on", "off")),
	}
}

// onlyIf returns a text, or nothing.
func onlyIf(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// ccacheDir is the folder of the compiler cache in the steps.
func ccacheDir() form {
	return oneLine(func(l *loader, s located) {
		dir := path.Clean(s.Value)
		if !ccacheDirPattern.MatchString(s.Value) || dir == "/" {
			l.reject(s, "write an absolute path of letters, digits and . _ + @ -, such as "+plan.DefaultCcacheDir, "%s cannot be the folder of a compiler cache", yamlnode.Quote(s.Value))
			return
		}
		l.spec.Build.Ccache.Dir = dir
	}, func(s *Spec) string { return s.Build.Ccache.Dir }, &schema.Schema{Type: "string", Pattern: ccacheDirPattern.String()})
}

// ccacheMaxSize is the size of the compiler cache at most.
func ccacheMaxSize() form {
	f := matched(func(s *Spec) *string { return &s.Build.Ccache.MaxSize }, ccacheSizePattern,
		"write it as ccache does: 20G, 500M; 0 is no limit", "%s is not a size of ccache's")
	f.schema = f.schema.AtLeast(0)
	return f
}

// completeCcache fills in the compiler cache, and warns of what is said of one that is
// not there. HasCcache is nil afterwards.
func (l *loader) completeCcache(build *Build) {
	said, used := build.HasCcache != nil, build.HasCcache != nil && *build.HasCcache
	build.HasCcache = nil
	if used {
		build.Ccache.Dir = cmp.Or(build.Ccache.Dir, plan.DefaultCcacheDir)
		build.Ccache.MaxSize = cmp.Or(build.Ccache.MaxSize, plan.DefaultCcacheMaxSize)
		return
	}
	build.Ccache = plan.Ccache{}
	if _, ok := l.keyAt["build.ccache"]; !said && (ok || l.given("BUILD_CCACHE")) {
		return // what was said of it is no answer, which is reported
	}
	const hint = "leave it out, or set build.ccache to true"
	for _, row := range []struct{ key, arg string }{{"build.ccache_dir", "BUILD_CCACHE_DIR"}, {"build.ccache_max_size", "BUILD_CCACHE_MAX_SIZE"}} {
		if at, ok := l.keyAt[row.key]; ok {
			l.problems.Warnf(rules.NoEffect, at, hint, "%s has no effect without build.ccache", row.key)
		}
		if l.given(row.arg) {
			l.problems.Warnf(rules.NoEffect, diag.Range{}, hint, "--build-arg %s has no effect without build.ccache", row.arg)
		}
	}
}
