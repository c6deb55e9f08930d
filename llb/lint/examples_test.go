package lint_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/lint"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

var update = flag.Bool("update", false, "rewrite what is reported in testdata/rules.txtar")

const examplesFile = "testdata/rules.txtar"

// facts are those of the examples.
func facts() lint.Facts {
	return lint.Facts{
		File: "packages/a/Dockerfile", Package: "a", Args: map[string]string{"CUDA_VERSION": "12.6", "PYTHON_VERSION": "3.10", "ROS_DISTRO": "humble"},
		IsContext: func(name string) bool { return name == "models" }, Env: map[string]bool{"PATH": true, "ROS_DISTRO": true}, Unbased: true,
		OtherGeneration: func(ref string) (message, hint string) {
			if strings.Contains(ref, "r35") {
				return ref + " is old", "take a new one"
			}
			return "", ""
		},
	}
}

// TestExamples checks that each bad example is reported by its rule and by no other, and that
// nothing is said of the good one.
func TestExamples(t *testing.T) {
	archive, err := txtar.ParseFile(examplesFile)
	require.NoError(t, err)
	reports, found := map[string]string{}, map[string]string{}
	order := []string{}
	kept := []txtar.File{}
	for _, f := range archive.Files {
		rule, rest, _ := strings.Cut(f.Name, "/")
		kind, name, _ := strings.Cut(rest, "/")
		if kind == "report" {
			reports[rule] = string(f.Data)
			continue
		}
		kept = append(kept, f)
		problems := lint.Check(f.Data, facts())
		if name != facts().File {
			problems = lint.TestData(name, f.Data, diag.Range{}, nil)
		}
		if kind == "good" {
			assert.Empty(t, problems, f.Name)
			continue
		}
		order = append(order, rule)
		require.NotEmpty(t, problems, f.Name)
		for _, d := range problems {
			assert.Equal(t, rule, d.Rule.Name, d.String())
			assert.True(t, d.Rule.CheckOnly)
			found[rule] += d.String() + "\n"
		}
	}
	if *update {
		for _, rule := range order {
			kept = append(kept, txtar.File{Name: rule + "/report", Data: []byte(found[rule])})
		}
		require.NoError(t, os.WriteFile(examplesFile, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: kept}), 0o644))
		return
	}
	assert.Equal(t, found, reports, "run go test ./llb/lint -run Examples -update")
	for _, g := range rules.Groups() {
		for _, rule := range g.Rules {
			if rule == rules.IgnoresBase || rule == rules.TestData || rule == rules.HiddenFailure {
				assert.Contains(t, found, rule.Name)
			}
		}
	}
}
