package check_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/check"
	"jetkit/pkgspec/diag"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]check.Options{
		"":                            {},
		"skip=a":                      {Skip: []string{"a"}},
		"skip = a , b ; error = true": {Skip: []string{"a", "b"}, Error: true},
		"error=1;skip=all":            {SkipAll: true, Error: true},
		"experimental=all":            {},
	} {
		got, err := check.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"skip":          `"skip" is no option`,
		"eror=true":     `there is no option "eror"`,
		"error=maybe":   `error is true or false, not "maybe"`,
		"skip=a;":       `"" is no option`,
		"a=b;c=d;e=f;g": `there is no option "a"`,
	} {
		_, err := check.Parse(text)
		require.EqualError(t, err, want)
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]struct {
		dockerfile, yaml string
		line             int
	}{
		"# check=skip=all\n":                         {"skip=all", "skip=all", 1},
		"#  Check = error=true  \r\n":                {"error=true", "error=true", 1},
		"\ufeff# syntax=x\n# check=skip=a;error=1":   {"skip=a;error=1", "skip=a;error=1", 2},
		"#!/x\n# escape=`\n# check=skip=a\n":         {"skip=a", "skip=a", 3},
		"# syntax=x\n# its schema\n# check=skip=a\n": {"", "skip=a", 3},
		"# a: $schema=b\n# check=skip=a\n":           {"", "skip=a", 2},
		"# check=skip=a as b does\n":                 {"skip=a", "skip=a", 1},
		"\n# check=skip=a\n":                         {},
		"packages: a\n# check=skip=a\n":              {},
		"# checks=skip=a\n":                          {},
		"":                                           {},
	} {
		options, line := check.LineOfDockerfile([]byte(text))
		assert.Equal(t, want.dockerfile, options, text)
		if options != "" {
			assert.Equal(t, want.line, line, text)
		}
		options, line = check.LineOfYAML([]byte(text))
		assert.Equal(t, want.yaml, options, text)
		assert.Equal(t, want.line, line, text)
	}
}

func TestSet(t *testing.T) {
	var all diag.List
	all.Warnf(diag.Rule{Name: "a"}, diag.Range{File: "f"}, "", "one")
	all.Warnf(diag.Rule{Name: "b"}, diag.Range{File: "f"}, "", "two")
	all.Errorf(diag.Rule{Name: "a"}, diag.Range{File: "f"}, "", "three")
	all.Warnf(diag.Rule{Name: "a"}, diag.Range{}, "", "four")
	files := check.Set{Of: func(file string) check.Options {
		if file == "f" {
			return check.Options{Skip: []string{"a"}, Error: true}
		}
		return check.Options{}
	}}
	shown := func(l diag.List) (texts []string) {
		for _, d := range l {
			texts = append(texts, string(d.Severity)+" "+d.Message)
		}
		return texts
	}
	assert.Equal(t, []string{"warning two", "error three", "warning four"}, shown(files.Filter(all)))
	assert.Equal(t, []string{"error two", "error three", "warning four"}, shown(files.Strict(files.Filter(all))))
	assert.Equal(t, diag.Warning, all[1].Severity, "the list itself stays")
	files.All = &check.Options{SkipAll: true}
	assert.Equal(t, []string{"error three"}, shown(files.Filter(all)), "the argument wins")
}
