package yamlnode

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
)

// Source is YAML or JSON inside a file of a user's.
type Source struct {
	// File is the name of the file in positions.
	File string
	Text []byte
	// Line and Column count what stands before the text in its file: lines, and
	// bytes on each of its lines.
	Line, Column int
}

// source turns places in a text into diag.Ranges.
type source struct {
	Source
	// lines holds the offset at which each line begins.
	lines []int
	// last is where offset stopped counting, so that a long line is not
	// counted from its start for each of its tokens.
	last struct{ line, column, offset int }
}

// span is a stretch of source.Text: the offset of its first byte, and of the
// byte after its last.
type span struct{ start, end int }

// newSource leaves out a byte order mark, which no editor counts as a column.
func newSource(from Source) *source {
	s := &source{Source: from, lines: []int{0}}
	s.Text = bytes.TrimPrefix(s.Text, []byte("\ufeff"))
	for i, b := range s.Text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// at returns the range of a span. The range's End is the place just after it.
func (s *source) at(sp span) diag.Range {
	return diag.Range{File: s.File, Start: s.position(sp.start), End: s.position(sp.end)}
}

func (s *source) position(offset int) diag.Position {
	line := sort.SearchInts(s.lines, offset+1)
	return diag.Position{Line: s.Line + line, Column: s.Column + offset - s.lines[line-1] + 1}
}

// offset returns the place of a yaml.Node, whose columns count characters.
func (s *source) offset(line, column int) int {
	if line > len(s.lines) {
		return len(s.Text)
	}
	from, at := 1, s.lines[line-1]
	if s.last.line == line && s.last.column <= column {
		from, at = s.last.column, s.last.offset
	}
	for ; from < column && at < len(s.Text); from++ {
		_, size := utf8.DecodeRune(s.Text[at:])
		at += size
	}
	s.last.line, s.last.column, s.last.offset = line, column, at
	return at
}

// content returns what a line holds, without its indentation and line end.
func (s *source) content(line int) span {
	start, end := s.lines[line-1], len(s.Text)
	if line < len(s.lines) {
		end = s.lines[line]
	}
	text := s.Text[start:end]
	start += len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	return span{start, max(start, s.trimmed(start, end))}
}

// trimmed moves end back over white space, but not before start.
func (s *source) trimmed(start, end int) int {
	return start + len(bytes.TrimRight(s.Text[start:end], " \t\r\n"))
}

// begin returns the offset of a node's value, after its anchor and tag.
func (s *source) begin(n *yaml.Node) int {
	start := s.offset(n.Line, n.Column)
	for start < len(s.Text) && (s.Text[start] == '&' || s.Text[start] == '!') {
		for start < len(s.Text) && !isSpace(s.Text[start]) {
			start++
		}
		start = s.skip(start, "")
	}
	return start
}

// token returns the extent of a scalar or alias; yaml.v3 keeps only where it
// begins.
func (s *source) token(n *yaml.Node) span {
	start := s.begin(n)
	rest := s.Text[start:]
	switch {
	case n.Kind == yaml.AliasNode:
		return span{start, min(start+len("*")+len(n.Value), len(s.Text))}
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

// quoted returns the length of the quoted text that s begins with.
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
	if sp.start == len(s.Text) || s.Text[sp.start] != '[' && s.Text[sp.start] != '{' {
		return sp
	}
	offset := s.skip(sp.end, ",:")
	if offset < len(s.Text) && (s.Text[offset] == ']' || s.Text[offset] == '}') {
		sp.end = offset + 1
	}
	return sp
}

// skip moves offset over white space, comments and the given characters.
func (s *source) skip(offset int, chars string) int {
	for offset < len(s.Text) {
		switch b := s.Text[offset]; {
		case b == '#':
			if i := bytes.IndexByte(s.Text[offset:], '\n'); i >= 0 {
				offset += i
			} else {
				return len(s.Text)
			}
		case !isSpace(b) && bytes.IndexByte([]byte(chars), b) < 0:
			return offset
		}
		offset++
	}
	return offset
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
