package pkgspec

import (
	"strconv"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// timeout is how long a step may take.
func timeout(of func(*Spec) **plan.Seconds) form {
	return oneLine(func(l *loader, s located) {
		limit, ok := plan.ParseTimeout(s.Value)
		if !ok {
			l.reject(s, plan.TimeoutHint, "%s is not a time limit", yamlnode.Quote(s.Value))
			return
		}
		*of(l.spec) = &limit
	}, func(s *Spec) string {
		if *of(s) == nil {
			return ""
		}
		return (*of(s)).String()
	}, schema.Text(plan.TimeoutPattern))
}

// number is a whole number within bounds; nil is one that nobody gave.
func number(of func(*Spec) **int, least, most int) form {
	return wholeNumber(func(s *Spec, n int) { *of(s) = &n }, func(s *Spec) string {
		if *of(s) == nil {
			return ""
		}
		return strconv.Itoa(**of(s))
	}, least, most)
}

// wholeNumber is a whole number within bounds.
func wholeNumber(set func(*Spec, int), text func(*Spec) string, least, most int) form {
	may := &schema.Schema{Type: []string{"integer", "string"}, Pattern: `^[0-9]+$`}
	return oneLine(func(l *loader, s located) {
		n, err := strconv.Atoi(s.Value)
		if err != nil || n < least || n > most {
			l.reject(s, "", "%s is not a number from %d to %d", yamlnode.Quote(s.Value), least, most)
			return
		}
		set(l.spec, n)
	}, text, may.AtLeast(least))
}

// countText returns a number of which zero means none.
func countText(n int) string { return onlyIf(n > 0, strconv.Itoa(n)) }
