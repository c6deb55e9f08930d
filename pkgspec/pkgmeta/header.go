package pkgmeta

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// The sizes that metadata may have. Real headers are below 2 KiB.
const (
	maxHeader     = 64 << 10
	maxDockerfile = 1 << 20
)

// headerFence opens and closes the metadata in a Dockerfile's first comments.
const headerFence = "#---"

// header is the metadata in a Dockerfile's first comments.
type header struct {
	fields   fields
	problems diag.List
}

// readHeader reads the YAML between two "#---" lines in the comments that a
// Dockerfile starts with. Comments before it, such as "# syntax=", are skipped;
// so are empty lines. Every place it reports is one of the Dockerfile. A
// Dockerfile without a header has no metadata, which is no fault.
func readHeader(file string, dockerfile []byte) header {
	whole := diag.Range{File: file}
	var h header
	if len(dockerfile) > maxDockerfile {
		h.problems.Errorf(rules.TooLarge, whole, "", "the Dockerfile is larger than %d KiB", maxDockerfile>>10)
		return h
	}
	block := findHeader(dockerfile)
	fence := diag.Range{File: file, Start: diag.Position{Line: block.line, Column: 1}}
	switch {
	case block.line == 0:
		if block.almost > 0 {
			h.problems.Warnf(rules.AlmostHeader, diag.Range{File: file, Start: diag.Position{Line: block.almost, Column: 1}},
				"write #--- without a space", "this looks like a header's fence, so the metadata below it is not read")
		}
		return h
	case !block.closed:
		h.problems.Errorf(rules.UnterminatedHeader, fence, "end the header with another #--- line, and start each of its lines with #",
			"the header that starts here has no end")
		return h
	case len(block.yaml) > maxHeader:
		h.problems.Errorf(rules.TooLarge, fence, "", "the header is larger than %d KiB", maxHeader>>10)
		return h
	}
	doc := document{file: file, text: block.yaml, line: block.line, column: 1}
	h.fields, h.problems = doc.readMapping("the header")
	return h
}

// headerBlock is where a header is.
type headerBlock struct {
	// yaml is the text between the fences without the leading "#"s.
	yaml []byte
	// line is the opening fence's line, 0 if there is none.
	line   int
	closed bool
	// almost is the line of a comment that is a fence but for white space.
	almost int
}

// findHeader finds the header among the first comments.
func findHeader(dockerfile []byte) headerBlock {
	var block headerBlock
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(dockerfile, []byte("\ufeff"))) {
		number++
		isFence := string(bytes.TrimRight(line, " \t\r\n")) == headerFence
		if block.almost == 0 && string(bytes.ReplaceAll(bytes.TrimSpace(line), []byte(" "), nil)) == headerFence {
			block.almost = number
		}
		switch {
		case block.line == 0 && isFence:
			block.line = number
		case isFence:
			block.closed = true
			return block
		case line[0] == '#' && block.line > 0:
			block.yaml = append(block.yaml, line[1:]...)
		case line[0] == '#' || block.line == 0 && len(bytes.TrimSpace(line)) == 0:
		default:
			return block
		}
	}
	return block
}

// document is YAML text inside a file of the user's.
type document struct {
	file string
	text []byte
	// line and column count what stands before the text in its file: lines, and
	// bytes on every line.
	line, column int
	// lines is the text by lines, made when the first place is asked for.
	lines [][]byte
}

// readMapping parses the text and reads its metadata keys. what names the text
// in messages.
func (d *document) readMapping(what string) (fields, diag.List) {
	root, problems := d.parse()
	if root == nil {
		return nil, problems
	}
	if root.Kind != yaml.MappingNode {
		problems.Errorf(rules.WrongType, d.at(root), "write key: value lines, such as name: numpy", "%s must be a mapping, not %s", what, describe(root))
		return nil, problems
	}
	r := reader{at: d.at}
	read := r.read(root)
	return read, atMost(r.problems, maxProblems)
}

// maxProblems is how many problems of one file are worth reading.
const maxProblems = 50

// atMost cuts a list of problems off.
func atMost(problems diag.List, limit int) diag.List {
	return problems[:min(len(problems), limit)]
}

// parse gives the root node, or nil for empty or wrong YAML.
func (d *document) parse() (root *yaml.Node, problems diag.List) {
	// yaml.v3 turns its own errors into values, but not what it did not expect
	// of itself; metadata comes from strangers' trees.
	defer func() {
		if p := recover(); p != nil {
			root = nil
			problems.Errorf(rules.YAMLSyntax, diag.Range{File: d.file, Start: diag.Position{Line: d.line + 1}}, "", "the YAML cannot be read: %v", p)
		}
	}()
	if problems := d.checkBreaks(); len(problems) > 0 {
		return nil, problems
	}
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) { // nothing but comments
			return nil, nil
		}
		return nil, d.syntaxError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || isNull(doc.Content[0]) {
		return nil, nil
	}
	if decoder.Decode(&second) == nil {
		problems.Errorf(rules.YAMLSyntax, d.at(&second), "keep one document", "there is a second YAML document")
		return nil, problems
	}
	return doc.Content[0], nil
}

// checkBreaks refuses line breaks of YAML that no editor counts: line numbers
// would not mean the same to the user as they do here.
func (d *document) checkBreaks() diag.List {
	var problems diag.List
	for i, c := range string(d.text) {
		if c == '\r' && !bytes.HasPrefix(d.text[i:], []byte("\r\n")) || c == '\u0085' || c == '\u2028' || c == '\u2029' {
			before := d.text[:i]
			problems.Errorf(rules.YAMLSyntax, diag.Range{File: d.file, Start: diag.Position{
				Line:   d.line + bytes.Count(before, []byte("\n")) + 1,
				Column: d.column + i - bytes.LastIndexByte(before, '\n'),
			}}, "end lines with a line feed", "the character %U is an unusual line break", c)
			return problems
		}
	}
	return nil
}

// syntaxError places an error of yaml.v3, which carries its line in its text:
// "yaml: line 3: could not find expected ':'".
func (d *document) syntaxError(err error) diag.List {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			line, message = lineNumber(number), text
		}
	}
	line = min(line, max(bytes.Count(d.text, []byte("\n")), 1))
	var problems diag.List
	problems.Errorf(rules.YAMLSyntax, diag.Range{File: d.file, Start: diag.Position{Line: d.line + line}},
		syntaxHint(message, d.lineText(line)), "the YAML is not valid: %s", message)
	return problems
}

// syntaxHint names the likely cause of a syntax error.
func syntaxHint(message string, line []byte) string {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("\t")):
		return "indent with spaces, not tabs"
	case strings.Contains(message, "start any token"), strings.Contains(message, "expected"), strings.Contains(message, "mapping values"):
		return `quote values that start with >, *, [ or hold ": "`
	}
	return ""
}

// at gives a node's place in the file. yaml.v3 counts characters, diag counts
// bytes.
func (d *document) at(n *yaml.Node) diag.Range {
	return diag.Range{File: d.file, Start: diag.Position{
		Line:   d.line + n.Line,
		Column: d.column + byteColumn(d.lineText(n.Line), n.Column),
	}}
}

// lineText gives a line of the text, counting from 1.
func (d *document) lineText(number int) []byte {
	if d.lines == nil {
		d.lines = bytes.SplitAfter(d.text, []byte("\n"))
	}
	if 0 < number && number <= len(d.lines) {
		return d.lines[number-1]
	}
	return nil
}

// byteColumn turns a column that counts characters into one that counts bytes.
func byteColumn(line []byte, column int) int {
	characters := 1
	for i := range string(line) {
		if characters == column {
			return i + 1
		}
		characters++
	}
	return column
}

// lineNumber reads the line number of an error, or gives 1.
func lineNumber(s string) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n
	}
	return 1
}
