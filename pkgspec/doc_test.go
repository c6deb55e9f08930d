package pkgspec

import (
	"os"
	"regexp"
	"strings"
	"testing"

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
	if err != nil {
		t.Fatal(err)
	}
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
			if got := printed(problems); got != body {
				t.Errorf("the page says\n%s\nbut the loader says\n%s", body, got)
			}
		}
	}
	l := &loader{spec: &Spec{}}
	for _, a := range l.arguments() {
		if !strings.Contains(page, "`"+a.name+"`") || !strings.Contains(page, "`"+a.key+"`") {
			t.Errorf("%s (%s) is not documented", a.name, a.key)
		}
	}
}

func printed(problems diag.List) string {
	var b strings.Builder
	for _, d := range problems {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
