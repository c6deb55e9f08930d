package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// upstream is what jetson-containers has, as it was read from its sources.
type upstream struct {
	Commit           string              `json:"commit"`
	Commands         []string            `json:"commands"`
	Flags            map[string][]string `json:"flags"`
	Variables        []string            `json:"variables"`
	PackageVariables []string            `json:"package_variables"`
}

// comparison is the tables of docs/from-jetson-containers.md: rows by heading.
type comparison map[string][][]string

const comparisonPage = "from-jetson-containers.md"

func readUpstream(t *testing.T) upstream {
	t.Helper()
	dt, err := os.ReadFile(filepath.Join("testdata", "upstream.json"))
	require.NoError(t, err)
	var u upstream
	require.NoError(t, json.Unmarshal(dt, &u))
	return u
}

func readComparison(t *testing.T) comparison {
	t.Helper()
	tables := comparison{}
	heading := ""
	for line := range strings.Lines(readPage(t, filepath.Join("..", "..", "docs", comparisonPage))) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "## "); ok {
			heading = rest
		}
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| jetson-containers |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		require.Len(t, cells, 3, line)
		tables[heading] = append(tables[heading], cells)
	}
	return tables
}

// quoted lists what a cell has in backquotes.
func quoted(cell string) []string {
	var words []string
	for _, m := range code.FindAllString(cell, -1) {
		words = append(words, strings.Trim(m, "`"))
	}
	return words
}

// TestComparisonIsComplete holds that the page names all that jetson-containers has, each once, and nothing else.
func TestComparisonIsComplete(t *testing.T) {
	u, tables := readUpstream(t), readComparison(t)
	assert.Contains(t, readPage(t, filepath.Join("..", "..", "docs", comparisonPage)), "commit "+u.Commit[:8])
	want := map[string][]string{
		"Commands": u.Commands, "Flags of build": u.Flags["build"], "Flags of autotag": u.Flags["autotag"], "Flags of run": u.Flags["run"],
		"Variables": u.Variables, "Variables of packages": u.PackageVariables,
	}
	for _, tool := range []string{"install", "upgrade", "db", "docs", "ci"} {
		for _, flag := range u.Flags[tool] {
			name := strings.Replace(tool, "install", "install.sh", 1) + " " + flag
			want["Flags of the other tools"] = append(want["Flags of the other tools"], name)
		}
	}
	for heading, names := range want {
		var got []string
		for _, row := range tables[heading] {
			got = append(got, quoted(row[0])...)
		}
		assert.ElementsMatch(t, names, got, heading)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(tables)), "tables")
}

// TestComparisonIsTrue holds that jetkit has the commands and flags that the page names, and that scripts or integration
// tests try each of them.
func TestComparisonIsTrue(t *testing.T) {
	root := newRoot(&system{})
	scripts := tried(t)
	for heading, rows := range readComparison(t) {
		for _, row := range rows {
			ours := quoted(row[1])
			if len(ours) == 0 {
				assert.Equal(t, "–", strings.TrimSpace(row[1]), "%s: %s", heading, row[0])
				assert.NotEmpty(t, strings.TrimSpace(row[2]), "%s: say why jetkit has no %s", heading, row[0])
			}
			for _, text := range ours {
				if cmd, flag, ok := findFlag(t, root, text); ok {
					assert.True(t, triedAs(cmd, flag).MatchString(scripts), "%s: no test tries %s", heading, text)
				}
			}
		}
	}
}

// findFlag finds what a text like "jetkit build --name" names. The flag is empty if it names a command.
func findFlag(t *testing.T, root *cobra.Command, text string) (cmd *cobra.Command, flag string, ok bool) {
	t.Helper()
	words := strings.Fields(text)
	require.Equal(t, "jetkit", words[0], text)
	cmd, rest, err := root.Find(words[1:])
	require.NoError(t, err, text)
	if !assert.NotEqual(t, root, cmd, "there is no command %s", text) || len(rest) == 0 {
		return cmd, "", cmd != root
	}
	flag = strings.TrimPrefix(strings.Join(rest, " "), "--")
	return cmd, flag, assert.NotNil(t, cmd.Flags().Lookup(flag), "there is no flag %s", text)
}

// tried is the text of all scripts and integration tests.
func tried(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{filepath.Join("testdata", "script", "*.txtar"), filepath.Join("..", "..", "integration", "*_test.go")} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			all.WriteString(readPage(t, file))
		}
	}
	return all.String()
}

// triedAs matches a line that runs a command with a flag, in a script or as words of a Go program.
func triedAs(cmd *cobra.Command, flag string) *regexp.Regexp {
	words := strings.Fields(cmd.CommandPath())
	script := strings.Join(words, " ")
	program := `"` + strings.Join(words[1:], `", "`) + `"`
	if flag == "" {
		return regexp.MustCompile(fmt.Sprintf(`(?m)\b%s( |$)|%s`, script, program))
	}
	names := regexp.QuoteMeta("--" + flag)
	if f := cmd.Flags().Lookup(flag); f.Shorthand != "" {
		names += "|" + regexp.QuoteMeta("-"+f.Shorthand)
	}
	return regexp.MustCompile(fmt.Sprintf(`(?m)(\b%s\b|%s).*["' ](%s)\b`, script, program, names))
}

var (
	upstreamCommand  = regexp.MustCompile(`"\$COMMAND" = "([\w.]+)"`)
	upstreamFlag     = regexp.MustCompile(`(?m)^\s*parser\.add_argument\(((?:\s*'-[-\w]+',?)+)`)
	upstreamWord     = regexp.MustCompile(`-[-\w]+`)
	upstreamVariable = regexp.MustCompile(`environ(?:\.get)?[\[(]\s*['"](\w+)['"]|['"]([A-Z_0-9]+)['"]\s+(?:not )?in os\.environ|get_env(?:_flag)?\(\s*['"](\w+)`)
)

// TestUpstreamAsRecorded compares what is recorded of jetson-containers with a checkout: JETKIT_TREE is its folder of packages.
func TestUpstreamAsRecorded(t *testing.T) {
	tree := os.Getenv("JETKIT_TREE")
	if tree == "" {
		t.Skip("set JETKIT_TREE to the folder of packages of a checkout of jetson-containers")
	}
	u, checkout := readUpstream(t), filepath.Dir(tree)
	commands := map[string]bool{}
	for _, m := range upstreamCommand.FindAllStringSubmatch(readPage(t, filepath.Join(checkout, "jetson-containers")), -1) {
		commands[m[1]] = true
	}
	assert.ElementsMatch(t, u.Commands, slices.Collect(maps.Keys(commands)))
	for tool, module := range map[string]string{"build": "build", "autotag": "tag", "upgrade": "upgrade", "db": "db", "docs": "docs", "ci": "ci"} {
		var flags []string
		for _, m := range upstreamFlag.FindAllStringSubmatch(readPage(t, filepath.Join(checkout, "jetson_containers", module+".py")), -1) {
			flags = append(flags, upstreamWord.FindAllString(m[1], -1)...)
		}
		assert.ElementsMatch(t, u.Flags[tool], flags, tool)
	}
	known := append(slices.Clone(u.Variables), u.PackageVariables...)
	for _, file := range upstreamPrograms(t, checkout) {
		for _, m := range upstreamVariable.FindAllStringSubmatch(readPage(t, file), -1) {
			assert.Contains(t, known, m[1]+m[2]+m[3], file)
		}
	}
}

// upstreamPrograms lists the Python files that run on the host.
func upstreamPrograms(t *testing.T, checkout string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(checkout, "jetson_containers", "*.py"))
	require.NoError(t, err)
	err = filepath.WalkDir(filepath.Join(checkout, "packages"), func(name string, _ os.DirEntry, err error) error {
		if base := filepath.Base(name); base == "config.py" || base == "version.py" {
			files = append(files, name)
		}
		return err
	})
	require.NoError(t, err)
	return files
}
