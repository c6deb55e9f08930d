// Package upstream knows the names of the packages that jetson-containers has, so that
// jetkit can tell somebody who asks for one where it is.
package upstream

import (
	_ "embed"
	"strings"
)

// The tree that the names are of: that of 30 May 2026, which docs/compat.md is about.
const (
	Repository = "https://github.com/dusty-nv/jetson-containers.git"
	Commit     = "dd206bfe71f9ed35a02d9b9d9954bddb1b649602"
	// Folder is where the packages are in it.
	Folder = "packages"
)

// Context is the name that jetkit's messages and documentation give to the tree.
const Context = "jetson-containers"

// names are those of the packages and their aliases, without tags, one in a line, sorted.
// `make compat` compares them with what jetson-containers' own resolver knows.
//
//go:embed names.txt
var names string

// Names lists the names of the packages and their aliases, without tags, sorted.
func Names() []string { return strings.Fields(names) }

// URL is the tree as a build context.
func URL() string { return Repository + "#" + Commit + ":" + Folder }
