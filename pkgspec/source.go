package pkgspec

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
)

// source is the text of a file, and turns places in it into diag.Ranges.
type source struct {
	file string
	// text is the file without its byte order mark, which no editor counts as a
	// column.
	text []byte
	// lines holds the offset at which each line begins.
	lines []int
	// last is where offset stopped counting, so that a long line is not
	// counted from its start for each of its tokens.
	last struct{ line, column, offset int }
}

// span is a stretch of source.text: the offset of its first byte, and of the
// byte after its last.
type span struct{ start, end int }

func newSource(file string, data []byte) *source {
	s := &source{file: file, text: bytes.TrimPrefix(data, []byte("\ufeff")), lines: []int{0}}
	for i, b := range s.text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// at gives the range of a span. The range's End is the place just after it.
func (s *source) at(sp span) diag.Range {
	return diag.Range{File: s.file, Start: s.position(sp.start), End: s.position(sp.end)}
}

func (s *source) position(offset int) diag.Position {
	line := sort.SearchInts(s.lines, offset+1)
	return diag.Position{Line: line, Column: offset - s.lines[line-1] + 1}
}

// offset gives the place of a yaml.Node, whose columns count characters.
func (s *source) offset(line, column int) int {
	if line > len(s.lines) {
		return len(s.text)
	}
	from, at := 1, s.lines[line-1]
	if s.last.line == line && s.last.column <= column {
		from, at = s.last.column, s.last.offset
	}
	for ; from < column && at < len(s.text); from++ {
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	s.last.line, s.last.column, s.last.offset = line, column, at
	return at
}

// content gives what a line holds, without its indentation and line end.
func (s *source) content(line int) span {
	start, end := s.lines[line-1], len(s.text)
	if line < len(s.lines) {
		end = s.lines[line]
	}
	text := s.text[start:end]
	start += len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	return span{start, max(start, s.trimmed(start, end))}
}

// trimmed moves end back over white space, but not before start.
func (s *source) trimmed(start, end int) int {
	return start + len(bytes.TrimRight(s.text[start:end], " \t\r\n"))
}

// begin gives the offset of a node's value, after its anchor and tag.
func (s *source) begin(n *yaml.Node) int {
	start := s.offset(n.Line, n.Column)
	for start < len(s.text) && (s.text[start] == '&' || s.text[start] == '!') {
		for start < len(s.text) && !isSpace(s.text[start]) {
			start++
		}
		start = s.skip(start, "")
	}
	return start
}

// token gives the extent of a scalar or alias; yaml.v3 keeps only where it
// begins.
func (s *source) token(n *yaml.Node) span {
	start := s.begin(n)
	rest := s.text[start:]
	switch {
	case n.Kind == yaml.AliasNode:
		return span{start, min(start+len("*")+len(n.Value), len(s.text))}
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return span{start, start + quoted(rest)}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && bytes.HasPrefix(rest, []byte(n.Value)):
		return span{start, start + len(n.Value)}
	}
	// A block or folded text: show its first line.
	end := len(rest)
	for _, stop := range []string{"\n", " #"} {
		if i := bytes.Index(rest[:end], []byte(stop)); i >= 0 {
			end = i
		}
	}
	return span{start, s.trimmed(start, start+end)}
}

// quoted gives the length of the quoted text that s begins with.
func quoted(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[0] == '"', s[i] == '\'' && s[0] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// closed extends the span of a list or mapping to its closing bracket, if it
// has one.
func (s *source) closed(sp span) span {
	if sp.start == len(s.text) || s.text[sp.start] != '[' && s.text[sp.start] != '{' {
		return sp
	}
	offset := s.skip(sp.end, ",:")
	if offset < len(s.text) && (s.text[offset] == ']' || s.text[offset] == '}') {
		sp.end = offset + 1
	}
	return sp
}

// skip moves offset over white space, comments and the given characters.
func (s *source) skip(offset int, chars string) int {
	for offset < len(s.text) {
		switch b := s.text[offset]; {
		case b == '#':
			if i := bytes.IndexByte(s.text[offset:], '\n'); i >= 0 {
				offset += i
			} else {
				return len(s.text)
			}
		case !isSpace(b) && bytes.IndexByte([]byte(chars), b) < 0:
			return offset
		}
		offset++
	}
	return offset
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
