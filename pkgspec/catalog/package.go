// Package catalog holds the packages that were found, and answers which of them
// a name or pattern means.
package catalog

import (
	"errors"
	"slices"
	"strings"

	"github.com/google/shlex"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Package is one package's metadata, with the defaults filled in.
type Package struct {
	// Name is the real name, with the tag if it has one: "numpy", "cmake:apt".
	Name string
	// Alias lists further names that the package answers to.
	Alias []string
	Group string
	// Depends lists names, "name:tag"s or patterns of packages that must come
	// before this one.
	Depends []diag.Text
	// Requires lists conditions on the target that must all hold.
	Requires []diag.Text
	// Tests lists test scripts with their arguments, in the order they run.
	Tests []diag.Text
	// BuildArgs are passed to the package's Dockerfile.
	BuildArgs map[string]string
	// Dockerfile is the file's name inside the package's folder, or empty for a
	// package that only groups others.
	Dockerfile string
	Notes      string
	Docs       string
	Prefix     string
	Postfix    string
	// BuildkitDevice is the CDI device that the package asks for in its build
	// steps.
	BuildkitDevice string
	// GPU reports whether the package's tests need a GPU; nil leaves it to the
	// rule that everything depending on cuda does.
	GPU *bool
	// TestTimeout, BuildTimeout and TestRetries are the package's own limits; nil leaves
	// them to the user's.
	TestTimeout, BuildTimeout *plan.Seconds
	TestRetries               *int
	// AfterAll is where the package asks to be built on all packages before it, also
	// where packages are layers of their own; nil if it does not.
	AfterAll *diag.Range
	// Constraints are versions of Python projects that pip and uv must keep, as they are
	// written: with ${NAME} for build arguments.
	Constraints []diag.Text
	// Kernels are the compute capabilities that the package's binaries have.
	Kernels []plan.Kernel
	// Source is where the facts of the metadata are from, and Checked the day on which
	// somebody read it there, such as 2026-11-25.
	Source, Checked string
	// Disabled returns why the package cannot be used; empty if it can.
	Disabled string
	// Unknown marks a disabled package of which nobody knows what it is: what declares
	// it failed, or was not run. It stands for every package that it may be, so its
	// names with and without a tag mean it, and none of a later tree.
	Unknown bool
	Origin  plan.Origin
	// Superseded reports that the same config.py declares another package of this
	// name after this one, which wins where the requirements of both hold.
	Superseded bool
	// At is the place of the package's declaration: its name in the header, or
	// the first line of its Dockerfile.
	At diag.Range
	// Problems are faults of this package's metadata. They stop a build only if
	// the package is part of its chain.
	Problems diag.List
	// Variant is set for a version that is declared with "variants".
	Variant *Variant
}

// DefaultRequires is the requirement that jetson-containers gives a package
// without one. Every target satisfies it.
const DefaultRequires = ">=32.6"

// Names returns the real name and then the aliases.
func (p *Package) Names() []string {
	return append([]string{p.Name}, p.Alias...)
}

// Family returns the real name without its tag. Packages of one family are
// versions or variants of one thing: cmake:apt and cmake:pip.
func (p *Package) Family() string { return Base(p.Name) }

// Base returns a name without its tag: "pytorch" for "pytorch:2.8".
func Base(name string) string {
	base, _, _ := strings.Cut(name, ":")
	return base
}

// Matches reports whether a name or pattern means the package when tags don't
// matter: cuda:12.6 goes by "cuda:12.6", "cuda" and "cud*".
func (p *Package) Matches(by string) bool {
	for _, name := range p.Names() {
		if Match(by, name) || Match(by, Base(name)) {
			return true
		}
	}
	return false
}

// SameRequires reports whether two packages have the same requirements.
func (p *Package) SameRequires(q *Package) bool {
	return slices.EqualFunc(p.Requires, q.Requires, func(a, b diag.Text) bool { return a.Value == b.Value })
}

// SplitTest splits a test into words as a POSIX shell would. The first word is
// the script. A test without one is an error, as is an open quote.
func SplitTest(command string) ([]string, error) {
	args, err := shlex.Split(command)
	if err == nil && len(args) == 0 {
		err = errors.New("it is empty")
	}
	return args, err
}
