package catalog

import "jetkit/pkgspec/diag"

// VersionSet is the versions of one package that its metadata declares with the
// key "variants". Each is a Package of its own, named family:version.
type VersionSet struct {
	Family string
	// Variable is the name of the user's variable that selects a version, such
	// as PYTORCH_VERSION; empty if no variable can.
	Variable string
	// Packages are the versions in the order in which they are declared.
	Packages []*Package
}

// Variant is a package's place among the declared versions of its family.
type Variant struct {
	Set     *VersionSet
	Version string
	Default DefaultRule
	// When lists the conditions of a DefaultWhen; all must hold. Without any it
	// holds on every target.
	When []diag.Text
}

// DefaultRule returns whether a variant is what the family's bare name means.
type DefaultRule int

// The rules: nothing said, never, or where the variant's conditions hold.
const (
	DefaultOpen DefaultRule = iota
	DefaultNever
	DefaultWhen
)
