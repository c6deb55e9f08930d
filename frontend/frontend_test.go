package frontend

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		if assert.False(t, problems.HasErrors(), "--target %s: %v, %v", target, cut, problems) {
			assert.Len(t, cut.Steps, want, "--target %s: %v, %v", target, cut, problems)
		}
	}
	p.Image.From, p.Image.Base = []plan.ImageFile{{Path: "/opt"}}, "scratch"
	cut, _ := upTo(p, "b")
	assert.Zero(t, cut.Image, "a stage has all files of its packages")
	_, problems := upTo(p, "visoin")
	err := problems.Err()
	if assert.Error(t, err, "a wrong target") {
		assert.Contains(t, err.Error(), "did you mean", "a wrong target")
	}
	_, problems = upTo(p, "nonsense")
	if err := problems.Err(); assert.Error(t, err) {
		assert.Contains(t, err.Error(), "hint: the packages of the chain are a, b:2, ")
	}
	require.Len(t, p.Steps, 3, "upTo changed the plan that it cut")
	assert.Equal(t, "vision", p.Requested[0], "upTo changed the plan that it cut")
}

// TestUpToInLayers checks that a package which is a layer of its own is built with what it
// is built on alone, and that it is built on the same then.
func TestUpToInLayers(t *testing.T) {
	steps := []plan.Step{
		{Name: "python"},
		{Name: "numpy", Needs: []string{"python"}},
		{Name: "cmake"},
		{Name: "opencv", Needs: []string{"cmake", "numpy"}},
		{Name: "node"},
		{Name: "app", Needs: []string{"node"}, AfterAll: true},
		{Name: "rust"},
		{Name: "ui", Needs: []string{"app"}},
	}
	for _, c := range []struct {
		form         plan.LayersForm
		target, want string
	}{
		{"", "cmake", "python numpy cmake"},
		{plan.LayersPackages, "python", "python"},
		{plan.LayersPackages, "cmake", "cmake"},
		{plan.LayersPackages, "opencv", "python numpy cmake opencv"},
		{plan.LayersPackages, "app", "python numpy cmake opencv node app"},
		{plan.LayersPackages, "ui", "python numpy cmake opencv node app ui"},
	} {
		p := &plan.Plan{Steps: steps, Layers: plan.Layers{Form: c.form}}
		cut, problems := upTo(p, c.target)
		require.Empty(t, problems)
		var names []string
		for _, s := range cut.Steps {
			names = append(names, s.Name)
		}
		assert.Equal(t, c.want, strings.Join(names, " "), "form %q", c.form)
		on := cut.BuiltOn()[len(cut.Steps)-1]
		assert.Len(t, on, len(cut.Steps)-1, "%s of form %q is built on others than before", c.target, c.form)
		assert.Equal(t, steps, p.Steps, "upTo changed the plan that it cut")
	}
}

func TestMergeEnv(t *testing.T) {
	env := []string{"PATH=/bin", "A=1", "AB=2"}
	got := mergeEnv(env, map[string]string{"A": "3", "Z": "", "B": "x=y"})
	want := []string{"PATH=/bin", "AB=2", "A=3", "B=x=y", "Z="}
	assert.Equal(t, want, got)
	assert.Equal(t, "A=1", env[1], "the input changed")
}

// A built-in package must have the same cache key on every builder, and its
// scripts must be executable although embedding drops modes.
func TestEmbedded(t *testing.T) {
	tree := func() string {
		st, err := embedded(packages.FS, "build/cmake")
		require.NoError(t, err)
		def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
		require.NoError(t, err)
		tr, err := llbtree.New(def)
		require.NoError(t, err)
		return tr.String() + tr.Digest().String()
	}
	got := tree()
	for _, want := range []string{"mkfile /Dockerfile 0644", "mkfile /test.sh 0755"} {
		assert.Contains(t, got, want)
	}
	assert.Equal(t, got, tree(), "a second time")
}

// The built-in library is held to what it asks of others: no problem of any
// kind, a test for each package that builds something, and a note.
func TestBuiltinLibrary(t *testing.T) {
	cat, problems := pkgmeta.Scan(t.Context(), []pkgmeta.Tree{{FS: packages.FS, Kind: plan.Builtin, Dir: "."}}, nil, pkgmeta.ScanOptions{})
	require.Empty(t, problems)
	require.GreaterOrEqual(t, len(cat.Packages()), 5, "only %d packages", len(cat.Packages()))
	for _, p := range cat.Packages() {
		assert.Empty(t, p.Problems, p.Name)
		if p.Dockerfile != "" { // else it groups others
			assert.NotEmpty(t, p.Tests, p.Name)
		}
		assert.NotEmpty(t, p.Notes, p.Name)
		for _, d := range p.Depends {
			assert.NotNil(t, cat.Find(d.Value), "%s needs %s, which the library lacks", p.Name, d.Value)
		}
	}
}

func TestRanges(t *testing.T) {
	r := ranges(diag.Range{Start: diag.Position{Line: 3, Column: 5}})
	assert.Equal(t, int32(3), r[0].Start.Line, "got %v", r)
	assert.Equal(t, int32(4), r[0].Start.Character, "got %v", r)
	assert.Equal(t, int32(3), r[0].End.Line, "got %v", r)
	whole := ranges(diag.Range{Start: diag.Position{Line: 1}})
	assert.Equal(t, int32(0), whole[0].Start.Character, "a line without a column: %v", whole)
}
