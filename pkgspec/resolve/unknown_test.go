package resolve

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

// evaluatorFunc makes an evaluator of a function.
type evaluatorFunc func(configpy.Request) (configpy.Result, error)

func (f evaluatorFunc) Evaluate(_ context.Context, req configpy.Request) (configpy.Result, error) {
	return f(req)
}

// failing is a config.py that fails, answering the outcome of a config.py that runs.
func failing(req configpy.Request) (configpy.Result, error) {
	result := configpy.Result{}
	for range req.Folders {
		result.Folders = append(result.Folders, configpy.FolderResult{Error: &configpy.Failure{Message: "NameError: x"}})
	}
	return result, nil
}

// TestUnknownPackage checks that the names of a package that is unknown, because
// what declares it could not be run, do not find another package in silence.
func TestUnknownPackage(t *testing.T) {
	library := treeOf("name: cmake:apt\nalias: cmake\n\nname: cmake:pip\n\nname: tool\ndepends: cmake\n\nname: fine")
	files := func(header string) fstest.MapFS {
		return fstest.MapFS{
			"cmake/Dockerfile": {Data: []byte(header + "FROM scratch\n")}, "cmake/config.py": {},
			"app/Dockerfile": {Data: []byte("#---\n# depends: cmake:pip\n#---\nFROM scratch\n")},
		}
	}
	away := evaluatorFunc(func(configpy.Request) (configpy.Result, error) {
		return configpy.Result{}, errors.New("the registry is away")
	})
	none := evaluatorFunc(func(configpy.Request) (configpy.Result, error) {
		return configpy.Result{Folders: []configpy.FolderResult{{Disabled: true}}}, nil
	})
	empty := evaluatorFunc(func(configpy.Request) (configpy.Result, error) {
		return configpy.Result{Folders: []configpy.FolderResult{{Packages: []json.RawMessage{}}}}, nil
	})
	for _, test := range []struct {
		name, header string
		evaluator    configpy.Evaluator
		request      string
		// want is the chain, or after "error: " what the errors say.
		want string
		warn string
	}{
		{"a bare name, nothing can be run", "", away, "cmake", "error: cmake is disabled: its config.py could not be run: the registry is away", ""},
		{"a bare name, one file fails", "", evaluatorFunc(failing), "cmake", "error: config.py failed, so package cmake is disabled: NameError: x", ""},
		{"a bare name, nobody runs it", "", nil, "cmake", "error: cmake is disabled: configured by config.py", ""},
		{"needed by another tree", "", evaluatorFunc(failing), "tool", "error: config.py failed, so package cmake is disabled: NameError: x", ""},
		{"a header with a tag", "#---\n# name: cmake:3.31\n#---\n", away, "cmake", "error: cmake:3.31 is disabled", ""},
		{"an alias of the header", "#---\n# name: cmk\n# alias: cmake\n#---\n", away, "cmake", "error: cmk is disabled", ""},
		{"a pattern", "", away, "cma*", "error: cmake is disabled", ""},
		{"a tag that nobody else has", "", away, "cmake:3.31", "error: cmake is disabled: its config.py could not be run", ""},
		{"a tag that another tree has", "", away, "cmake:apt", "cmake:apt", "cmake:apt is taken from builtin:cmake-apt, but cmake may declare it too"},
		{"needed by a tag", "", evaluatorFunc(failing), "app", "cmake:pip app", "cmake:pip is taken from builtin:cmake-pip"},
		{"another name", "", away, "fine", "fine", ""},
		{"disabled on purpose", "", none, "cmake", "cmake:apt", ""},
		{"nothing declared on purpose", "", empty, "cmake", "cmake:apt", ""},
		{"left out", "", away, "tool -cmake", "tool", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			mine := pkgmeta.Tree{FS: files(test.header), Kind: plan.Context, Dir: "."}
			cat, problems := pkgmeta.Scan(t.Context(), []pkgmeta.Tree{mine, library}, nil, pkgmeta.ScanOptions{Evaluator: test.evaluator})
			require.False(t, problems.HasErrors(), printed(problems))
			p, problems := Resolve(request(strings.Fields(test.request)...), cat, target, base)
			if want, fails := strings.CutPrefix(test.want, "error: "); fails {
				require.Nil(t, p, "it was planned")
				assert.Contains(t, printed(problems), want)
				assert.Equal(t, 1, strings.Count(printed(problems), " error: "), "one problem is reported once: %s", printed(problems))
				return
			}
			require.NotNil(t, p, printed(problems))
			assert.Equal(t, test.want, chain(p))
			if test.warn != "" {
				assert.Contains(t, printed(problems), test.warn)
			}
		})
	}
}

// TestBadRequirementIsNoVeto checks that a package with a requirement that is none
// is what its name means: a typo must not select another package in silence.
func TestBadRequirementIsNoVeto(t *testing.T) {
	library := treeOf("name: cmake:apt\nalias: cmake")
	for name, test := range map[string]struct{ mine, request, want string }{
		"a bare name":                    {"name: cmake\nrequires: '>>35'", "cmake", "error: is not a requirement"},
		"a tag and an alias":             {"name: cmake:3\nalias: cmake\nrequires: '>>35'", "cmake", "error: is not a requirement"},
		"one of two holds":               {"name: cmake\nrequires: ['>=35', '>>35']", "cmake", "error: is not a requirement"},
		"a pattern":                      {"name: cmake\nrequires: '>>35'", "cm*", "error: is not a requirement"},
		"versions":                       {"name: cmake\nvariants: [{version: 1, requires: '>>35'}]", "cmake", "error: is not a requirement"},
		"another one fails":              {"name: cmake\nrequires: ['>=99', '>>35']", "cmake", "cmake:apt"},
		"it is disabled":                 {"name: cmake\nrequires: '>>35'\ndisabled: true", "cmake", "cmake:apt"},
		"another one of the name before": {"name: cmake:1\nalias: cmake\n\nname: cmake:2\nalias: cmake\nrequires: '>>35'", "cmake", "cmake:1"},
	} {
		t.Run(name, func(t *testing.T) {
			cat, problems := pkgmeta.Scan(t.Context(), []pkgmeta.Tree{treeOf(test.mine), library}, nil, pkgmeta.ScanOptions{})
			require.False(t, problems.HasErrors(), printed(problems))
			p, problems := Resolve(request(test.request), cat, target, base)
			if want, fails := strings.CutPrefix(test.want, "error: "); fails {
				require.Nil(t, p, "it was planned")
				assert.Contains(t, printed(problems), want)
				return
			}
			require.NotNil(t, p, printed(problems))
			assert.Equal(t, test.want, chain(p))
		})
	}
}

// TestLeftOutFolders checks that messages name the folders that the search left out.
func TestLeftOutFolders(t *testing.T) {
	library := treeOf("name: cmake:apt\nalias: cmake\n\nname: fine")
	files := cachefs.New(fstest.MapFS{
		"cmake/Dockerfile": {}, "group/robot/Dockerfile": {}, "app/Dockerfile": {}, "linked": {Mode: fs.ModeSymlink, Data: []byte("../elsewhere")},
		"fine": {Mode: fs.ModeSymlink, Data: []byte("app")}, ".git/x": {},
	}, cachefs.Options{Hidden: func(name string, isDir bool) bool { return isDir && name != "app" && name != "." }})
	const ignored = "not searched, as .dockerignore leaves it out: cmake, group"
	for name, want := range map[string]string{
		"cmake":     "warning: cmake:apt is taken from builtin:cmake-apt, but cmake may hold it too: .dockerignore leaves it out",
		"cmake:apt": "warning: cmake:apt is taken from builtin:cmake-apt, but cmake may hold it too: .dockerignore leaves it out",
		"fine":      "warning: fine is taken from builtin:fine, but fine may hold it too: it is a link, which the search does not follow",
		"robot":     "there is no package robot [missing-package]\n    hint: " + ignored,
		"apq":       "    hint: did you mean app?\n          " + ignored,
		"linked":    "    hint: linked is not searched: it is a link, which the search does not follow",
		"group:2":   "    hint: group is not searched: .dockerignore leaves it out",
		"app":       "",
	} {
		cat, problems := pkgmeta.Scan(t.Context(), []pkgmeta.Tree{{FS: files, Kind: plan.Context, Dir: "."}, library}, nil, pkgmeta.ScanOptions{})
		require.Empty(t, problems)
		_, problems = Resolve(request(name), cat, target, base)
		if want == "" {
			assert.Empty(t, problems, name)
			continue
		}
		assert.Contains(t, printed(problems), want, name)
	}
}
