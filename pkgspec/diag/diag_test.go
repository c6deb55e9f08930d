package diag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		assert.Equal(t, want, r.String())
	}
}

func rule(name string) diag.Rule { return diag.Rule{Name: name} }

func TestErrorText(t *testing.T) {
	var l diag.List
	l.Errorf(rule("unknown-key"), at("jetson.yaml", 9, 1), "did you mean target?", "unknown key %q", "tarket")
	l.Warnf(rule("old-cuda"), at("jetson.yaml", 2, 3), "", "CUDA 11 is old")
	l.Errorf(rule("duplicate"), at("jetson.yaml", 5, 3), "one\ntwo", "listed twice").
		Relate(at("jetson.yaml", 4, 3), "the first is here").
		Relate(diag.Range{}, "and on the command line")
	l.Errorf(rule("bad-arg"), diag.Range{}, "", "--build-arg X is empty")

	require.EqualError(t, l.Err(), `3 problems
error: --build-arg X is empty [bad-arg]
jetson.yaml:5:3: error: listed twice [duplicate]
    hint: one
          two
    jetson.yaml:4:3: the first is here
    and on the command line
jetson.yaml:9:1: error: unknown key "tarket" [unknown-key]
    hint: did you mean target?`)
	require.Len(t, diag.FromError(fmt.Errorf("while reading: %w", l.Err())), 3)
	require.Len(t, l.Warnings(), 1)
	require.Equal(t, rule("old-cuda"), l.Warnings()[0].Rule)
}

// TestRelate holds that a second place belongs to the problem that Errorf
// returned, be the list empty before or not, and never to another.
func TestRelate(t *testing.T) {
	var first, second diag.List
	problem := first.Errorf(rule("a"), diag.Range{}, "", "one")
	second.Errorf(rule("b"), diag.Range{}, "", "two")
	problem.Relate(at("f", 1, 1), "see %s", "here").About("a subject")
	require.Equal(t, []diag.Related{{At: at("f", 1, 1), Message: "see here"}}, first[0].Related)
	require.Equal(t, "a subject", first[0].Subject)
	require.Empty(t, second[0].Related)
}

func TestRuleInJSON(t *testing.T) {
	var l diag.List
	l.Warnf(diag.Rule{Name: "old-cuda", Severity: diag.Warning, Description: "CUDA is old."}, at("jetson.yaml", 2, 3), "", "CUDA 11 is old").About(t)
	got, err := json.Marshal(l)
	require.NoError(t, err)
	require.JSONEq(t, `[{"rule":"old-cuda","severity":"warning","message":"CUDA 11 is old","at":{"file":"jetson.yaml","start":{"line":2,"column":3},"end":{}}}]`, string(got))
	require.Equal(t, "docs/rules.md#old-cuda", l[0].Rule.URL())
}

func TestNoError(t *testing.T) {
	var l diag.List
	l.Warnf(rule("w"), diag.Range{}, "", "only a warning")
	require.NoError(t, l.Err(), "a warning is no error")
	require.False(t, l.HasErrors())
	require.Nil(t, diag.FromError(errors.New("other")))
}

func TestSortedDropsRepetitions(t *testing.T) {
	var l diag.List
	for range 2 {
		l.Errorf(rule("b"), at("f", 2, 1), "", "second")
		l.Errorf(rule("a"), at("f", 1, 1), "", "first")
	}
	got := l.Sorted()
	require.Len(t, got, 2)
	require.Equal(t, "first", got[0].Message)
	require.Equal(t, "second", l[0].Message, "Sorted changed the list it was called on")
}

func TestNearest(t *testing.T) {
	names := []string{"pytorch", "python", "torchvision", "numpy"}
	for got, want := range map[string]string{
		"pytroch": "pytorch", "PyTorch": "pytorch", "pyton": "python", "nunpy": "numpy", "numpi": "numpy",
		"opencv": "", "": "", "x": "", "torchvisoin": "torchvision",
	} {
		assert.Equal(t, want, diag.Nearest(got, names), "Nearest(%q)", got)
	}
	assert.Equal(t, "did you mean numpy?", diag.DidYouMean("nunpy", names))
	assert.Empty(t, diag.DidYouMean("zzz", names))
}
