package yamlnode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// maxReparsed bounds, in bytes, what is parsed to find the line of a syntax error.
const maxReparsed = 4 << 20

// reader is the state of one reading.
type reader struct {
	*source
	problems diag.List
}

// ReadYAML reads a text of one YAML document. The node is nil if the text holds
// no value, which is no problem here, or if it is not YAML.
//
// The caller bounds the length of the text.
func ReadYAML(from Source) (*Node, diag.List) {
	r := &reader{source: newSource(from)}
	var root *Node
	if document := r.parse(); document != nil {
		b := &builder{reader: r, built: map[*yaml.Node]*Node{}}
		root = b.build(document.Content[0], 1)
	}
	return root, r.problems
}

// parse reads the only document; nil if there is none, or if it is at fault.
func (r *reader) parse() *yaml.Node {
	if !r.checkText() {
		return nil
	}
	lines := &lineReader{text: r.Text}
	decoder := yaml.NewDecoder(lines)
	document, err := decode(decoder)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		r.syntaxError(err, lines.count)
		return nil
	}
	switch second, err := decode(decoder); {
	case err == nil:
		start := r.offset(second.Line, second.Column)
		r.problems.Errorf(rules.SeveralDocuments, r.at(span{start, min(start+len("---"), len(r.Text))}),
			"keep one document, and move what is below the --- to a file of its own", "the file holds more than one YAML document")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntaxError(err, lines.count)
		return nil
	}
	if isNull(document) {
		return nil
	}
	return document
}

// checkText reports text that holds what no text file should.
// The line breaks of YAML that no editor counts are among the latter, so that
// line numbers mean the same to everyone.
func (r *reader) checkText() bool {
	for i := 0; i < len(r.Text); {
		c, size := utf8.DecodeRune(r.Text[i:])
		what := ""
		switch {
		case c == utf8.RuneError && size == 1:
			what = fmt.Sprintf("the byte 0x%02x, which is not UTF-8 text", r.Text[i])
		case c == '\r' && !bytes.HasPrefix(r.Text[i:], []byte("\r\n")):
			what = "a carriage return without a line feed"
		case !printable(c):
			what = fmt.Sprintf("the character %U, which is not allowed", c)
		}
		if what != "" {
			r.problems.Errorf(rules.BadCharacter, r.at(span{i, i + size}), "save the file as UTF-8 text, and remove characters that came in by copying", "the file holds %s", what)
			return false
		}
		i += size
	}
	return true
}

// printable reports whether a character may stand in the file: what YAML calls
// printable, less its unusual line breaks and the byte order mark.
func printable(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return true
	case r < ' ' || r >= 0x7f && r < 0xa0:
		return false
	}
	return r != '\u2028' && r != '\u2029' && r != '\ufeff' && r != '\ufffe' && r != '\uffff'
}

// decode reads one document. yaml.v3 panics on some malformed comments; that
// too is only a file that can't be read.
func decode(d *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	document = &yaml.Node{}
	err = d.Decode(document)
	return document, err
}

func isNull(document *yaml.Node) bool {
	return document.Content[0].Kind == yaml.ScalarNode && document.Content[0].Tag == NullTag
}

// lineReader hands out a line at a time, which shows how far a parser got.
type lineReader struct {
	text  []byte
	count int
}

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	end := len(r.text)
	if i := bytes.IndexByte(r.text, '\n'); i >= 0 {
		end = i + 1
	}
	n := copy(p, r.text[:end])
	r.text = r.text[n:]
	if n == end {
		r.count++
	}
	return n, nil
}

// syntaxError reports an error of yaml.v3, which occurred when it had read so
// many lines.
func (r *reader) syntaxError(err error, read int) {
	where := r.content(r.faultyLine(err, read))
	problem := yamlPrefix.ReplaceAllString(err.Error(), "")
	if strings.HasPrefix(problem, "exceeded max depth") {
		r.tooDeep(where)
		return
	}
	message, hint := problem, "this is not YAML; quotes around the value may help"
	for _, e := range explanations {
		if e.pattern.MatchString(problem) {
			message, hint = e.message, e.hint
			break
		}
	}
	lineStart := bytes.LastIndexByte(r.Text[:where.start], '\n') + 1
	if bytes.IndexByte(r.Text[lineStart:where.start], '\t') >= 0 {
		message, hint = "the line is indented with a tab", "indent with spaces: YAML does not allow tabs"
	}
	r.problems.Errorf(rules.YAMLSyntax, r.at(where), hint, "%s", message)
}

// yamlPrefix is what yaml.v3 puts before its messages.
var yamlPrefix = regexp.MustCompile(`^yaml: (line (\d+): )?`)

// faultyLine finds the line to blame for a syntax error. yaml.v3 names none, or
// the one before, or where the surrounding mapping begins. But the lines before
// the faulty one are good YAML, and with it they aren't.
func (r *reader) faultyLine(err error, read int) int {
	budget := maxReparsed
	for line := min(max(read, 1), len(r.lines)); line > 0 && budget >= 0; line-- {
		before := r.Text[:r.lines[line-1]]
		if wellFormed(before) {
			return line
		}
		budget -= len(before)
	}
	named := 0
	if m := yamlPrefix.FindStringSubmatch(err.Error()); m != nil {
		named, _ = strconv.Atoi(m[2]) // none: the first line, as yaml.v3 means it
	}
	return min(max(named, 1), len(r.lines))
}

func wellFormed(text []byte) bool {
	d := yaml.NewDecoder(bytes.NewReader(text))
	_, err := decode(d)
	for err == nil {
		_, err = decode(d)
	}
	return errors.Is(err, io.EOF)
}

// explanations put yaml.v3's messages into words for people who don't know how
// a YAML parser works.
var explanations = []struct {
	pattern       *regexp.Regexp
	message, hint string
}{
	{regexp.MustCompile(`^unknown anchor '.*' referenced`), "an alias (*name) has no anchor (&name) before it", `define &name before it is used, or put the value in quotes if it is a pattern: "*ros"`},
	{regexp.MustCompile(`^did not find expected alphabetic or numeric character`), "a value begins with * or &, which YAML takes for an alias or an anchor", `put the value in quotes: "*"`},
	{regexp.MustCompile(`^did not find expected (key|'-' indicator|<document start>)|^block sequence entries are not allowed`), "the line does not fit the indentation of the lines before it", "give the keys of a mapping, and the entries of a list, the same indentation"},
	{regexp.MustCompile(`^mapping values are not allowed`), "a key stands where a value is going on", `check the indentation; put a value that holds ": " in quotes`},
	{regexp.MustCompile(`^could not find expected ':'`), "a colon is missing after a key", "write key: value, with a space after the colon"},
	{regexp.MustCompile(`^did not find expected comment or line break`), "a value begins with > or |, which YAML takes for the start of a text of several lines", `put the value in quotes: ">=36"`},
	{regexp.MustCompile(`^did not find expected ',' or '\]'`), "a list that begins with [ is not closed, or a comma is missing in it", "separate its entries with commas and close it with ]"},
	{regexp.MustCompile(`^did not find expected ',' or '\}'`), "a mapping that begins with { is not closed, or a comma is missing in it", "separate its keys with commas and close it with }"},
	{regexp.MustCompile(`^did not find expected node content`), "a value is missing, or a bracket is not closed", "close every [ with ] and every { with }"},
	{regexp.MustCompile(`^found unexpected (end of stream|document indicator)`), "a quoted text is not closed", "end the text with the quote that it begins with"},
	{regexp.MustCompile(`^found character that cannot start any token`), "a value begins with a character that YAML reserves (one of @ ` %) or with a tab", "put the value in quotes, and indent with spaces"},
}
