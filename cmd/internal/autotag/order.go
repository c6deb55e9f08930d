package autotag

import (
	"cmp"
	"slices"
	"strings"
)

// criterion compares two candidates that fit: negative if a is preferred. Its text says by
// what, of the preferred one.
type criterion struct {
	compare func(a, b *Candidate) int
	text    func(winner, loser *Candidate) string
}

// criteria are the order of preference: the first that makes a difference decides.
var criteria = []criterion{
	{
		func(a, b *Candidate) int { return slices.Compare(a.place[:], b.place[:]) },
		func(w, _ *Candidate) string { return w.Store + " is preferred" },
	},
	{
		func(a, b *Candidate) int { return first(a.named, b.named) },
		func(*Candidate, *Candidate) string { return "it is the package's own image" },
	},
	{
		func(a, b *Candidate) int { return first(!a.Facts.tag.Builder, !b.Facts.tag.Builder) },
		func(*Candidate, *Candidate) string { return "it is no builder of wheels" },
	},
	{
		func(a, b *Candidate) int { return cmp.Compare(b.near, a.near) },
		func(w, _ *Candidate) string { return "its L4T " + w.Facts.L4T.Value + " is nearer" },
	},
	{
		func(a, b *Candidate) int { return b.Created.Compare(a.Created) },
		func(w, _ *Candidate) string { return "it is newer, of " + w.Created.Format("2006-01-02") },
	},
	{
		func(a, b *Candidate) int { return natural(b.Tag, a.Tag) },
		func(*Candidate, *Candidate) string { return "its tag is higher" },
	},
	{
		func(a, b *Candidate) int { return cmp.Compare(a.Name, b.Name) },
		func(*Candidate, *Candidate) string { return "its name comes first" },
	},
}

// preferred puts candidates that fit first, and among equals the better one.
func preferred(a, b *Candidate) int {
	if by := first(a.Fits(), b.Fits()); by != 0 {
		return by
	}
	return better(a, b)
}

// better compares two candidates by all criteria.
func better(a, b *Candidate) int {
	for _, c := range criteria {
		if by := c.compare(a, b); by != 0 {
			return by
		}
	}
	return 0
}

// because says why a winner is better than another that fits.
func because(winner, loser *Candidate) string {
	for _, c := range criteria {
		if c.compare(winner, loser) != 0 {
			return winner.Name + ": " + c.text(winner, loser)
		}
	}
	return winner.Name + " is the same"
}

// first puts what is true first.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// natural compares texts with the numbers in them as numbers: 0.9 is below 0.10.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			p, q := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if by := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); by != 0 {
				return by
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits returns how many digits a text begins with.
func digits(text string) int { return len(text) - len(strings.TrimLeft(text, "0123456789")) }
