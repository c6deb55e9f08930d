package layers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updatePage = flag.Bool("update-page", false, "write the table of rules to docs/layers.md")

// TestRulesPage keeps the table of docs/layers.md that of rules.json.
func TestRulesPage(t *testing.T) {
	const page, begin, end = "../../docs/layers.md", "<!-- rules: generated from llb/layers/rules.json -->\n", "<!-- end of rules -->\n"
	rules, err := readRules()
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("| paths | what | why |\n| --- | --- | --- |\n")
	for _, r := range rules {
		fmt.Fprintf(&table, "| `%s` | %s | %s [source](%s) |\n", strings.Join(r.Paths, "`<br>`"), meaning(r), r.Reason, source(r.Source))
	}
	dt, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(dt), begin)
	require.True(t, ok, "the page has no place for the table")
	was, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "the table has no end")
	if *updatePage {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+table.String()+end+after), 0o644))
		return
	}
	require.Equal(t, table.String(), was, "run go test ./llb/layers -run RulesPage -update-page")
}

// meanings say what each kind does, for the page.
var meanings = map[kind]string{
	kindPlain: "compared", kindSkip: "left alone", kindDrop: "dropped", kindEither: "the later one", kindConcat: "one behind the other",
	kindUnion: "the lines of both", kindKeyed: "joined by entry", kindRun: "made anew",
}

// meaning says what a row does, and of what.
func meaning(r rule) string {
	if len(r.Inputs) == 0 {
		return meanings[r.Kind]
	}
	return meanings[r.Kind] + " of `" + strings.Join(r.Inputs, "`, `") + "`"
}

// source returns where a source is from the page.
func source(of string) string {
	if strings.Contains(of, "://") {
		return of
	}
	return "../" + of
}
