package yamlnode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

// dump prints a node and what it holds, each with its place.
func dump(n *Node) string {
	var b strings.Builder
	var write func(n *Node, indent string)
	write = func(n *Node, indent string) {
		fmt.Fprintf(&b, " %s", place(n.At))
		if n.Kind == Scalar {
			fmt.Fprintf(&b, " %q", n.Text)
		}
		b.WriteString("\n")
		for _, item := range n.Items {
			b.WriteString(indent + "-")
			write(item, indent+"  ")
		}
		for _, f := range n.Fields {
			fmt.Fprintf(&b, "%s%s %s:", indent, place(f.KeyAt), f.Key)
			write(f.Value, indent+"  ")
		}
	}
	write(n, "")
	return b.String()
}

func place(at diag.Range) string {
	return fmt.Sprintf("%d:%d-%d:%d", at.Start.Line, at.Start.Column, at.End.Line, at.End.Column)
}

// TestPlaces reads one document as YAML, as JSON and as the header of a
// Dockerfile: the nodes are the same, and their places are those in the file.
func TestPlaces(t *testing.T) {
	const text = "{\"é\": [3.10, \"b c\", true],\n \"d\": {\"e\": null}}"
	const want = ` 1:1-2:19
1:2-1:6 é: 1:8-1:27
  - 1:9-1:13 "3.10"
  - 1:15-1:20 "b c"
  - 1:22-1:26 "true"
2:2-2:5 d: 2:7-2:18
  2:8-2:11 e: 2:13-2:17 "null"
`
	root, problems := ReadYAML(Source{File: "x", Text: []byte(text)})
	require.Empty(t, problems)
	assert.Equal(t, want, dump(root))
	root, problems = ReadJSON(Source{File: "x", Text: []byte("\ufeff" + text)})
	require.Empty(t, problems)
	assert.Equal(t, strings.ReplaceAll(want, `"null"`, `""`), dump(root))

	root, problems = ReadYAML(Source{File: "x", Text: []byte("a: [é, b]\nc: d\n"), Line: 7, Column: 1})
	require.Empty(t, problems)
	assert.Equal(t, ` 8:2-9:6
8:2-8:3 a: 8:5-8:12
  - 8:6-8:8 "é"
  - 8:10-8:11 "b"
9:2-9:3 c: 9:5-9:6 "d"
`, dump(root))
}

// TestOneSetOfProblems checks that each format reports the same fault alike, and
// at its place in the file.
func TestOneSetOfProblems(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	deeper := strings.Repeat("[", 20_000)
	const tooDeep = "too-deep: lists and mappings are nested more than 32 deep"
	for _, c := range []struct{ name, text, yaml, json string }{
		{"depth", "{\"a\":\n" + deep + "}", "8:33 " + tooDeep, "8:33 " + tooDeep},
		{"depth beyond the parser's own limit", "{\"a\":\n" + deeper + "}", "7:2 " + tooDeep, "8:33 " + tooDeep},
		{"a key twice", "{\"a\": 1,\n\"a\": 2}", `8:2 duplicate-key: the key "a" occurs twice`, `8:2 duplicate-key: the key "a" occurs twice`},
		{"NUL", `{"a": "\u0000"}`, "7:8 bad-value: the text holds a NUL character", "7:8 bad-value: the text holds a NUL character"},
		{"not UTF-8", "{\"a\": \"\xff\"}", "7:9 bad-character: the file holds the byte 0xff, which is not UTF-8 text", "7:9 bad-character: the file holds the byte 0xff, which is not UTF-8 text"},
		{"old line ends", "{\"a\":\r1}", "7:7 bad-character: the file holds a carriage return without a line feed", "7:7 bad-character: the file holds a carriage return without a line feed"},
		{"not closed", "{\"a\": 1\n", "7:2 yaml-syntax: a mapping that begins with { is not closed, or a comma is missing in it", "7:9 json-syntax: the JSON is not valid: it ends too early"},
		{"a second document", "{}\n---\n{}", "8:2 several-documents: the file holds more than one YAML document", "8:2 json-syntax: the JSON is not valid: there is text after the end of the document"},
		{"nothing", " \n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for want, read := range map[*string]func(Source) (*Node, diag.List){&c.yaml: ReadYAML, &c.json: ReadJSON} {
				_, problems := read(Source{File: "x", Text: []byte(c.text), Line: 6, Column: 1})
				got := ""
				if len(problems) > 0 {
					d := problems[0]
					got = fmt.Sprintf("%d:%d %s: %s", d.At.Start.Line, d.At.Start.Column, d.Rule.Name, d.Message)
				}
				assert.Equal(t, *want, got)
			}
		})
	}
}

func TestTruth(t *testing.T) {
	for text, want := range map[string][2]bool{
		"true": {true, true}, "Yes": {true, true}, "ON": {true, true}, "false": {false, true}, "no": {false, true}, "off": {false, true},
		"1": {}, "y": {}, "": {}, "none": {},
	} {
		value, ok := Truth(text)
		assert.Equal(t, want, [2]bool{value, ok}, text)
	}
}
