package main

import (
	"slices"
	"strconv"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/plan"
)

// imageName gives the name and tag that jetson-containers gives the image of a
// package: its scan_packages makes the postfix, its build_container joins them.
// It names the Python only if the user asked for one.
func imageName(p *catalog.Package, target plan.Target, pythonAsked bool) string {
	name, tag, tagged := strings.Cut(p.Name, ":")
	postfix := p.Postfix
	if postfix == "" {
		postfix = imagePostfix(target, pythonAsked)
	}
	parts := []string{p.Prefix, tag, postfix}
	if !tagged {
		parts = []string{p.Prefix, postfix}
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.ReplaceAll(name+":"+strings.Join(parts, "-"), "+", "-") // Docker allows no "+"
}

// imagePostfix gives the part of the tag that says which target an image is for.
func imagePostfix(t plan.Target, pythonAsked bool) string {
	major, rest, _ := strings.Cut(t.L4T.Value, ".")
	minor, _, _ := strings.Cut(rest, ".")
	postfix := "r" + t.L4T.Value
	switch arch := t.Arch.Value; {
	case arch == "x86_64":
		postfix = "amd64." + arch
	case atLeast(major, minor, 36, 4):
		if arch == "aarch64" {
			arch = "arm64-sbsa"
		}
		postfix = "r" + major + "." + minor + "." + arch
	}
	if pythonAsked {
		postfix += "-cp" + shortVersion(t.Python.Value)
	}
	return postfix + "-cu" + shortVersion(t.CUDA.Value) + "-" + t.Ubuntu.Value
}

// atLeast compares a release.
func atLeast(major, minor string, wantMajor, wantMinor int) bool {
	m, err := strconv.Atoi(major)
	if err != nil || m != wantMajor {
		return err == nil && m > wantMajor
	}
	n, err := strconv.Atoi(minor)
	return err == nil && n >= wantMinor
}

// shortVersion gives major and minor number in one: "310" for 3.10 and 3.10.12.
func shortVersion(version string) string {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + strings.TrimSuffix(minor, "t") // free-threaded Python
}
