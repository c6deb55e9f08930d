package diag_test

import (
	"errors"
	"fmt"
	"testing"

	"jetkit/pkgspec/diag"
)

func at(file string, line, column int) diag.Range {
	return diag.Range{File: file, Start: diag.Position{Line: line, Column: column}}
}

func TestRangeString(t *testing.T) {
	for want, r := range map[string]diag.Range{
		"":               {},
		"a.yaml":         at("a.yaml", 0, 0),
		"a.yaml:3":       at("a.yaml", 3, 0),
		"a.yaml:3:5":     at("a.yaml", 3, 5),
		"b:c/Dockerfile": {File: "b:c/Dockerfile"},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	var l diag.List
	l.Errorf("unknown-key", at("jetson.yaml", 9, 1), "did you mean target?", "unknown key %q", "tarket")
	l.Warnf("old-cuda", at("jetson.yaml", 2, 3), "", "CUDA 11 is old")
	l.Errorf("duplicate", at("jetson.yaml", 5, 3), "one\ntwo", "listed twice")
	l.Relate(at("jetson.yaml", 4, 3), "the first is here")
	l.Relate(diag.Range{}, "and on the command line")
	l.Errorf("bad-arg", diag.Range{}, "", "--build-arg X is empty")

	want := `3 problems
error: --build-arg X is empty [bad-arg]
jetson.yaml:5:3: error: listed twice [duplicate]
    hint: one
          two
    jetson.yaml:4:3: the first is here
    and on the command line
jetson.yaml:9:1: error: unknown key "tarket" [unknown-key]
    hint: did you mean target?`
	err := l.Err()
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if got := diag.FromError(fmt.Errorf("while reading: %w", err)); len(got) != 3 {
		t.Errorf("FromError found %d diagnostics", len(got))
	}
	if w := l.Warnings(); len(w) != 1 || w[0].Rule != "old-cuda" {
		t.Errorf("warnings: %v", w)
	}
}

func TestNoError(t *testing.T) {
	var l diag.List
	l.Warnf("w", diag.Range{}, "", "only a warning")
	if err := l.Err(); err != nil || l.HasErrors() {
		t.Errorf("a warning is no error, got %v", err)
	}
	if got := diag.FromError(errors.New("other")); got != nil {
		t.Errorf("FromError of another error: %v", got)
	}
}

func TestSortedDropsRepetitions(t *testing.T) {
	var l diag.List
	for range 2 {
		l.Errorf("b", at("f", 2, 1), "", "second")
		l.Errorf("a", at("f", 1, 1), "", "first")
	}
	got := l.Sorted()
	if len(got) != 2 || got[0].Message != "first" {
		t.Errorf("got %v", got)
	}
	if l[0].Message != "second" {
		t.Error("Sorted changed the list it was called on")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"pytorch", "python", "torchvision", "numpy"}
	for got, want := range map[string]string{
		"pytroch": "pytorch", "PyTorch": "pytorch", "pyton": "python", "nunpy": "numpy", "numpi": "numpy",
		"opencv": "", "": "", "x": "", "torchvisoin": "torchvision",
	} {
		if n := diag.Nearest(got, names); n != want {
			t.Errorf("Nearest(%q) = %q, want %q", got, n, want)
		}
	}
	if hint := diag.DidYouMean("nunpy", names); hint != "did you mean numpy?" {
		t.Errorf("hint %q", hint)
	}
	if hint := diag.DidYouMean("zzz", names); hint != "" {
		t.Errorf("hint %q", hint)
	}
}
