package diag

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text that others wrote safe to print in a line of a terminal. Names
// of files, metadata, output of config.py and excerpts are such text. Characters
// that nobody sees but that change what is seen become escapes as Go and Python
// write them (\n, \x1b, \u202e): control characters, which start lines, move the
// cursor and set colours, and Unicode's format characters, which reverse text or
// hide in it. So do bytes that are not UTF-8.
//
// Everything that prints for people calls it where the text leaves the program.
// JSON holds text as it is.
func Clean(text string) string { return clean(text, "") }

// CleanLines is Clean for text of several lines: line breaks and tabs stay.
func CleanLines(text string) string {
	return clean(strings.ReplaceAll(text, "\r\n", "\n"), "\n\t")
}

func clean(text, keep string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !harmless(r, keep) }) < 0 {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case harmless(r, keep) || r == utf8.RuneError:
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	return b.String()
}

// harmless reports whether a character prints as itself and changes nothing else.
// utf8.RuneError is not, as it may stand for a byte that is not UTF-8.
func harmless(r rune, keep string) bool {
	return r != utf8.RuneError && (unicode.IsGraphic(r) || strings.ContainsRune(keep, r))
}
