package layers

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// rule says what becomes of paths that several packages change. The rules are a table,
// rules.json: the first row that has a path counts. The program (folder program) reads
// them in a form of its own, [Rules].
type rule struct {
	// Paths are patterns of absolute paths: * and ? stand for what has no slash, ** for
	// anything. A folder's rule is that of all that is in it.
	Paths []string `json:"paths"`
	Kind  kind     `json:"kind"`
	// Inputs are what a program makes the paths of, for kindRun. It is run, too, where one
	// package changed them and another one has what was made. {dir} is the path's folder.
	Inputs []string `json:"inputs,omitempty"`
	// Args are the kind's.
	Args []string `json:"args,omitempty"`
	// Reason and Source are for readers.
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// kind is what a rule does.
type kind string

const (
	kindPlain  kind = "plain"  // compared, as what has no rule
	kindSkip   kind = "skip"   // neither recorded nor joined: the builder's own
	kindDrop   kind = "drop"   // not in a layer
	kindEither kind = "either" // the later one, without a conflict
	kindConcat kind = "concat" // one behind the other
	kindUnion  kind = "union"  // the lines of both; with the argument orRemoved, what one removed stays removed
	kindKeyed  kind = "keyed"  // a list of entries, joined by key; args: program/keyed.h
	// kindRun is for what a program of the image makes anew. Args: what to do without the
	// program (drop, conflict or either), names of the program, separated by |, and its
	// arguments. {dir} is the path's folder.
	kindRun kind = "run"
)

const (
	orRemoved = "or removed"
	inFolder  = "{dir}"
)

//go:embed rules.json
var rulesJSON []byte

// readRules reads the table.
func readRules() ([]rule, error) {
	var rules []rule
	d := json.NewDecoder(bytes.NewReader(rulesJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&rules); err != nil {
		return nil, err
	}
	for i, r := range rules {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return rules, nil
}

func (r rule) check() error {
	switch r.Kind {
	case kindUnion:
		if len(r.Args) > 0 && !slices.Equal(r.Args, []string{orRemoved}) {
			return fmt.Errorf("%s has no argument but %q", r.Kind, orRemoved)
		}
	case kindPlain, kindSkip, kindDrop, kindEither, kindConcat:
		if len(r.Args) > 0 {
			return fmt.Errorf("%s has no arguments", r.Kind)
		}
	case kindKeyed:
		if len(r.Args) == 0 {
			return fmt.Errorf("the format is missing")
		}
	case kindRun:
		if len(r.Args) < 2 || !slices.Contains([]string{"drop", "conflict", "either"}, r.Args[0]) {
			return fmt.Errorf("what to do without the program, and the program, are missing")
		}
		if len(r.Inputs) == 0 {
			return fmt.Errorf("what the program makes it of is missing")
		}
	default:
		return fmt.Errorf("unknown kind %q", r.Kind)
	}
	if len(r.Paths) == 0 || r.Reason == "" || r.Source == "" {
		return fmt.Errorf("paths, reason and source are needed")
	}
	if len(r.Inputs) > 0 && r.Kind != kindRun {
		return fmt.Errorf("%s has no inputs", r.Kind)
	}
	for _, p := range r.Paths {
		if !isPattern(p) || r.Kind == kindRun && strings.Contains(p, "**") { // which the program looks for
			return fmt.Errorf("%q is no pattern of an absolute path", p)
		}
	}
	for _, p := range r.Inputs {
		if !isPattern(strings.Replace(p, inFolder, "/dir", 1)) {
			return fmt.Errorf("%q is no pattern of an absolute path, or of one in %s", p, inFolder)
		}
	}
	return nil
}

func isPattern(p string) bool {
	return path.IsAbs(p) && path.Clean(p) == p && p != "/" && !strings.ContainsAny(p, `[]\!`)
}

// mustRules is for a table that a test has read.
func mustRules() []rule {
	rules, err := readRules()
	if err != nil {
		panic(err) //nolint:forbidigo // a table of the program's own, which a test reads
	}
	return rules
}

// Rules returns the rules as the program reads them.
func Rules() []byte {
	var b strings.Builder
	for _, r := range mustRules() {
		for _, p := range r.Paths {
			b.WriteString(string(r.Kind) + " " + escape(p))
			for _, arg := range r.Args {
				b.WriteString(" " + escape(arg))
			}
			b.WriteByte('\n')
			for _, input := range r.Inputs {
				b.WriteString("input " + escape(input) + "\n")
			}
		}
	}
	return []byte(b.String())
}

// Excluded returns what a copy of a package's changes leaves out, as patterns of BuildKit's.
func Excluded() []string {
	var patterns []string
	for _, r := range mustRules() {
		if r.Kind != kindDrop && r.Kind != kindKeyed {
			continue // it is in the layer
		}
		for _, p := range r.Paths {
			patterns = append(patterns, strings.TrimPrefix(p, "/"))
		}
	}
	return patterns
}

// escape writes a word as the program reads it.
func escape(word string) string {
	if word == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(word) {
		if c := word[i]; c > ' ' && c < 0x7f && c != '%' && word != "-" {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
