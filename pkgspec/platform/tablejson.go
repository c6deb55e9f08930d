package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// source is a JSON file whose bytes have places.
type source struct {
	file string
	data []byte
}

// at returns the place of a byte.
func (s source) at(offset int) diag.Range {
	before := s.data[:min(offset, len(s.data))]
	line := bytes.Count(before, []byte("\n"))
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return diag.Range{File: s.file, Start: diag.Position{Line: line + 1, Column: column + 1}}
}

// value is a piece of JSON and where it begins in its file.
type value struct {
	raw    json.RawMessage
	offset int
}

// member is one key of an object with its value.
type member struct {
	key       string
	keyOffset int
	value     value
}

// members lists the keys of an object in their order, repeated ones too.
func (v value) members() ([]member, error) {
	var found []member
	err := v.walk('{', func(dec *json.Decoder) error {
		before := dec.InputOffset()
		key, err := dec.Token()
		if err != nil {
			return err
		}
		m := member{key: key.(string), keyOffset: v.offset + int(before) + bytes.IndexByte(v.raw[before:], '"')}
		m.value, err = v.next(dec)
		found = append(found, m)
		return err
	})
	return found, err
}

// elements lists the entries of an array.
func (v value) elements() ([]value, error) {
	var found []value
	err := v.walk('[', func(dec *json.Decoder) error {
		element, err := v.next(dec)
		found = append(found, element)
		return err
	})
	return found, err
}

// next reads the value that a decoder of v has before it.
func (v value) next(dec *json.Decoder) (value, error) {
	var raw json.RawMessage
	err := dec.Decode(&raw)
	return value{raw: raw, offset: v.offset + int(dec.InputOffset()) - len(raw)}, err
}

// errShape says that a value is not of the kind that is needed.
var errShape = errors.New("not of the kind that is needed")

// walk calls visit for each entry of an object or array.
func (v value) walk(open json.Delim, visit func(*json.Decoder) error) error {
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	first, err := dec.Token()
	if err != nil {
		return err
	}
	if first != open {
		return errShape
	}
	for dec.More() {
		if err := visit(dec); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("there is text after the table")
	}
	return nil
}

// kindOf names the kind of a value.
func (v value) kindOf() string {
	switch strings.TrimSpace(string(v.raw))[:1] {
	case "{":
		return "an object"
	case "[":
		return "a list"
	case `"`:
		return "a text"
	case "t", "f":
		return "a truth value"
	case "n":
		return "null"
	}
	return "a number"
}

// tableReader reads one file of tables, and reports what is wrong with it.
type tableReader struct {
	source
	problems *diag.List
	// ofProgram marks the program's own tables, whose rows name other sources
	// than the file that they stand in.
	ofProgram bool
}

// wrongShape reports a value of another kind than an object or list.
func (r tableReader) wrongShape(v value, what, want string, err error) {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		r.problems.Errorf(rules.JSONSyntax, r.at(v.offset+max(int(syntax.Offset)-1, 0)), "", "the JSON is not valid: %v", syntax)
		return
	}
	if errors.Is(err, errShape) {
		r.problems.Errorf(rules.WrongType, r.at(v.offset), "", "%s must be %s, not %s", what, want, v.kindOf())
		return
	}
	r.problems.Errorf(rules.JSONSyntax, r.at(v.offset+len(v.raw)), "", "the JSON is not valid: %v", err)
}

// decode reads an object into a struct: every key must be one of its fields and
// stand there once.
func (r tableReader) decode(v value, what string, into any) bool {
	members, err := v.members()
	if err != nil {
		r.wrongShape(v, what, "an object", err)
		return false
	}
	fields := reflect.TypeOf(into).Elem()
	names := make([]string, fields.NumField())
	for i := range names {
		names[i] = fields.Field(i).Tag.Get("json")
	}
	good := true
	seen := map[string]bool{}
	for _, m := range members {
		i := slices.Index(names, m.key)
		switch {
		case i < 0 || m.key == "": // fields that no key has have no name
			r.problems.Errorf(rules.UnknownKey, r.at(m.keyOffset), diag.DidYouMean(m.key, names), "unknown key %q in %s", m.key, what)
			good = false
			continue
		case seen[m.key]:
			r.problems.Errorf(rules.DuplicateKey, r.at(m.keyOffset), "keep one of them", "the key %q occurs twice", m.key)
			good = false
		}
		seen[m.key] = true
		field := reflect.ValueOf(into).Elem().Field(i)
		if err := json.Unmarshal(m.value.raw, field.Addr().Interface()); err != nil {
			r.problems.Errorf(rules.WrongType, r.at(m.value.offset), "", "%s must be %s, not %s", m.key, jsonKind(field.Type()), m.value.kindOf())
			good = false
		}
	}
	return good
}

// jsonKind names what a field of a table holds.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return fmt.Sprintf("a list, each of its entries %s", jsonKind(t.Elem()))
	}
	return "a whole number"
}
