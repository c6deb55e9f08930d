package yamlnode

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// ReadJSON reads a text of one JSON value. The node is nil if the text is empty,
// which is no problem here, or if it is not JSON.
//
// YAML is said to include JSON, but yaml.v3 fails on JSON that is indented with
// tabs or holds surrogate pairs.
func ReadJSON(from Source) (*Node, diag.List) {
	r := &reader{source: newSource(from)}
	if len(bytes.TrimSpace(r.Text)) == 0 || !r.checkText() {
		return nil, r.problems
	}
	j := &jsonReader{reader: r, decoder: json.NewDecoder(bytes.NewReader(r.Text))}
	j.decoder.UseNumber()
	root, err := j.value(1)
	if err == nil {
		if _, extra := j.decoder.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("there is text after the end of the document")
		}
	}
	switch {
	case errors.Is(err, errTooDeep):
		return nil, r.problems
	case err != nil:
		r.problems.Errorf(rules.JSONSyntax, r.at(span{j.offset(), j.offset()}), "check the quotes, commas and brackets before it", "the JSON is not valid: %v", err)
		return nil, r.problems
	}
	return root, r.problems
}

// errTooDeep ends the reading; it is reported already.
var errTooDeep = errors.New("too deep")

type jsonReader struct {
	*reader
	decoder *json.Decoder
}

// value reads one value with everything in it.
func (j *jsonReader) value(depth int) (*Node, error) {
	start := j.next()
	token, err := j.token()
	if err != nil {
		return nil, err
	}
	out := j.node(span{start, j.offset()})
	switch t := token.(type) {
	case json.Delim:
		if depth > maxDepth {
			j.tooDeep(out.span)
			return nil, errTooDeep
		}
		if out.Kind = List; t == '{' {
			out.Kind = Mapping
		}
		if err := j.children(out, depth); err != nil {
			return nil, err
		}
		out.span.end = j.offset()
		j.locate(out)
	case string:
		j.scalar(out, StrTag, t)
	case json.Number:
		j.scalar(out, FloatTag, t.String())
	case bool:
		j.scalar(out, BoolTag, strconv.FormatBool(t))
	default:
		j.scalar(out, NullTag, "")
	}
	return out, nil
}

// children reads what a list or mapping holds, and its closing bracket.
func (j *jsonReader) children(out *Node, depth int) error {
	first := map[string]diag.Range{}
	for j.decoder.More() {
		child, err := j.value(depth + 1)
		if err != nil {
			return err
		}
		if out.Kind == List {
			out.Items = append(out.Items, child)
			continue
		}
		value, err := j.value(depth + 1)
		if err != nil {
			return err
		}
		if j.isNewKey(child, first) {
			out.Fields = append(out.Fields, Field{child.Text, child.At, value})
		}
	}
	_, err := j.token()
	return err
}

// token reads one token of a document that is not over yet.
func (j *jsonReader) token() (json.Token, error) {
	token, err := j.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = errors.New("it ends too early")
	}
	return token, err
}

// offset is where the next token may begin.
func (j *jsonReader) offset() int { return min(int(j.decoder.InputOffset()), len(j.Text)) }

// next is where it does.
func (j *jsonReader) next() int {
	offset := j.offset()
	for offset < len(j.Text) && bytes.IndexByte([]byte(" \t\r\n,:"), j.Text[offset]) >= 0 {
		offset++
	}
	return offset
}
