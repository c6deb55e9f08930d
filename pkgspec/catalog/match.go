package catalog

import "strings"

// IsPattern reports whether a name holds one of the characters that make it a
// pattern: "*", "?" or "[".
func IsPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// Match reports whether a name matches a pattern by the rules of Python's
// fnmatch, as jetson-containers matches names: "*" is any text, "?" one
// character, "[abc]" and "[a-z]" one of a set, "[!abc]" one outside it. Case
// counts, nothing is escaped, and a "[" that is never closed stands for itself.
func Match(pattern, name string) bool {
	p, s := []rune(pattern), []rune(name)
	pi, si := 0, 0
	starPattern, starName := -1, 0
	for si < len(s) {
		if pi < len(p) && p[pi] == '*' {
			starPattern, starName = pi, si
			pi++
			continue
		}
		if width, ok := matchOne(p[pi:], s[si]); ok {
			pi += width
			si++
			continue
		}
		if starPattern < 0 {
			return false
		}
		// Let the last star take one character more, and try again from there.
		starName++
		pi, si = starPattern+1, starName
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// matchOne matches a character with the first element of a pattern that does
// not start with a star, and gives the element's width.
func matchOne(p []rune, c rune) (int, bool) {
	switch {
	case len(p) == 0:
		return 0, false
	case p[0] == '?':
		return 1, true
	case p[0] == '[':
		if end := setEnd(p); end > 0 {
			return end + 1, inSet(p[1:end], c)
		}
	}
	return 1, p[0] == c
}

// setEnd returns the index of the "]" that closes the set which p starts with, or
// 0. A "]" right after "[" or "[!" belongs to the set.
func setEnd(p []rune) int {
	i := 1
	if i < len(p) && p[i] == '!' {
		i++
	}
	if i < len(p) && p[i] == ']' {
		i++
	}
	for ; i < len(p); i++ {
		if p[i] == ']' {
			return i
		}
	}
	return 0
}

// inSet reports whether c is in the set that stands between "[" and "]".
func inSet(set []rune, c rune) bool {
	negated := set[0] == '!'
	if negated {
		set = set[1:]
	}
	found := false
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			found = found || set[i] <= c && c <= set[i+2]
			i += 2
			continue
		}
		found = found || set[i] == c
	}
	return found != negated
}
