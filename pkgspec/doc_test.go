package pkgspec

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

// docBlock finds the fenced blocks of a Markdown page.
var docBlock = regexp.MustCompile("(?ms)^```(\\w[^\n]*)\n(.*?)^```\n")

// docArgs finds the sentence that says which build arguments the errors of the
// next block are about.
var docArgs = regexp.MustCompile(`--build-arg (\w+)=([^ \x60]+)`)

// TestDocumentation checks docs/jetson-yaml.md against the loader: its files
// load, its errors are what the loader prints, and it leaves nothing out.
func TestDocumentation(t *testing.T) {
	data, err := os.ReadFile("../docs/jetson-yaml.md")
	require.NoError(t, err)
	page := string(data)
	file, after := "", 0
	for _, m := range docBlock.FindAllStringSubmatchIndex(page, -1) {
		kind, body, before := page[m[2]:m[3]], page[m[4]:m[5]], page[after:m[0]]
		after = m[1]
		switch kind {
		case "yaml":
			load(t, body, nil)
		case "yaml faulty":
			file = body
		case "text":
			build := map[string]string{}
			for _, a := range docArgs.FindAllStringSubmatch(before, -1) {
				build[a[1]] = a[2]
				file = "packages: numpy\n"
			}
			_, problems := Load("jetson.yaml", []byte(file), build)
			assert.Equal(t, body, printed(problems), "the page says\n%s\nbut the loader", body)
		}
	}
}

// update writes what is generated into the repository instead of comparing with it.
var update = flag.Bool("update", false, "write generated files instead of comparing with them")

// TestKeysPage compares the table of keys of docs/jetson-yaml.md with the settings.
func TestKeysPage(t *testing.T) {
	const file, head = "../docs/jetson-yaml.md", "| key | value | default | build argument |\n| --- | --- | --- | --- |\n"
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), head)
	require.True(t, found)
	table, after, _ := strings.Cut(rest, "\n\n")
	var want strings.Builder
	for _, s := range settings {
		key, arg := "`"+s.key+"`", ""
		if s.arg != "" {
			arg = "`" + s.arg + "`"
		}
		if s.argOnly {
			key = ""
		}
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", key, s.about, s.unset, arg)
		want.WriteString(strings.NewReplacer("|  |  |", "| | |", "|  |", "| |").Replace(row))
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+head+strings.TrimSuffix(want.String(), "\n")+"\n\n"+after), 0o644))
		return
	}
	assert.Equal(t, want.String(), table+"\n", "go test ./pkgspec -update writes it anew")
}

func printed(problems diag.List) string {
	var b strings.Builder
	for _, d := range problems {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
