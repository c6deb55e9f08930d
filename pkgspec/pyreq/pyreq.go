// Package pyreq reads version requirements on Python projects, as pip's constraint files
// have them, and tells which of them cannot hold together.
package pyreq

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/dotted"
)

// Requirement is a project and what its version must be.
type Requirement struct {
	// Project is the name, normalized: "torch-tensorrt" for Torch_TensorRT.
	Project string
	// Specifier is a version specifier without spaces: "==2.8.0", ">=1.26,<2".
	Specifier string
}

// Error is a text that is no requirement.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message + "; " + e.Hint }

// The grammar is that of PEP 508 for names and of PEP 440 for specifiers, without extras,
// markers and URLs, which a constraint has no use for. Versions are as strict as what
// becomes a line of a file needs.
var (
	nameAndRest = regexp.MustCompile(`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*?)\s*$`)
	clauseForm  = regexp.MustCompile(`^(===|~=|==|!=|<=|>=|<|>)\s*([0-9A-Za-z][0-9A-Za-z.+!_-]*(?:\.\*)?)$`)
	argument    = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	separators  = regexp.MustCompile(`[-_.]+`)
)

// Parse reads a requirement such as "torch==2.8.0" or "numpy>=1.26,<2".
func Parse(text string) (Requirement, error) {
	m := nameAndRest.FindStringSubmatch(text)
	if m == nil {
		return Requirement{}, &Error{fmt.Sprintf("%q does not begin with the name of a Python project", text), "write a project and its version: torch==2.8.0"}
	}
	name, rest := m[1], m[2]
	if rest == "" {
		return Requirement{}, &Error{fmt.Sprintf("%q has no version", text), "write which one: " + name + "==2.8.0, say"}
	}
	if strings.ContainsAny(rest, "[;@") {
		return Requirement{}, &Error{fmt.Sprintf("%q has more than a version", text), "leave out extras, markers and URLs: " + name + "==2.8.0, say"}
	}
	var clauses []string
	for part := range strings.SplitSeq(rest, ",") {
		op, version, ok := clause(strings.TrimSpace(part))
		if !ok || strings.HasSuffix(version, ".*") && op != "==" && op != "!=" {
			return Requirement{}, &Error{fmt.Sprintf("%q is not a version specifier", strings.TrimSpace(part)), hintFor(name, rest)}
		}
		clauses = append(clauses, op+version)
	}
	return Requirement{Project: Normalize(name), Specifier: strings.Join(clauses, ",")}, nil
}

// Expand reads a requirement in which ${NAME} stands for a build argument.
func Expand(text string, args map[string]string) (Requirement, error) {
	var unknown string
	expanded := argument.ReplaceAllStringFunc(text, func(match string) string {
		name := argument.FindStringSubmatch(match)[1]
		value, ok := args[name]
		if !ok {
			unknown = name
		}
		return value
	})
	if unknown != "" {
		return Requirement{}, &Error{fmt.Sprintf("%q names a build argument that the package does not have: %s", text, unknown), "give it under build_args"}
	}
	return Parse(expanded)
}

// hintFor suggests what was meant by a text behind a name that is no specifier.
func hintFor(name, rest string) string {
	bare := strings.TrimLeft(rest, "= :")
	if clauseForm.MatchString("==" + bare) {
		return "write " + name + "==" + bare
	}
	return "write it as pip does: ==2.8.0, or >=1.26,<2"
}

// Normalize returns the form of a project's name that indexes compare
// (https://peps.python.org/pep-0503/#normalized-names).
func Normalize(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// Exact returns the version that a specifier demands; empty if it leaves a choice.
func Exact(specifier string) string {
	for text := range strings.SplitSeq(specifier, ",") {
		if version, ok := strings.CutPrefix(text, "=="); ok && !strings.HasSuffix(version, ".*") {
			return strings.TrimPrefix(version, "=")
		}
	}
	return ""
}

// Contradict reports whether no version satisfies two specifiers, as far as exact versions
// tell: one of them demands a version that the other one excludes. Versions that are not
// numbers joined by dots contradict each other only as exact ones.
func Contradict(a, b string) bool {
	return excludes(b, Exact(a)) || excludes(a, Exact(b))
}

// excludes reports whether a specifier excludes a version.
func excludes(specifier, version string) bool {
	return version != "" && slices.ContainsFunc(strings.Split(specifier, ","), func(text string) bool {
		op, want, ok := clause(text)
		return ok && !satisfies(version, op, want)
	})
}

// clause reads one comparison with a version.
func clause(text string) (op, version string, ok bool) {
	if m := clauseForm.FindStringSubmatch(text); m != nil {
		return m[1], m[2], true
	}
	return "", "", false
}

// satisfies reports whether a version satisfies one clause, and true where it cannot tell.
func satisfies(version, op, want string) bool {
	bare, wildcard := strings.CutSuffix(want, ".*")
	public, local, _ := strings.Cut(version, "+")
	wanted, wantedLocal, _ := strings.Cut(bare, "+")
	v, ok := dotted.Parse(public)
	w, wOK := dotted.Parse(wanted)
	if !ok || !wOK {
		return op != "==" && op != "===" || wildcard || version == want
	}
	compared := v.Compare(w)
	switch {
	case wildcard:
		return v.HasPrefix(w) == (op == "==")
	case op == "==" || op == "===":
		return compared == 0 && (wantedLocal == "" || local == "" || local == wantedLocal)
	case op == "!=":
		return compared != 0
	case op == "<":
		return compared < 0
	case op == "<=":
		return compared <= 0
	case op == ">":
		return compared > 0
	case op == "~=":
		return compared >= 0 && v.HasPrefix(w[:max(len(w)-1, 1)])
	}
	return compared >= 0
}
