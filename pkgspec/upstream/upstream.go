// Package upstream knows the names of the packages that jetson-containers has, so that
// jetkit can tell somebody who asks for one where it is.
package upstream

import (
	_ "embed"
	"strings"
)

// Name is the name that stands for the repository in a jetson.yaml.
const Name = "jetson-containers"

// Commit is the tree that the names are of: that of 30 May 2026, which docs/compat.md is about.
const Commit = "dd206bfe71f9ed35a02d9b9d9954bddb1b649602"

// names are those of the packages and their aliases, without tags, one in a line, sorted.
// `make compat` compares them with what jetson-containers' own resolver knows.
//
//go:embed names.txt
var names string

// Names lists the names of the packages and their aliases, without tags, sorted.
func Names() []string { return strings.Fields(names) }
