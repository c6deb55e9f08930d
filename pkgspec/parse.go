package pkgspec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/rules"
)

// parse turns the text into a tree, or reports why it can't and returns nil.
func (l *loader) parse() *node {
	if !l.checkText() {
		return nil
	}
	lines := &lineReader{text: l.text}
	decoder := yaml.NewDecoder(lines)
	document, err := decode(decoder)
	if errors.Is(err, io.EOF) || err == nil && isNull(document) {
		l.problems.Errorf(rules.EmptyFile, l.at(span{}), "name at least the packages to build, for example: packages: [numpy]", "the file says nothing")
		return nil
	}
	if err != nil {
		l.syntaxError(err, lines.count)
		return nil
	}
	switch second, err := decode(decoder); {
	case err == nil:
		start := l.offset(second.Line, second.Column)
		l.problems.Errorf(rules.SeveralDocuments, l.at(span{start, min(start+len("---"), len(l.text))}),
			"keep one document; several images are several files, or one file with other build arguments",
			"the file holds more than one YAML document")
		return nil
	case !errors.Is(err, io.EOF):
		l.syntaxError(err, lines.count)
		return nil
	}
	return l.tree(document.Content[0])
}

// checkText reports text that is too long, or holds what no text file should.
// The line breaks of YAML that no editor counts are among the latter, so that
// line numbers mean the same to everyone.
func (l *loader) checkText() bool {
	if len(l.text) > maxSize {
		l.problems.Errorf(rules.TooLarge, l.at(span{}), "is this really a jetson.yaml?", "the file has %d bytes, more than the %d that jetkit reads", len(l.text), maxSize)
		return false
	}
	for i := 0; i < len(l.text); {
		r, size := utf8.DecodeRune(l.text[i:])
		what := ""
		switch {
		case r == utf8.RuneError && size == 1:
			what = fmt.Sprintf("the byte 0x%02x, which is not UTF-8 text", l.text[i])
		case r == '\r' && !bytes.HasPrefix(l.text[i:], []byte("\r\n")):
			what = "a carriage return without a line feed"
		case !printable(r):
			what = fmt.Sprintf("the character %U, which is not allowed", r)
		}
		if what != "" {
			l.problems.Errorf(rules.BadCharacter, l.at(span{i, i + size}), "save the file as UTF-8 text, and remove characters that came in by copying", "the file holds %s", what)
			return false
		}
		i += size
	}
	return true
}

// printable tells whether a character may stand in the file: what YAML calls
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
	return document.Content[0].Kind == yaml.ScalarNode && document.Content[0].Tag == nullTag
}

// lineReader hands out a line at a time, which tells how far a parser got.
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
func (l *loader) syntaxError(err error, read int) {
	where := l.content(l.faultyLine(err, read))
	problem := yamlPrefix.ReplaceAllString(err.Error(), "")
	message, hint := problem, "this is not YAML; quotes around the value may help"
	for _, e := range explanations {
		if e.pattern.MatchString(problem) {
			message, hint = e.message, e.hint
			break
		}
	}
	lineStart := bytes.LastIndexByte(l.text[:where.start], '\n') + 1
	if bytes.IndexByte(l.text[lineStart:where.start], '\t') >= 0 {
		message, hint = "the line is indented with a tab", "indent with spaces: YAML does not allow tabs"
	}
	l.problems.Errorf(rules.YAMLSyntax, l.at(where), hint, "%s", message)
}

// yamlPrefix is what yaml.v3 puts before its messages.
var yamlPrefix = regexp.MustCompile(`^yaml: (line (\d+): )?`)

// faultyLine finds the line to blame for a syntax error. yaml.v3 names none, or
// the one before, or where the surrounding mapping begins. But the lines before
// the faulty one are good YAML, and with it they aren't.
func (l *loader) faultyLine(err error, read int) int {
	budget := maxReparsed
	for line := min(max(read, 1), len(l.lines)); line > 0 && budget >= 0; line-- {
		before := l.text[:l.lines[line-1]]
		if wellFormed(before) {
			return line
		}
		budget -= len(before)
	}
	named := 0
	if m := yamlPrefix.FindStringSubmatch(err.Error()); m != nil {
		named, _ = strconv.Atoi(m[2]) // none: the first line, as yaml.v3 means it
	}
	return min(max(named, 1), len(l.lines))
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
	{regexp.MustCompile(`^did not find expected ',' or '\]'`), "a list that begins with [ is not closed, or a comma is missing in it", "separate its entries with commas and close it with ]"},
	{regexp.MustCompile(`^did not find expected ',' or '\}'`), "a mapping that begins with { is not closed, or a comma is missing in it", "separate its keys with commas and close it with }"},
	{regexp.MustCompile(`^did not find expected node content`), "a value is missing, or a bracket is not closed", "close every [ with ] and every { with }"},
	{regexp.MustCompile(`^found unexpected (end of stream|document indicator)`), "a quoted text is not closed", "end the text with the quote that it begins with"},
	{regexp.MustCompile(`^found character that cannot start any token`), "a value begins with a character that YAML reserves (one of @ ` %) or with a tab", "put the value in quotes, and indent with spaces"},
	{regexp.MustCompile(`^exceeded max depth`), "lists and mappings are nested too deeply", "a jetson.yaml needs no more than four levels"},
}
