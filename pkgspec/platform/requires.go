package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
)

// Requirement is a condition that a package sets on the target, such as
// ">=36", ">=cu124", ">=py310", "22.04" or "aarch64". Clauses joined by commas
// must all hold, and each may speak of something else.
//
// The grammar is jetson-containers' (check_requirement in packages.py), with
// what its documentation promises but its code lacks: Python, and Ubuntu with
// "!=". L4T follows PEP 440, of which release numbers are all that L4T has. For
// CUDA, upstream compares major and minor number joined, which orders them
// the same way.
type Requirement struct {
	text    string
	clauses []clause
}

// String returns the requirement as written.
func (r Requirement) String() string { return r.text }

// RequirementError says why a text is no requirement.
type RequirementError struct {
	// Message says what is wrong, Hint what to write instead. Neither knows
	// where the text stands.
	Message, Hint string
}

// Error joins message and hint.
func (e *RequirementError) Error() string { return e.Message + "; " + e.Hint }

// clause is one condition: what it is about, how it compares and with what.
type clause struct {
	subject subject
	op      string
	// operand is the compared value as users read it: "36", "35.*", "12.4".
	operand string
	version version
	// wildcard marks "35.*": only the given numbers count.
	wildcard bool
	// arch is the word for subjectArch.
	arch string
}

// subject is what a clause is about.
type subject string

// The subjects, in the words of messages.
const (
	subjectL4T    subject = "L4T"
	subjectCUDA   subject = "CUDA"
	subjectPython subject = "Python"
	subjectUbuntu subject = "Ubuntu"
	subjectArch   subject = "arch"
)

// clausePattern parts an operator from the rest. PEP 440 allows spaces between.
var clausePattern = regexp.MustCompile(`(?s)^(===|==|~=|!=|<=|>=|<|>|)\s*(.*)$`)

// archWord is a name for one or more arches.
type archWord struct {
	word string
	fits []string
}

// archWords are the names of architectures in requirements, in the order in
// which messages list them. As in jetson-containers, "aarch64" is any 64-bit
// ARM; the other ARM words tell Tegra and SBSA apart, which upstream cannot.
var archWords = []archWord{
	{"aarch64", []string{archTegra, archSBSA}},
	{"arm64", []string{archTegra, archSBSA}},
	{"tegra-aarch64", []string{archTegra}},
	{"tegra", []string{archTegra}},
	{"sbsa", []string{archSBSA}},
	{"x86_64", []string{archX86}},
	{"amd64", []string{archX86}},
}

// ParseRequirement reads one requirement. Case does not matter. Its error is a
// *RequirementError.
func ParseRequirement(text string) (Requirement, error) {
	r := Requirement{text: text}
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue // PEP 440 allows a comma at the end
		}
		m := clausePattern.FindStringSubmatch(part)
		c, err := parseClause(m[1], m[2])
		if err != nil {
			err.Message = fmt.Sprintf("%q is not a requirement: %s", text, err.Message)
			return Requirement{}, err
		}
		r.clauses = append(r.clauses, c)
	}
	if len(r.clauses) == 0 {
		return Requirement{}, &RequirementError{"a requirement is empty", "leave it out, or write one such as \">=36\""}
	}
	return r, nil
}

// parseClause finds out what a clause is about and reads its operand.
func parseClause(op, operand string) (clause, *RequirementError) {
	if operand == "" {
		return clause{}, &RequirementError{"nothing follows " + op, "write a version, as in \">=36\""}
	}
	c := clause{op: op, operand: operand}
	if slices.ContainsFunc(archWords, func(w archWord) bool { return w.word == operand }) {
		c.subject, c.arch = subjectArch, operand
		return c, c.allow("", "==", "!=")
	}
	if u := BuiltIn().ubuntu(operand); u != nil {
		c.subject, c.operand, c.version = subjectUbuntu, u.Release, dotted.Of(u.Release)
		return c, c.allow("", "==", "!=", "<", "<=", ">", ">=")
	}
	if digits, ok := strings.CutPrefix(operand, "cu"); ok {
		return c.joined(subjectCUDA, digits, 2, `write it without dots, as in ">=cu124"`)
	}
	if digits, ok := strings.CutPrefix(operand, "py"); ok {
		return c.joined(subjectPython, digits, 1, `write it without dots, as in ">=py310"`)
	}
	if digits, ok := strings.CutPrefix(operand, "cp"); ok {
		return c.joined(subjectPython, digits, 1, `write it without dots, as in ">=py310"`)
	}
	return c.l4t()
}

// allow refuses operators that the clause's subject has no use for.
func (c clause) allow(ops ...string) *RequirementError {
	if slices.Contains(ops, c.op) {
		return nil
	}
	return &RequirementError{
		fmt.Sprintf("%s cannot be compared with %s", c.operand, c.op),
		fmt.Sprintf("write %q or %q", "=="+c.operand, "!="+c.operand),
	}
}

// joined completes a clause whose operand joins major and minor number.
func (c clause) joined(s subject, digits string, majorDigits int, hint string) (clause, *RequirementError) {
	v, ok := parseJoined(digits, majorDigits)
	if !ok {
		return clause{}, &RequirementError{fmt.Sprintf("%q is not a version of %s", c.operand, s), hint}
	}
	if err := c.allow("", "==", "===", "!=", "<", "<=", ">", ">="); err != nil {
		return clause{}, err
	}
	c.subject, c.operand, c.version = s, v.String(), v
	return c, nil
}

// l4t completes a clause about L4T, by the rules of PEP 440.
func (c clause) l4t() (clause, *RequirementError) {
	c.subject = subjectL4T
	asked := c.operand
	c.operand = strings.TrimPrefix(asked, "r")
	var number string
	number, c.wildcard = strings.CutSuffix(c.operand, ".*")
	v, ok := dotted.Parse(number)
	if !ok {
		return clause{}, &RequirementError{
			fmt.Sprintf("%q is neither a release nor an architecture", asked),
			"write L4T as in \">=36.4\" or \"==35.*\", CUDA as in \">=cu124\", Python as in \">=py310\", Ubuntu as in \"22.04\", an arch as in \"aarch64\"",
		}
	}
	c.version = v
	switch {
	case c.wildcard && !slices.Contains([]string{"", "==", "!="}, c.op):
		return clause{}, &RequirementError{".* goes with == and != only", fmt.Sprintf("write %q", c.op+number)}
	case c.op == "" && !c.wildcard && len(v) < 3:
		return clause{}, &RequirementError{
			fmt.Sprintf("it is not clear which L4T %s means", number),
			fmt.Sprintf("write %q for all of its releases, or %q for it and what follows", "=="+number+".*", ">="+number),
		}
	case c.op == "~=" && len(v) < 2:
		return clause{}, &RequirementError{"~= needs a minor number", fmt.Sprintf("write %q", "=="+number+".*")}
	}
	return c, nil
}

// Holds reports whether the target satisfies the requirement. If not, why names
// each clause that fails and what the target has: "needs L4T >=36, the target
// has 35.4.1".
func (r Requirement) Holds(t plan.Target) (ok bool, why string) {
	var failed []string
	for _, c := range r.clauses {
		if got := c.subjectOf(t); !c.holds(got) {
			failed = append(failed, c.why(got))
		}
	}
	return len(failed) == 0, strings.Join(failed, "; ")
}

// subjectOf picks the target's value that the clause is about.
func (c clause) subjectOf(t plan.Target) string {
	switch c.subject {
	case subjectCUDA:
		return t.CUDA.Value
	case subjectPython:
		return t.Python.Value
	case subjectUbuntu:
		return t.Ubuntu.Value
	case subjectArch:
		return t.Arch.Value
	default:
		return t.L4T.Value
	}
}

// why explains that got does not satisfy the clause.
func (c clause) why(got string) string {
	switch {
	case got == "":
		return fmt.Sprintf("needs %s, which the target has none of", c)
	case c.subject == subjectArch:
		return fmt.Sprintf("needs %s, the target is %s", c, got)
	}
	return fmt.Sprintf("needs %s, the target has %s", c, got)
}

// String returns the clause in the words of messages.
func (c clause) String() string {
	switch {
	case c.subject != subjectArch:
		return string(c.subject) + " " + c.op + c.operand
	case c.op == "!=":
		return "an arch other than " + c.arch
	default:
		return "arch " + c.arch
	}
}
