package project_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/rules"

	"jetkit/pkgspec"
)

// contexts are folders in memory; "" is the main context, and repositories are by their URL.
type contexts struct {
	files  map[string]fstest.MapFS
	remote map[string]fstest.MapFS
	opened []string
	// fetched are the trees elsewhere that were asked for, with the revisions that a lock says.
	fetched []plan.Source
	err     error
}

func (c *contexts) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.files)), func(name string) bool { return name == "" })
}

func (c *contexts) Example() string { return "DIR" }

func (c *contexts) Open(_ context.Context, name string, _ []string) (fs.FS, error) {
	c.opened = append(c.opened, name)
	if c.err != nil {
		return nil, c.err
	}
	return cachefs.New(c.files[name], cachefs.Options{Metadata: project.Readable}), nil
}

func (c *contexts) Fetch(_ context.Context, source plan.Source, _ []string) (fs.FS, string, error) {
	c.fetched = append(c.fetched, source)
	files := c.remote[source.String()]
	if files == nil {
		return nil, "", project.Unreachable(source.Remote, errors.New("fatal: could not read Username for 'https://host': terminal prompts disabled"))
	}
	return cachefs.New(files, cachefs.Options{Metadata: project.Readable}), strings.Repeat("1", 40), nil
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

const header = "#---\n# name: a\n# depends: b\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"

func load(t *testing.T, text string, c *contexts) (*project.Project, string, error) {
	t.Helper()
	p, problems, err := project.Load(t.Context(), project.Options{File: "jetson.yaml", Data: []byte(text), Contexts: c, Complete: func(s *pkgspec.Spec) error {
		s.Target.Platform = "linux/arm64"
		return nil
	}})
	said := ""
	for _, d := range problems {
		said += d.String() + "\n"
	}
	return p, said, err
}

func TestSolveAndList(t *testing.T) {
	c := &contexts{files: map[string]fstest.MapFS{
		"":      {"packages/b/Dockerfile": file("#---\n# name: b\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")},
		"parts": {"a/Dockerfile": file(header)}, "unused": {},
		plan.BaseContext: {},
	}}
	p, said, err := load(t, "target: {l4t: 36.4.3}\npackages: [a]\nsources: [{dir: packages}, {context: parts}]\n", c)
	require.NoError(t, err)
	require.Empty(t, said)
	assert.Equal(t, []string{"", "parts"}, c.opened)

	solved, problems, err := p.Solve(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	assert.Equal(t, []string{"b", "a"}, []string{solved.Steps[0].Name, solved.Steps[1].Name})
	assert.Equal(t, plan.BaseContext, solved.Base.Value)

	listed, problems, err := p.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	assert.Len(t, listed.Catalog.Packages(), 2)
	assert.Equal(t, "36.4.3", listed.Target.L4T.Value)

	for name, want := range map[string]string{"jetson.yaml": "target:", "parts:a/Dockerfile": "#---", "packages/b/Dockerfile": "#---", "builtin:build/cmake/Dockerfile": "#---"} {
		dt, err := p.ReadFile(name)
		require.NoError(t, err, name)
		assert.Contains(t, string(dt), want, name)
	}
	_, err = p.ReadFile("elsewhere:x")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestContextsThatCannotBeOpened(t *testing.T) {
	const text = "target: {l4t: 36.4.3}\npackages: [a]\nsources: [{context: parts}]\n"
	_, said, err := load(t, text, &contexts{files: map[string]fstest.MapFS{"pars": {}}})
	require.NoError(t, err)
	assert.Equal(t, "jetson.yaml:3:11: error: there is no named context \"parts\" [unknown-context]\n    hint: did you mean pars? or add --build-context parts=DIR\n", said)

	c := &contexts{files: map[string]fstest.MapFS{"parts": {}}, err: &project.Refusal{Rule: rules.BadContext, Message: "it is no folder", Hint: "make it one"}}
	_, said, err = load(t, text, c)
	require.NoError(t, err)
	assert.Equal(t, "jetson.yaml:3:11: error: it is no folder [bad-context]\n    hint: make it one\n", said)

	c.err = errors.New("the disk is gone")
	_, _, err = load(t, text, c)
	require.ErrorIs(t, err, c.err)

	p, said, err := load(t, "packages: [", &contexts{})
	require.NoError(t, err)
	assert.Contains(t, said, "error")
	assert.Nil(t, p.Spec)
}

// counting is an evaluator that counts.
type counting struct{ calls int }

func (c *counting) Evaluate(_ context.Context, req configpy.Request) (configpy.Result, error) {
	c.calls++
	return configpy.Result{Folders: make([]configpy.FolderResult, len(req.Folders))}, nil
}

// Packages are searched once for a target, whatever is asked.
func TestSearchesOnce(t *testing.T) {
	c := &contexts{files: map[string]fstest.MapFS{"": {"packages/a/Dockerfile": file(header), "packages/a/config.py": file("")}}}
	e := &counting{}
	p, _, err := project.Load(t.Context(), project.Options{
		File: "jetson.yaml", Data: []byte("target: {l4t: 36.4.3}\npackages: [ninja]\n"), Contexts: c,
		Complete:  func(s *pkgspec.Spec) error { s.Target.Platform = "linux/arm64"; return nil },
		Evaluator: func(*pkgspec.Spec) configpy.Evaluator { return e },
	})
	require.NoError(t, err)
	for range 2 {
		_, _, err = p.Solve(t.Context())
		require.NoError(t, err)
		_, _, err = p.List(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 1, e.calls)
}

// TestSourcesWithoutPackages checks that a missing package gets a hint where the
// listed sources leave out the folder packages, and only there; no context is opened for it.
func TestSourcesWithoutPackages(t *testing.T) {
	const hint = "hint: sources replaces the default: add {dir: packages} to it if the package is in the folder packages of the context"
	for text, want := range map[string]string{
		"sources: [builtin]\npackages: [lidar-app]\n":                  hint,
		"sources: [{dir: robots}, builtin]\npackages: [lidar-app]\n":   hint,
		"sources: [builtin]\npackages: [numpi]\n":                      "hint: did you mean numpy?",
		"sources: [{dir: packages}, builtin]\npackages: [lidar-app]\n": "",
		"sources: [{dir: .}]\npackages: [lidar-app]\n":                 "",
		"packages: [lidar-app]\n":                                      "",
	} {
		c := &contexts{files: map[string]fstest.MapFS{"": {"robots/a/Dockerfile": file("FROM scratch\n"), "packages/b/Dockerfile": file("FROM scratch\n")}}}
		p, _, err := load(t, "target: {jetpack: 6.2}\n"+text, c)
		require.NoError(t, err)
		_, problems, err := p.Solve(t.Context())
		require.NoError(t, err)
		require.Len(t, problems, 1, text)
		assert.Equal(t, strings.TrimPrefix(want, "hint: "), problems[0].Hint, text)
		if strings.Contains(text, "[builtin]") {
			assert.Empty(t, c.opened, text)
		}
	}
	p, _, err := project.Load(t.Context(), project.Options{
		Data: []byte("target: {jetpack: 6.2}\npackages: [lidar-app]\n"), Args: map[string]string{"PACKAGE_DIRS": "robots"},
		Contexts: &contexts{files: map[string]fstest.MapFS{"": {"robots/a/Dockerfile": file("FROM scratch\n")}}},
	})
	require.NoError(t, err)
	_, problems, err := p.Solve(t.Context())
	require.NoError(t, err)
	assert.Contains(t, problems[0].Hint, "--build-arg PACKAGE_DIRS replaces the default: add packages to it")

	p, _, err = project.Load(t.Context(), project.Options{
		Data: []byte("target: {jetpack: 6.2}\npackages: [lidar-app]\n"), Contexts: &contexts{files: map[string]fstest.MapFS{"mine": {}}},
		Complete: func(s *pkgspec.Spec) error {
			s.Sources = []pkgspec.Source{{Kind: plan.Named, Name: "mine", Dir: "."}, {Kind: plan.Builtin, Dir: "."}}
			return nil
		},
	})
	require.NoError(t, err)
	_, problems, err = p.Solve(t.Context())
	require.NoError(t, err)
	assert.Empty(t, problems[0].Hint, "the command line's --source")
}
