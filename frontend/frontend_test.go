package frontend

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"

	"jetkit/llb/llbtree"
	"jetkit/packages"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

func TestUpTo(t *testing.T) {
	p := &plan.Plan{Requested: []string{"vision"}, Steps: []plan.Step{{Name: "a"}, {Name: "b:2", Aliases: []string{"bee"}}, {Name: "vision"}}}
	for target, want := range map[string]int{"a": 1, "b:2": 2, "b": 2, "bee": 2, "Vision": 3} {
		cut, problems := upTo(p, target)
		if problems.HasErrors() || len(cut.Steps) != want {
			t.Errorf("--target %s: %v, %v", target, cut, problems)
		}
	}
	_, problems := upTo(p, "visoin")
	if err := problems.Err(); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a wrong target: %v", err)
	}
	if len(p.Steps) != 3 || p.Requested[0] != "vision" {
		t.Error("upTo changed the plan that it cut")
	}
}

func TestMergeEnv(t *testing.T) {
	env := []string{"PATH=/bin", "A=1", "AB=2"}
	got := mergeEnv(env, map[string]string{"A": "3", "Z": "", "B": "x=y"})
	if want := []string{"PATH=/bin", "AB=2", "A=3", "B=x=y", "Z="}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if env[1] != "A=1" {
		t.Error("the input changed")
	}
}

// A built-in package must have the same cache key on every builder, and its
// scripts must be executable although embedding drops modes.
func TestEmbedded(t *testing.T) {
	tree := func() string {
		st, err := embedded(packages.FS, "build/cmake")
		if err != nil {
			t.Fatal(err)
		}
		def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := llbtree.New(def)
		if err != nil {
			t.Fatal(err)
		}
		return tr.String() + tr.Digest().String()
	}
	got := tree()
	for _, want := range []string{"mkfile /Dockerfile 0644", "mkfile /test.sh 0755"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if again := tree(); again != got {
		t.Errorf("a second time it is\n%s\nnot\n%s", again, got)
	}
}

// The built-in library is held to what it asks of others: no problem of any
// kind, a test for each package, and a note.
func TestBuiltinLibrary(t *testing.T) {
	cat, problems := pkgmeta.Scan(t.Context(), []pkgmeta.Tree{{FS: packages.FS, Kind: plan.Builtin, Dir: "."}}, nil, pkgmeta.ScanOptions{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(cat.Packages()) < 5 {
		t.Fatalf("only %d packages", len(cat.Packages()))
	}
	for _, p := range cat.Packages() {
		for _, d := range p.Problems {
			t.Errorf("%s: %s", p.Name, d)
		}
		if len(p.Tests) == 0 || p.Notes == "" {
			t.Errorf("%s has %d tests and the note %q", p.Name, len(p.Tests), p.Notes)
		}
		for _, d := range p.Depends {
			if cat.Find(d.Value) == nil {
				t.Errorf("%s needs %s, which the library lacks", p.Name, d.Value)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	r := ranges(diag.Range{Start: diag.Position{Line: 3, Column: 5}})
	if r[0].Start.Line != 3 || r[0].Start.Character != 4 || r[0].End.Line != 3 {
		t.Errorf("got %v", r)
	}
	whole := ranges(diag.Range{Start: diag.Position{Line: 1}})
	if whole[0].Start.Character != 0 {
		t.Errorf("a line without a column: %v", whole)
	}
}
