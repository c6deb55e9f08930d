package frontend

import (
	"maps"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/check"
)

// The options of checks mean to jetkit what they mean to BuildKit.
func FuzzCheckOptions(f *testing.F) {
	for _, text := range []string{"", "skip=all", "skip=a, b;error=true", "error=1;experimental=x", "error=x", "skip", "a=b", "skip=;", "error=T;skip=all;skip=a", "skip=a;b;c;d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		theirs, failed := linter.ParseLintOptions(text)
		ours, err := check.Parse(text)
		require.Equal(t, failed != nil, err != nil)
		if err != nil {
			return
		}
		assert.Equal(t, theirs.ReturnAsError, ours.Error)
		for _, rule := range append(theirs.SkipRules, "some-rule") {
			found := false
			linter.New(&linter.Config{SkipAll: theirs.SkipAll, SkipRules: theirs.SkipRules, Warn: func(string, string, string, string, []parser.Range) { found = true }}).
				Run(&linter.LinterRule[func()]{Name: rule}, nil)
			assert.Equal(t, !found, ours.Skips(rule), rule)
		}
	})
}

// A Dockerfile's line is where BuildKit finds it.
func FuzzCheckLine(f *testing.F) {
	for _, text := range []string{"# check=a", "#check = a \n", "# syntax=x\n# check=a\r\n", "\n# check=a", "# x\n# check=a", "\ufeff# check=a", "#!/x\n# check=a", "# escape=`\n# check=a=b c", "# check=", "## check=a", "# foo=a\n# check=b", "FROM x\n# check=a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		theirs, _, at, ok := parser.ParseDirective("check", []byte(text))
		ours, line := check.LineOfDockerfile([]byte(text))
		require.Equal(t, ok, line > 0)
		if ok {
			assert.Equal(t, theirs, ours)
			assert.Equal(t, at[0].Start.Line, line)
		}
	})
}

// A check finds more than a build warns of, and jetson.yaml has a say in both.
func TestCheckOfJetsonYAML(t *testing.T) {
	files := map[string]string{"packages/a/Dockerfile": header("name: a")}
	for name, test := range map[string]struct {
		line string
		// build and check are the rules that each reports, failed what the check's error says.
		build, check []string
		failed       string
	}{
		"as it is": {build: []string{"unused-arg"}, check: []string{"unused-arg", "unpinned-image"}},
		"skipped":  {line: "# check=skip=unpinned-image", build: []string{"unused-arg"}, check: []string{"unused-arg"}},
		"skip all": {line: "# check=skip=all"},
		"an error": {line: "# check=error=true", check: []string{"unused-arg", "unpinned-image"}, failed: "[unused-arg]"},
		"an error for a check alone": {
			line: "# check=skip=unused-arg;error=true", check: []string{"unpinned-image"}, failed: "[unpinned-image]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files["jetson.yaml"] = test.line + "\ntarget: {l4t: 36.4.3}\nbase: debian\npackages: [a]\nargs: {FOO: 1}\n"
			built := gateway(files, nil)
			_, err := Build(t.Context(), built)
			if strings.Contains(test.failed, "unused-arg") {
				require.ErrorContains(t, err, test.failed)
			} else {
				require.NoError(t, err)
			}
			assert.ElementsMatch(t, test.build, rulesIn(built.Warnings()))

			warnings, failed := checked(t, gateway(files, map[string]string{"requestid": lint.RequestLint}))
			assert.ElementsMatch(t, test.check, rulesIn(warnings))
			if test.failed == "" {
				assert.Nil(t, failed)
			} else if assert.NotNil(t, failed) {
				assert.Contains(t, failed.Message, test.failed)
			}
		})
	}
}

// A check looks into the packages' Dockerfiles and tests. A build warns of what is a danger.
func TestCheckOfPackages(t *testing.T) {
	files := map[string]string{
		"packages/a/Dockerfile": header("name: a") + "ENV FOO=1\nRUN apt-get update\n",
		"packages/b/Dockerfile": header("name: b", "depends: a", "build_args: {FOO: 1, BAR: 1}", "test: test.sh") + "RUN echo $FOO $BAR\n# check=skip=hidden-failure\nRUN make || true\n",
		"packages/b/test.sh":    "cat /data/a.json\n",
		"packages/c/Dockerfile": "FROM nvcr.io/nvidia/l4t-jetpack:r35.4.1\n",
	}
	const unused = "unused-build-arg: packages/b/Dockerfile"
	for name, test := range map[string]struct {
		packages, base, a string
		opts              map[string]string
		build, check      []string
		// failed is what the check's error says, and stops is set if it stops the build too.
		failed string
		stops  bool
	}{
		"a chain": {
			packages: "b", build: []string{unused + ":4:16", unused + ":4:24"},
			check: []string{
				"apt-lists: packages/a/Dockerfile:8", "test-data: packages/b/test.sh:1", "undeclared-arg: packages/b/Dockerfile:10",
				unused + ":4:16", unused + ":4:24",
			},
		},
		"skipped": {packages: "a", a: "# check=skip=apt-lists\n"},
		"an error": {
			packages: "a", a: "# check=error=true\n", check: []string{"apt-lists: packages/a/Dockerfile:9"}, failed: "[apt-lists]",
		},
		"skipped by the build": {packages: "a", opts: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=apt-lists"}},
		"an error of the build": {
			packages: "a", opts: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "error=true"}, check: []string{"apt-lists: packages/a/Dockerfile:8"}, failed: "[apt-lists]",
		},
		"data of the user's": {packages: "b", opts: map[string]string{"build-arg:TEST_DATA": "models", "build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=apt-lists,unused-build-arg,undeclared-arg"}},
		"the first one's base": {
			packages: "c", build: []string{"other-generation: packages/c/Dockerfile:1"},
			check: []string{"ignores-base: packages/c/Dockerfile:1", "other-generation: packages/c/Dockerfile:1"},
		},
		"the first one's base, asked for": {
			packages: "c", base: "base: debian:12", build: []string{"chain-dropped: packages/c/Dockerfile:1:1", "other-generation: packages/c/Dockerfile:1"},
			check: []string{"chain-dropped: packages/c/Dockerfile:1:1", "other-generation: packages/c/Dockerfile:1"},
		},
		"another one's base, skipped": {
			packages: "[a, c]", opts: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=chain-dropped,other-generation,apt-lists"},
		},
		"another one's base, an error": {
			packages: "[a, c]", opts: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=apt-lists,other-generation;error=true"},
			check: []string{"chain-dropped: packages/c/Dockerfile:1:1"}, failed: "[chain-dropped]", stops: true,
		},
		"another one's base": {
			packages: "[a, c]", build: []string{"chain-dropped: packages/c/Dockerfile:1:1", "other-generation: packages/c/Dockerfile:1"},
			check: []string{"apt-lists: packages/a/Dockerfile:8", "chain-dropped: packages/c/Dockerfile:1:1", "other-generation: packages/c/Dockerfile:1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := maps.Clone(files)
			tree["packages/a/Dockerfile"] = test.a + tree["packages/a/Dockerfile"]
			tree["jetson.yaml"] = "target: {l4t: 36.4.3}\npackages: " + test.packages + "\n" + test.base + "\n"
			opts := map[string]string{}
			maps.Copy(opts, test.opts)
			built := gateway(tree, opts)
			_, err := Build(t.Context(), built)
			if test.stops {
				require.ErrorContains(t, err, test.failed)
			} else {
				require.NoError(t, err)
			}
			assert.ElementsMatch(t, test.build, shortened(built.Warnings()))

			opts["requestid"] = lint.RequestLint
			warnings, failed := checked(t, gateway(tree, opts))
			assert.ElementsMatch(t, test.check, shortened(warnings))
			if test.failed == "" {
				assert.Nil(t, failed)
			} else if assert.NotNil(t, failed) {
				assert.Contains(t, failed.Message, test.failed)
			}
		})
	}
}

// shortened returns rules and places of warnings, those of a build and of a check alike.
func shortened(warnings []string) []string {
	var short []string
	for _, w := range warnings {
		rule, rest, _ := strings.Cut(w, ": ")
		place, _, _ := strings.Cut(rest, ": ")
		if at := strings.LastIndex(w, " ("); !strings.HasPrefix(place, "packages/") {
			place = strings.TrimSuffix(w[at+2:], ")")
		}
		short = append(short, rule+": "+place)
	}
	return short
}

// A base image that jetkit built says what for.
func TestBaseOfAnotherDriver(t *testing.T) {
	for l4t, want := range map[string][]string{
		"35.4.1": {"other-generation: the base image robots/app:2 is for L4T 35.4.1 (JetPack 5.1), and the target has L4T 36.4.3 (JetPack 6.1 and later 6), by its label (jetson.yaml:2:7)"},
		"36.4.7": nil, "99.1": nil, "none": nil, "": nil,
	} {
		g := gateway(map[string]string{
			"jetson.yaml": "target: {l4t: 36.4.3}\nbase: robots/app:2\npackages: a\n", "packages/a/Dockerfile": header("name: a"),
		}, nil)
		g.Config.Config.Labels = map[string]string{"io.jetkit.built-for.l4t": l4t}
		_, err := Build(t.Context(), g)
		require.NoError(t, err)
		assert.Equal(t, want, g.Warnings(), l4t)
	}
}
