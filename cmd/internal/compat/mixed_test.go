package compat

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/packages"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// TestWithLibrary holds that what resolves in jetson-containers' tree alone also resolves with the
// built-in library before it, as in sources: [builtin, {git: jetson-containers}], or that a package of
// the library which has the same name says why it is not for the target. JETKIT_TREE is a checkout of
// it; without one, the tests' small tree is looked at.
func TestWithLibrary(t *testing.T) {
	root := os.Getenv("JETKIT_TREE")
	if root == "" {
		root = "testdata/tree"
	}
	tree, folder := treeOf(root)
	for name, request := range map[string]platform.Request{
		"JetPack 5.1.2": {JetPack: platform.Asked{Value: "5.1.2"}, Platform: "linux/arm64"},
		"JetPack 6.2":   {JetPack: platform.Asked{Value: "6.2"}, Platform: "linux/arm64"},
		"JetPack 7.2":   {JetPack: platform.Asked{Value: "7.2"}, Platform: "linux/arm64"},
		"x86_64":        {Platform: "linux/amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := pkgmeta.Tree{FS: tree, Kind: plan.Context, Dir: folder}
			library := pkgmeta.Tree{FS: packages.FS, Kind: plan.Builtin, Dir: "."}
			alone, mixed := scanned(t, request, theirs), scanned(t, request, library, theirs)
			compareMixed(t, alone, mixed)
		})
	}
}

// scanned finds the packages of trees for a target.
func scanned(t *testing.T, request platform.Request, trees ...pkgmeta.Tree) *comparison {
	t.Helper()
	target, base, problems := platform.Resolve(request)
	require.False(t, problems.HasErrors(), "%v", problems.Err())
	facts := platform.BuiltIn().ForTree(target)
	found, problems := pkgmeta.Scan(t.Context(), trees, nil, pkgmeta.ScanOptions{Evaluator: localPython(t), Facts: facts, Args: map[string]string{}})
	require.False(t, problems.HasErrors(), "%v", problems.Err())
	return &comparison{answer: &answer{target: target, base: base, facts: facts, catalog: found}}
}

// onlyInTestdata are aliases that the tests' small tree gives to packages which the library has under
// the same real name: the whole package of the tree is left out, and with it the alias. "everything"
// depends on one of them.
func onlyInTestdata() []string { return []string{"python3", "scientific", "everything"} }

// compareMixed resolves each package of a tree without and with the library.
func compareMixed(t *testing.T, alone, mixed *comparison) {
	t.Helper()
	names := map[string]bool{}
	resolved, shared, refused := 0, 0, 0
	for _, p := range alone.catalog.Packages() {
		for _, name := range append([]string{p.Family()}, p.Names()...) {
			if names[name] {
				continue
			}
			names[name] = true
			if strings.HasPrefix(alone.chain([]string{name}, nil), "error ") {
				continue
			}
			resolved++
			with := mixed.chain([]string{name}, nil)
			if strings.HasPrefix(with, "error ") && mixed.refused(with) {
				refused++
			} else if strings.HasPrefix(with, "error ") && !slices.Contains(onlyInTestdata(), name) {
				assert.Fail(t, "resolves alone, and not with the library", "%s: %s", name, with)
			}
			if slices.ContainsFunc(strings.Fields(with), mixed.ofLibrary) {
				shared++
			}
		}
	}
	t.Logf("%d names resolve, %d of them on packages of the library; a package of the library refuses the target of %d", resolved, shared, refused)
	assert.Positive(t, shared)
	assert.Less(t, refused, resolved/2)
}

// refused reports whether an error is that a version of the library's is not for the target, as of its
// CUDA: that stays as it is here, and moves with a version which a user asks for.
func (c *comparison) refused(problem string) bool {
	rule, message, _ := strings.Cut(strings.TrimPrefix(problem, "error ["), "] ")
	if rule != rules.Requirement.Name && rule != rules.NoVariant.Name {
		return false
	}
	return slices.ContainsFunc(strings.Fields(message), c.ofLibrary)
}

// ofLibrary reports whether a real name means a package of the library.
func (c *comparison) ofLibrary(name string) bool {
	found := c.catalog.Lookup(name)
	return slices.ContainsFunc(found, func(p *catalog.Package) bool { return p.Origin.Kind == plan.Builtin })
}
