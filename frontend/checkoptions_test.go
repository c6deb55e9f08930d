package frontend

import (
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
