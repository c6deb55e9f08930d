package run

import "strings"

// Complete returns the words that can follow some arguments of jetkit run and begin with a text: names of flags before
// IMAGE, and what jetkit's own flags take. For everything else, such as images, it knows none.
func Complete(args []string, begun string) []string {
	if line, err := Parse(args); err == nil && line.Image != "" {
		return nil
	}
	var candidates []string
	last := ""
	if len(args) > 0 {
		last = args[len(args)-1]
	}
	flag, _, valued := strings.Cut(begun, "=")
	switch {
	case valued:
		for _, word := range ownValues(flag) {
			candidates = append(candidates, flag+"="+word)
		}
	case len(ownValues(last)) > 0:
		candidates = ownValues(last)
	case strings.HasPrefix(begun, "-"):
		candidates = (&parser{flags: engineFlags}).dashed()
	}
	var found []string
	for _, word := range candidates {
		if strings.HasPrefix(word, begun) {
			found = append(found, word)
		}
	}
	return found
}

// ownValues lists what a flag of jetkit's own takes; it is empty for flags that take anything, or nothing.
func ownValues(flag string) []string {
	switch flag {
	case "--engine":
		return Engines()
	case "--with", "--without":
		return Names()
	}
	return nil
}
