package pkgmeta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// maxNesting is how deep a JSON configuration may be nested; real ones need 3.
const maxNesting = 32

// jsonNodes reads JSON into the nodes that YAML is read into, so that both go
// through one reader. (yaml.v3 itself fails on JSON that is indented with tabs
// or holds surrogate pairs.)
type jsonNodes struct {
	text    []byte
	decoder *json.Decoder
	// line and lineStart follow the tokens, which come in order.
	line, lineStart, seen int
}

// parseJSON gives the root node of a JSON document, or the problem in it.
func (d *document) parseJSON() (*yaml.Node, diag.List) {
	if len(bytes.TrimSpace(d.text)) == 0 {
		return nil, nil
	}
	j := &jsonNodes{text: d.text, decoder: json.NewDecoder(bytes.NewReader(d.text)), line: 1}
	j.decoder.UseNumber()
	root, err := j.value(0)
	if err == nil {
		if _, extra := j.decoder.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("there is text after the end of the document")
		}
	}
	if err != nil {
		var problems diag.List
		place := j.place(min(int(j.decoder.InputOffset()), len(d.text)))
		problems.Errorf(rules.JSONSyntax, d.at(&place), "", "the JSON is not valid: %v", err)
		return nil, problems
	}
	return root, nil
}

// value reads one value with everything in it.
func (j *jsonNodes) value(depth int) (*yaml.Node, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it is nested more than %d levels deep", maxNesting)
	}
	start := j.nextToken()
	token, err := j.token()
	if err != nil {
		return nil, err
	}
	node := j.place(start)
	switch t := token.(type) {
	case json.Delim:
		node.Kind = map[json.Delim]yaml.Kind{'{': yaml.MappingNode, '[': yaml.SequenceNode}[t]
		for j.decoder.More() {
			child, err := j.value(depth + 1)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		_, err = j.token() // the closing bracket
		return &node, err
	case string:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!str", t
	case json.Number:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!float", t.String()
	case bool:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!bool", fmt.Sprint(t)
	default:
		node.Kind, node.Tag = yaml.ScalarNode, "!!null"
	}
	return &node, nil
}

// token reads one token of a document that is not over yet.
func (j *jsonNodes) token() (json.Token, error) {
	token, err := j.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = errors.New("it ends too early")
	}
	return token, err
}

// nextToken gives the offset at which the next token starts.
func (j *jsonNodes) nextToken() int {
	offset := int(j.decoder.InputOffset())
	for offset < len(j.text) && bytes.IndexByte([]byte(" \t\r\n,:"), j.text[offset]) >= 0 {
		offset++
	}
	return offset
}

// place gives a node with the line and column of an offset. Columns count
// characters, as yaml.v3's do.
func (j *jsonNodes) place(offset int) yaml.Node {
	for ; j.seen < offset; j.seen++ {
		if j.text[j.seen] == '\n' {
			j.line++
			j.lineStart = j.seen + 1
		}
	}
	column := 1 + len([]rune(string(j.text[min(j.lineStart, offset):offset])))
	return yaml.Node{Line: j.line, Column: column}
}
