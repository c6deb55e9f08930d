// Package packages is jetkit's built-in library: folders of the form
// <group>/<name>, each a package in jetson-containers' format, embedded in the
// binary.
package packages

import "embed"

// FS holds the library's folders.
//
//go:embed */*
var FS embed.FS
