package platform

import (
	"reflect"
	"slices"
	"strconv"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// tableReader reads one file of tables, and reports what is wrong with it.
type tableReader struct {
	problems *diag.List
	// ofProgram marks the program's own tables, whose rows name other sources
	// than the file that they stand in.
	ofProgram bool
	// asTyped takes what YAML takes for a number as a text, as jetson.yaml does.
	asTyped bool
}

// wrongType reports a value of another kind than is needed.
func (r tableReader) wrongType(n *yamlnode.Node, what, want string) {
	if n.Kind != yamlnode.Broken { // it is reported already
		r.problems.Errorf(rules.WrongType, n.At, "", "%s must be %s, not %s", what, want, n.Describe())
	}
}

// decode reads a mapping into a struct, each of whose keys must be a field's. It
// reports whether all of it could be read.
func (r tableReader) decode(n *yamlnode.Node, what string, into any) bool {
	if n.Kind != yamlnode.Mapping {
		r.wrongType(n, what, "a mapping")
		return false
	}
	row := reflect.ValueOf(into).Elem()
	names := make([]string, row.NumField())
	for i := range names {
		names[i] = row.Type().Field(i).Tag.Get("json")
	}
	good := true
	for _, f := range n.Fields {
		i := slices.Index(names, f.Key)
		if i < 0 || f.Key == "" { // fields that no key has have no name
			r.problems.Errorf(rules.UnknownKey, f.KeyAt, diag.DidYouMean(f.Key, names), "unknown key %s in %s", yamlnode.Quote(f.Key), what)
			good = false
			continue
		}
		if !r.set(row.Field(i), f.Value) {
			r.wrongType(f.Value, f.Key, kindOf(row.Field(i).Type()))
			good = false
		}
	}
	return good
}

// set assigns a node's value to a field of a row, and reports whether it is of the
// field's kind.
func (r tableReader) set(field reflect.Value, n *yamlnode.Node) bool {
	switch field.Kind() {
	case reflect.String:
		field.SetString(n.Text)
		return n.Kind == yamlnode.Scalar && (n.Tag == yamlnode.StrTag || r.asTyped && isNumber(n))
	case reflect.Bool:
		field.SetBool(n.Text == "true")
		return n.Kind == yamlnode.Scalar && n.Tag == yamlnode.BoolTag
	case reflect.Int:
		number, err := strconv.Atoi(n.Text)
		field.SetInt(int64(number))
		return n.Kind == yamlnode.Scalar && isNumber(n) && err == nil
	}
	field.Set(reflect.MakeSlice(field.Type(), len(n.Items), len(n.Items)))
	for i, item := range n.Items {
		if !r.set(field.Index(i), item) {
			return false
		}
	}
	return n.Kind == yamlnode.List
}

func isNumber(n *yamlnode.Node) bool { return n.Tag == yamlnode.IntTag || n.Tag == yamlnode.FloatTag }

// kindOf names what a field of a row holds.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	}
	return "a list, each of its entries " + kindOf(t.Elem())
}
