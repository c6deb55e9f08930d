package platform

import (
	"slices"
	"strings"

	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
)

// CUDAs returns the CUDA versions that the requirement's clauses compare with, as
// "12.6"; none if it says nothing of CUDA.
func (r Requirement) CUDAs() []string {
	var versions []string
	for _, c := range r.clauses {
		if c.subject == subjectCUDA {
			versions = append(versions, c.operand)
		}
	}
	return versions
}

// FailsOn names the values of the target that do not satisfy the requirement:
// "L4T", "CUDA", "Python", "Ubuntu" or "arch".
func (r Requirement) FailsOn(t plan.Target) []string {
	var failed []string
	for _, c := range r.clauses {
		if !c.holds(c.subjectOf(t)) {
			failed = append(failed, string(c.subject))
		}
	}
	return failed
}

// OtherCUDAs lists the CUDAs that a target could have instead of its default,
// the best first: newer ones from the nearest on, then older ones. They are
// those of the releases in the tables and the given ones, as far as a Jetson with
// the target's L4T has packages of them. There are none where CUDA comes with the
// Jetson's system, up to L4T 35.
func (t *Tables) OtherCUDAs(target plan.Target, more []string) []string {
	t = t.orBuiltIn()
	l4t := dotted.Of(target.L4T.Value)
	own, ok := dotted.Parse(target.CUDA.Value)
	if !ok || target.Arch.Value == archTegra && l4t.Part(0) < 36 {
		return nil
	}
	var others []version
	add := func(text string) {
		if v, ok := dotted.Parse(text); ok && v.Compare(own) != 0 && (target.Arch.Value == archX86 || t.cudaLimit(l4t, v) == nil) {
			others = append(others, v)
		}
	}
	for _, text := range more {
		add(text)
	}
	for i := range t.releases {
		add(t.releases[i].CUDA)
	}
	slices.SortFunc(others, func(a, b version) int {
		newerA, newerB := a.Compare(own) > 0, b.Compare(own) > 0
		switch {
		case newerA != newerB && newerA:
			return -1
		case newerA != newerB:
			return 1
		case newerA:
			return a.Compare(b)
		}
		return b.Compare(a)
	})
	names := make([]string, len(others))
	for i, v := range others {
		names[i] = v.String()
	}
	return slices.Compact(names)
}

// SameVersion reports whether one version is the other with more parts behind it:
// 10.3 and 10.3.0.30.
func SameVersion(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}
