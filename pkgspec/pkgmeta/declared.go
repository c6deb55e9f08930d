package pkgmeta

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// unusedArgs warns of build arguments that a header or configuration file gives
// and that no ARG of the package's Dockerfile declares: it never sees them.
//
// Arguments that a config.py sets are not checked: upstream's set many for all
// packages of a family, and have no place to point at.
func (c *checker) unusedArgs(args map[string]argument) {
	if c.p.Dockerfile == "" || !slices.ContainsFunc(slices.Collect(maps.Values(args)), c.hasPlace) {
		return
	}
	dt, err := c.file(c.p.Dockerfile)
	if err != nil || len(dt) > maxDockerfile {
		return // another problem says so, or the Dockerfile is not among the metadata
	}
	declared := DeclaredArgs(dt)
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if !c.hasPlace(args[name]) || declared[name] || plan.IsBuilderArg(name) {
			continue
		}
		hint := diag.DidYouMean(name, slices.Sorted(maps.Keys(declared)))
		if hint == "" {
			hint = "write ARG " + name + " in the Dockerfile where it is used, or leave the argument out"
		}
		c.p.Problems.Warnf(rules.UnusedBuildArg, args[name].key, hint, "build_args: no ARG of %s declares %s, so it has no effect", c.p.Dockerfile, name)
	}
}

// hasPlace reports whether a header or configuration file gives the argument.
func (c *checker) hasPlace(arg argument) bool {
	return arg.key.File != "" && arg.key.File != c.at(PythonConfig).File
}

// continuation is the end of a line that goes on in the next, by either of the
// escape characters that a Dockerfile can choose; comments in between are skipped.
var continuation = regexp.MustCompile("[\\\\`][ \\t]*\\r?\\n([ \\t]*#.*\\n)*")

// DeclaredArgs lists the names after a Dockerfile's ARGs. It is not a parser: a
// text that merely looks like an ARG counts too, so that a warning is never wrong.
func DeclaredArgs(dockerfile []byte) map[string]bool {
	declared := map[string]bool{}
	for line := range bytes.Lines(continuation.ReplaceAll(dockerfile, []byte(" "))) {
		words := strings.Fields(string(line))
		if len(words) > 0 && strings.EqualFold(words[0], "ONBUILD") {
			words = words[1:]
		}
		if len(words) == 0 || !strings.EqualFold(words[0], "ARG") {
			continue
		}
		for _, word := range words[1:] {
			name, _, _ := strings.Cut(word, "=")
			declared[strings.Trim(name, `"'`)] = true
		}
	}
	return declared
}
