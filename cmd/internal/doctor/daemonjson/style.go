package daemonjson

import (
	"bytes"
	"encoding/json"
	"strings"
)

// defaultUnit is the indentation where the file shows none. Docker's and NVIDIA's
// documentation write their files with it.
const defaultUnit = "    "

// style is how an object of the file is written.
type style struct {
	// lines tells that each member has a line of its own; eol ends it, and unit is
	// the indentation of one level.
	lines     bool
	eol, unit string
	// colon stands between key and value, and between after the comma of members
	// that share a line.
	colon, between string
}

// styleOf finds out how an object is written, and the indentation of its members.
func (f *File) styleOf(n *node) (s style, indent string) {
	s = style{eol: f.eol(), unit: f.unit(), colon: ": ", between: " "}
	if first := f.root.firstPair(); first != nil {
		after := f.text[first.start:first.value.start]
		if !bytes.ContainsAny(after[bytes.LastIndexByte(after, ':'):], " \t\r\n") {
			s.colon, s.between = ":", ""
		}
	}
	if len(n.members) == 0 {
		// Docker's own file begins as {}: what is put into it is to be read by people.
		s.lines = n == f.root || bytes.ContainsRune(f.text[f.root.start:n.start], '\n')
		return s, f.indentOf(n.start) + s.unit
	}
	first := n.members[0]
	s.lines = bytes.ContainsRune(f.text[n.start:first.start], '\n')
	return s, f.indentOf(first.start)
}

// firstPair returns the first member that there is.
func (n *node) firstPair() *member {
	if len(n.members) == 0 {
		return nil
	}
	return &n.members[0]
}

// eol returns what ends the file's lines.
func (f *File) eol() string {
	if at := bytes.IndexByte(f.text, '\n'); at > 0 && f.text[at-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// unit returns the indentation of one level: that of the first key that begins a
// line.
func (f *File) unit() string {
	if len(f.root.members) > 0 {
		first := f.root.members[0]
		if bytes.ContainsRune(f.text[f.root.start:first.start], '\n') {
			if unit := strings.TrimPrefix(f.indentOf(first.start), f.indentOf(f.root.start)); unit != "" {
				return unit
			}
		}
	}
	return defaultUnit
}

// indentOf returns the white space at the beginning of the line of an offset.
func (f *File) indentOf(at int) string {
	line := f.text[bytes.LastIndexByte(f.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// member writes a pair whose line has an indentation.
func (s style) member(p pair, indent string) string {
	var value bytes.Buffer
	switch {
	case s.lines:
		_ = json.Indent(&value, []byte(p.value), indent, s.unit) // an error would mean that it is no JSON, which is found afterwards
	case s.colon == ":":
		_ = json.Compact(&value, []byte(p.value)) // as above
	default:
		value.WriteString(p.value)
	}
	return quote(p.key) + s.colon + strings.ReplaceAll(value.String(), "\n", s.eol)
}
