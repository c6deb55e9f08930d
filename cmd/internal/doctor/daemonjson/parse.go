// Package daemonjson reads and changes the text of Docker's daemon.json. A change
// keeps every byte that it does not concern: order, indentation, line ends, a byte
// order mark.
package daemonjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// File is the text of a daemon.json, with the place of each value.
type File struct {
	text []byte
	// root is nil for a file without any text.
	root *node
}

// node is one JSON value and where it stands: text[start:end].
type node struct {
	start, end int
	object     bool
	members    []member
}

// member is one key of an object and its value.
type member struct {
	key   string
	start int // of the key's opening quote
	value *node
}

// byteOrderMark is what some editors begin a file with. Docker skips it since 23.0.
var byteOrderMark = []byte("\xef\xbb\xbf")

// maxDepth is how deep values may be nested. Docker's settings need four levels.
const maxDepth = 100

// SyntaxError is a file that is no JSON object.
type SyntaxError struct {
	Line, Column int
	Message      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Parse reads the text. The error is a [*SyntaxError].
func Parse(text []byte) (*File, error) {
	p := &parser{text: text}
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return nil, p.fail(0, "the file is in UTF-16; save it in UTF-8")
	case bytes.HasPrefix(text, byteOrderMark):
		p.at = len(byteOrderMark)
	}
	if !utf8.Valid(text) {
		return nil, p.fail(invalidAt(text), "the file is not in UTF-8")
	}
	p.space()
	if p.at == len(text) {
		return &File{text: text}, nil
	}
	if p.text[p.at] != '{' {
		return nil, p.fail(p.at, "%s where the file's { is expected", p.seen())
	}
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(text) {
		return nil, p.fail(p.at, "%s after the end of the file's { }", p.seen())
	}
	if !json.Valid(text[root.start:root.end]) { // the grammar above is the same
		return nil, p.fail(root.start, "the file is no JSON")
	}
	return &File{text: text, root: root}, nil
}

func invalidAt(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(text)
}

// parser reads a text from at on.
type parser struct {
	text []byte
	at   int
}

func (p *parser) fail(at int, format string, args ...any) error {
	line, column := position(p.text, at)
	return &SyntaxError{Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// position returns the line and the column, in characters, of an offset. Both
// count from one.
func position(text []byte, at int) (line, column int) {
	before := text[:min(at, len(text))]
	line = 1 + bytes.Count(before, []byte("\n"))
	start := bytes.LastIndexByte(before, '\n') + 1
	if start == 0 {
		before = bytes.TrimPrefix(before, byteOrderMark)
	}
	return line, 1 + utf8.RuneCount(before[start:])
}

// seen describes what stands at the parser's place.
func (p *parser) seen() string {
	rest := p.text[p.at:]
	switch {
	case len(rest) == 0:
		return "the file ends"
	case bytes.HasPrefix(rest, []byte("//")), bytes.HasPrefix(rest, []byte("/*")), rest[0] == '#':
		return "a comment, which JSON does not have,"
	case rest[0] == '\'':
		return "a single quote (JSON has double quotes only)"
	}
	r, _ := utf8.DecodeRune(rest)
	return fmt.Sprintf("%q", r)
}

// space skips white space.
func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take skips one character, if it is the next.
func (p *parser) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// value reads one value.
func (p *parser) value(depth int) (*node, error) {
	n := &node{start: p.at}
	if depth > maxDepth {
		return nil, p.fail(p.at, "values are nested more than %d deep", maxDepth)
	}
	var err error
	switch {
	case p.take('{'):
		n.object = true
		err = p.object(n, depth)
	case p.take('['):
		err = p.list(depth)
	case p.at < len(p.text) && p.text[p.at] == '"':
		_, err = p.str()
	default:
		err = p.word()
	}
	n.end = p.at
	return n, err
}

// object reads the members of an object and its end.
func (p *parser) object(n *node, depth int) error {
	p.space()
	if p.take('}') {
		return nil
	}
	for {
		start := p.at
		if p.at == len(p.text) || p.text[p.at] != '"' {
			if p.at < len(p.text) && p.text[p.at] == '}' {
				return p.fail(p.at, "a comma before }, where another key is expected")
			}
			return p.fail(p.at, "%s where a key in double quotes is expected", p.seen())
		}
		key, err := p.str()
		if err != nil {
			return err
		}
		p.space()
		if !p.take(':') {
			return p.fail(p.at, "%s where the : after the key %q is expected", p.seen(), key)
		}
		p.space()
		value, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{key, start, value})
		p.space()
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return p.fail(p.at, "%s where a comma or } is expected", p.seen())
		}
		p.space()
	}
}

// list reads the values of a list and its end.
func (p *parser) list(depth int) error {
	p.space()
	if p.take(']') {
		return nil
	}
	for {
		if p.at < len(p.text) && p.text[p.at] == ']' {
			return p.fail(p.at, "a comma before ], where another value is expected")
		}
		if _, err := p.value(depth + 1); err != nil {
			return err
		}
		p.space()
		if p.take(']') {
			return nil
		}
		if !p.take(',') {
			return p.fail(p.at, "%s where a comma or ] is expected", p.seen())
		}
		p.space()
	}
}

// str reads a string.
func (p *parser) str() (string, error) {
	start := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			var text string
			if err := json.Unmarshal(p.text[start:p.at], &text); err != nil {
				return "", p.fail(start, "the string has an escape that JSON does not have")
			}
			return text, nil
		case c == '\\':
			p.at++
		case c == '\n' || c == '\r':
			return "", p.fail(start, "the string that begins here does not end on its line")
		case c < ' ':
			return "", p.fail(p.at, "a control character in a string")
		}
	}
	p.at = min(p.at, len(p.text))
	return "", p.fail(start, "the string that begins here does not end")
}

// word reads a number, true, false or null.
func (p *parser) word() error {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n,:{}[]\"", p.text[p.at]) < 0 {
		p.at++
	}
	if word := p.text[start:p.at]; len(word) > 0 && json.Valid(word) {
		return nil
	}
	p.at = start
	return p.fail(start, "%s where a value is expected", p.seen())
}
