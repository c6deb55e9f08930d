package daemonjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Value is a value of the file and where it stands.
type Value struct {
	// Text is the value as it is written: a string has its quotes.
	Text         string
	Line, Column int
}

// String returns the content of a value that is a string; ok is false if it is
// something else.
func (v Value) String() (text string, ok bool) {
	ok = strings.HasPrefix(v.Text, `"`) && json.Unmarshal([]byte(v.Text), &text) == nil
	return text, ok
}

// Empty reports whether the file has no text at all.
func (f *File) Empty() bool { return f.root == nil }

// Lookup finds a value by the keys that lead to it. Of a key that stands twice it
// is the last, which is the one that counts for Docker.
func (f *File) Lookup(path ...string) (Value, bool) {
	at := f.root
	for _, key := range path {
		if at = at.find(key); at == nil {
			return Value{}, false
		}
	}
	if at == nil {
		return Value{}, false
	}
	line, column := position(f.text, at.start)
	return Value{Text: string(f.text[at.start:at.end]), Line: line, Column: column}, true
}

// Keys lists the keys of an object of the file, in its order.
func (f *File) Keys(path ...string) []string {
	at := f.root
	for _, key := range path {
		at = at.find(key)
	}
	if at == nil {
		return nil
	}
	var keys []string
	for _, m := range at.members {
		if !slices.Contains(keys, m.key) {
			keys = append(keys, m.key)
		}
	}
	return keys
}

// find returns the value of a key, nil if there is none.
func (n *node) find(key string) *node {
	if n == nil {
		return nil
	}
	for _, m := range slices.Backward(n.members) {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// Duplicate is a key that stands more than once in its object.
type Duplicate struct {
	// Path is the key, with those above it: "log-opts.max-size".
	Path string
	// First is the line of the one that does not count, and Line and Column the
	// place of the one that does.
	First, Line, Column int
}

// Duplicates lists the keys that stand more than once, in the order of the file.
func (f *File) Duplicates() []Duplicate {
	var found []Duplicate
	f.duplicates(f.root, "", &found)
	return found
}

func (f *File) duplicates(n *node, above string, found *[]Duplicate) {
	if n == nil {
		return
	}
	first := map[string]int{}
	for _, m := range n.members {
		line, column := position(f.text, m.start)
		if before, twice := first[m.key]; twice {
			*found = append(*found, Duplicate{Path: above + m.key, First: before, Line: line, Column: column})
		}
		first[m.key] = line
		f.duplicates(m.value, above+m.key+".", found)
	}
}

// Set returns the text with a value put in place of, or added as, that of the
// keys. The value is JSON. Objects that are missing on the way are added.
func (f *File) Set(value string, path ...string) ([]byte, error) {
	changed, err := f.set(value, path)
	if err != nil {
		return nil, err
	}
	return changed, f.verify(changed, value, path)
}

func (f *File) set(value string, path []string) ([]byte, error) {
	if f.root == nil {
		text := string(bytes.TrimRight(f.text, " \t\r\n")) // a byte order mark
		s := style{eol: "\n", unit: defaultUnit, colon: ": ", lines: true}
		return []byte(text + "{\n" + s.unit + s.member(nest(value, path), s.unit) + "\n}\n"), nil
	}
	at := f.root
	for i, key := range path {
		if !at.object {
			line, column := position(f.text, at.start)
			return nil, &SyntaxError{Line: line, Column: column, Message: fmt.Sprintf("the value of %q is no { }", strings.Join(path[:i], "."))}
		}
		next := at.find(key)
		if next == nil {
			return f.add(at, nest(value, path[i:])), nil
		}
		at = next
	}
	return slices.Concat(f.text[:at.start], []byte(value), f.text[at.end:]), nil
}

// pair is a key and its value in JSON.
type pair struct{ key, value string }

// nest puts objects around a value, so that one pair leads to it.
func nest(value string, path []string) pair {
	for _, key := range slices.Backward(path[1:]) {
		value = "{" + quote(key) + ": " + value + "}"
	}
	return pair{path[0], value}
}

func quote(key string) string {
	text, err := json.Marshal(key)
	if err != nil { // a string always has a JSON form
		return `""`
	}
	return string(text)
}

// add puts a pair behind the last member of an object.
func (f *File) add(n *node, p pair) []byte {
	s, indent := f.styleOf(n)
	text := s.member(p, indent)
	if len(n.members) > 0 {
		end := n.members[len(n.members)-1].value.end
		separator := "," + s.between
		if s.lines {
			separator = "," + s.eol + indent
		}
		return slices.Concat(f.text[:end], []byte(separator+text), f.text[end:])
	}
	if s.lines {
		text = s.eol + indent + text + s.eol + f.indentOf(n.start)
	}
	return slices.Concat(f.text[:n.start+1], []byte(text), f.text[n.end-1:])
}

// verify checks that the changed text means the old one with the value set, and
// nothing else.
func (f *File) verify(changed []byte, value string, path []string) error {
	want := map[string]any{}
	if f.root != nil {
		if err := json.Unmarshal(f.text[f.root.start:f.root.end], &want); err != nil {
			return err
		}
	}
	var set any
	if err := json.Unmarshal([]byte(value), &set); err != nil {
		return fmt.Errorf("the new value: %w", err)
	}
	at := want
	for _, key := range path[:len(path)-1] {
		next, ok := at[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[key] = next
		}
		at = next
	}
	at[path[len(path)-1]] = set
	var got map[string]any
	if err := json.Unmarshal(bytes.TrimPrefix(changed, byteOrderMark), &got); err != nil {
		return fmt.Errorf("the changed text: %w", err)
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the text cannot be changed without changing more than %s", strings.Join(path, "."))
	}
	return nil
}
