package pkgmeta

import (
	"bytes"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
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
	h.fields, h.problems = readMapping(yamlnode.Source{File: file, Text: block.yaml, Line: block.line, Column: 1}, "the header")
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

// readMapping reads YAML that is a mapping of metadata keys. what names it in
// messages.
func readMapping(text yamlnode.Source, what string) (fields, diag.List) {
	root, problems := yamlnode.ReadYAML(text)
	if root == nil {
		return nil, problems
	}
	r := reader{problems: problems}
	if root.Kind != yamlnode.Mapping {
		r.wrongType(root, "write key: value lines, such as name: numpy", what+" must be a mapping")
		return nil, r.problems
	}
	read := r.read(root)
	return read, atMost(r.problems, maxProblems)
}

// maxProblems is how many problems of one file are worth reading.
const maxProblems = 50

// atMost cuts a list of problems off.
func atMost(problems diag.List, limit int) diag.List {
	return problems[:min(len(problems), limit)]
}
