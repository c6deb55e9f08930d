package diag

// Rule is one kind of problem. Rules are values to compare; package rules has
// the table of them.
type Rule struct {
	// Name is in kebab-case ("unknown-key"). It is stable, so that people can
	// search for it.
	Name string
	// Severity is what the rule is always reported as; empty for one that is an
	// error in some places and a warning in others.
	Severity Severity
	// Description says in one sentence what is wrong.
	Description string
	// Why says what comes of it, where the description does not.
	Why string
	// CheckOnly is set for what only a check reports, and no build: what is worth a look, and
	// yet may be meant.
	CheckOnly bool
}

// page is where rules are described, each below a heading with its name: the
// page of the repository. Whoever publishes the documentation can set the
// page's address with -ldflags "-X jetkit/pkgspec/diag.page=https://...".
var page = "docs/rules.md"

// URL returns the place that describes the rule.
func (r Rule) URL() string { return page + "#" + r.Name }

// MarshalText returns the rule's name.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.Name), nil }
