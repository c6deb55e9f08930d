package platform

import (
	"slices"
	"strings"

	"jetkit/pkgspec/dotted"
)

// holds reports whether a value of the target satisfies the clause. A value that
// the target lacks satisfies nothing.
func (c clause) holds(got string) bool {
	if got == "" {
		return false
	}
	if c.subject == subjectArch {
		return fitsArch(c.arch, got) == (c.op != "!=")
	}
	if c.op == "===" {
		return got == c.operand
	}
	if c.subject == subjectPython {
		got = strings.TrimSuffix(got, freeThreaded)
	}
	v, ok := dotted.Parse(got)
	if !ok {
		return false
	}
	return c.compare(v)
}

// compare applies the operator as PEP 440 defines it for release numbers,
// which is all that L4T, CUDA, Python and Ubuntu have. It is written here
// because the Go libraries for PEP 440 accept much that the standard does not,
// and its rules on previews, epochs and local versions are of no use here.
func (c clause) compare(got version) bool {
	order := got.Compare(c.version)
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "~=": // at least this, and all but the last number the same
		return order >= 0 && got.HasPrefix(c.version[:len(c.version)-1])
	case "!=":
		return !c.equal(got)
	default:
		return c.equal(got)
	}
}

// equal compares for == with and without ".*".
func (c clause) equal(got version) bool {
	if c.wildcard {
		return got.HasPrefix(c.version)
	}
	return got.Compare(c.version) == 0
}

// fitsArch reports whether an arch goes by a word of archWords.
func fitsArch(word, arch string) bool {
	for _, w := range archWords {
		if w.word == word {
			return slices.Contains(w.fits, arch)
		}
	}
	return false
}
