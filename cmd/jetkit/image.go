package main

import (
	"slices"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/platform"
)

// imageName returns the name and tag that jetson-containers gives the image of a
// package: its scan_packages makes the postfix, its build_container joins them. The
// Python is part of it only if the user asked for one. Docker allows no "+" and no
// capital letters in names; a package whose name and tag are no reference then, be it
// that the tag has more than 128 characters, has no image name: the result is "".
func imageName(p *catalog.Package, facts platform.TreeFacts, pythonAsked bool) string {
	name, tag, _ := strings.Cut(p.Name, ":")
	postfix := p.Postfix
	if postfix == "" {
		postfix = facts.Postfix(pythonAsked)
	}
	parts := slices.DeleteFunc([]string{p.Prefix, tag, postfix}, func(part string) bool { return part == "" })
	image := strings.ReplaceAll(strings.ToLower(name)+":"+strings.Join(parts, "-"), "+", "-")
	if named, err := reference.ParseNormalizedNamed(image); err != nil || reference.IsNameOnly(named) {
		return ""
	}
	return image
}
