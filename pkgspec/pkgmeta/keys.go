package pkgmeta

import (
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
)

// kind returns what a key's value looks like.
type kind int

const (
	aText       kind = iota // one scalar, kept as it is written
	someTexts               // one scalar or a list of them
	someNames               // texts that are names of packages
	aBool                   // true or false
	boolOrText              // true, false or a text
	argMap                  // a mapping of build argument names to scalars
	aFile                   // a file inside the package's folder
	someFiles               // one or more such files
	variantList             // the versions that a package declares
	theChain                // the word chain
	aTimeout                // a duration, or none
	aNumber                 // a small whole number
	aDate                   // a day: 2026-11-25
	someKernels             // compute capabilities, some of them with +ptx
	notOurs                 // known to jetson-containers, without a meaning here
)

// key is a key that a mapping of metadata may have.
type key struct {
	name string
	kind kind
	// about describes the key in a line, for editors.
	about string
}

// vocabulary is the keys that a mapping may have, in alphabetical order.
type vocabulary struct {
	// what is what messages call one of them.
	what string
	keys []key
}

// packageKeys are the keys of a package.
var packageKeys = vocabulary{"metadata key", []key{
	{"alias", someNames, "further names of the package"},
	{"build_args", argMap, "build arguments for the package's Dockerfile; null is not given"},
	{"build_flags", aText, "options of docker build; they have no effect here"},
	{"buildkit_device", boolOrText, "CDI device of the RUN steps: true for nvidia.com/gpu=all, or vendor.com/class=name"},
	{"build_timeout", aTimeout, "how long a RUN step may take: 45m, 2h30m, or none"},
	{"checked", aDate, "the day on which somebody read where the facts are from: 2026-11-25"},
	{"config", someFiles, "configuration files of the package, in place of those found by name"},
	{"constraints", someTexts, "versions of Python projects that pip and uv must keep: torch==2.8.0, numpy<2"},
	{"depends", someNames, "packages that come before this one: names, name:tag or patterns"},
	{"disabled", boolOrText, "true, or the reason why the package cannot be used"},
	{"dockerfile", aFile, "the Dockerfile inside the package's folder"},
	{"docs", aText, "documentation"},
	{"gpu", aBool, "whether the tests need a GPU"},
	{"group", aText, "group that lists show the package in"},
	{"kernels", someKernels, "compute capabilities that the package's binaries have, ten times the number: [80, 90, 120+ptx]"},
	{"layers", theChain, "chain, for a package that is built on all packages before it, also where packages are layers of their own"},
	{"name", aText, "name of the package, with a tag if there are several versions: numpy, cmake:apt"},
	{"notes", aText, "notes for readers"},
	{"path", notOurs, "no effect: a package's path is the folder it is found in"},
	{"postfix", aText, "end of the tag of jetson-containers' images"},
	{"prefix", aText, "beginning of the tag of jetson-containers' images"},
	{"requires", someTexts, "conditions on the target that must all hold: >=36, >=cu126, aarch64"},
	{"source", aText, "where the facts are from, such as a page or a file"},
	{"test", someTexts, "test scripts with their arguments, in the order they run"},
	{"test_retries", aNumber, "how often a test that fails runs again"},
	{"test_timeout", aTimeout, "how long a test may take: 45m, 2h30m, or none"},
	{"variable", aText, "build argument that selects a version, such as PYTORCH_VERSION"},
	{"variants", variantList, "the versions that the package declares"},
}}

// variantKeys are the keys of one entry of "variants". Version and default are
// its own; the others mean what they mean for a package.
var variantKeys = vocabulary{"key of a variant", []key{
	{"alias", someNames, "further names of this version"},
	{"build_args", argMap, "build arguments of this version, laid over the package's"},
	{"checked", aDate, "the day on which somebody read where the row's facts are from"},
	{"constraints", someTexts, "versions of Python projects that pip and uv must keep, beside the package's own"},
	{"default", someTexts, "true, false, or the conditions on the target under which this version is the default"},
	{"depends", someNames, "packages that this version needs beside the package's own"},
	{"disabled", boolOrText, "true, or the reason why this version cannot be used"},
	{"kernels", someKernels, "compute capabilities that the binaries of this version have, in place of the package's"},
	{"requires", someTexts, "conditions on the target beside the package's own"},
	{"source", aText, "where the row's facts are from"},
	{"version", aText, "the version; it becomes the tag of the package's name"},
}}

// synonyms are words that people write for keys, from other tools.
var synonyms = map[string]string{
	"args": "build_args", "arguments": "build_args",
	"dependencies": "depends", "depends_on": "depends", "deps": "depends", "needs": "depends",
	"description": "notes",
	"device":      "buildkit_device",
	"timeout":     "test_timeout", "retries": "test_retries",
	"conditions": "requires", "requirements": "requires",
	"pins": "constraints", "constraint": "constraints", "architectures": "kernels", "sm": "kernels",
	"version": "variants", "versions": "variants",
}

// find returns the key of that name, or nil.
func (v vocabulary) find(name string) *key {
	if i := slices.IndexFunc(v.keys, func(k key) bool { return k.name == name }); i >= 0 {
		return &v.keys[i]
	}
	return nil
}

// hint names the key that is meant, or those that there are.
func (v vocabulary) hint(name string) string {
	if meant := diag.Meant(name, v.names(), synonyms); meant != "" {
		return "did you mean " + meant + "?"
	}
	return "known keys: " + strings.Join(v.names(), ", ")
}

// names lists the keys.
func (v vocabulary) names() []string {
	names := make([]string, len(v.keys))
	for i, k := range v.keys {
		names[i] = k.name
	}
	return names
}
