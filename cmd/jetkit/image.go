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
	return imageNameAs(p.Name, p, facts, pythonAsked)
}

// imageNameAs returns the name and tag of a package's image that the user calls
// otherwise: "xyz", "xyz:tag", or "user/" for the package's own name below it.
func imageNameAs(as string, p *catalog.Package, facts platform.TreeFacts, pythonAsked bool) string {
	if strings.HasSuffix(as, "/") || as == "" {
		as += p.Name
	}
	name, tag := as, ""
	if i := strings.LastIndexByte(as, ':'); i > strings.LastIndexByte(as, '/') { // and no port of a registry
		name, tag = as[:i], as[i+1:]
	}
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

// pushedName returns the name that an image is pushed by to a repository or user, as
// jetson-containers does: "user" and "numpy:r36" give "user/numpy:r36", and a name's
// own namespace is replaced.
func pushedName(repository, name string) string {
	if _, rest, ok := strings.Cut(name, "/"); ok {
		name = rest
	}
	return strings.TrimSuffix(repository, "/") + "/" + name
}
