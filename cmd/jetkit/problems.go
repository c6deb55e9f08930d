package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
)

// problemError is an answer that cannot be given, because of problems of the
// user's files.
type problemError struct {
	list diag.List
	// texts are the files that the problems are in, by name.
	texts map[string][]byte
}

func (e *problemError) Error() string {
	if err := e.list.Err(); err != nil {
		return err.Error()
	}
	return "no problem"
}

// print shows warnings and then errors, each error below the lines that it is
// about.
func (e *problemError) print(w io.Writer) {
	printWarnings(w, e.list)
	errs := slices.DeleteFunc(e.list.Sorted(), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	for i, d := range errs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if dt, ok := e.texts[d.At.File]; ok {
			excerpt(w, d.At, dt)
		}
		fmt.Fprintln(w, d)
	}
	if len(errs) > 1 {
		fmt.Fprintf(w, "\nERROR: %d problems\n", len(errs))
	}
}

// printWarnings shows the problems that do not stop anything.
func printWarnings(w io.Writer, list diag.List) {
	for _, d := range list.Warnings() {
		fmt.Fprintf(w, "%s\n", d)
	}
}

// excerpt prints the lines of a range and those around it, as buildx does.
func excerpt(w io.Writer, at diag.Range, text []byte) {
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	first, last := at.Start.Line, max(at.Start.Line, at.End.Line)
	if first < 1 || first > len(lines) {
		return
	}
	last = min(last, len(lines))
	around := 2 // lines before and after
	if last > first {
		around = 1
	}
	const rule = "--------------------"
	fmt.Fprintf(w, "%s:%d\n%s\n", diag.Clean(at.File), first, rule)
	for n := max(first-around, 1); n <= min(last+around, len(lines)); n++ {
		mark := "   "
		if n >= first && n <= last {
			mark = ">>>"
		}
		fmt.Fprintf(w, " %3d | %s %s\n", n, mark, printable(lines[n-1]))
	}
	fmt.Fprintln(w, rule)
}

// maxColumns is how much of a line an excerpt has: a hostile file shall not fill
// the terminal.
const maxColumns = 200

// printable returns a line as an excerpt shows it.
func printable(line string) string {
	if runes := []rune(diag.CleanLines(line)); len(runes) > maxColumns {
		return string(runes[:maxColumns]) + "…"
	}
	return diag.CleanLines(line)
}
