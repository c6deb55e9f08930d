package platform

import (
	"reflect"

	"jetkit/pkgspec/schema"
)

// FactsSchema returns the JSON schema of tables in jetson.yaml, as ExtendInline
// reads them.
func FactsSchema() *schema.Schema {
	tables := map[string]*schema.Schema{}
	for name, sections := range map[string]map[string]reflect.Type{
		"l4t":     {"releases": reflect.TypeFor[release]()},
		"ubuntu":  {"releases": reflect.TypeFor[ubuntuRelease]()},
		"sm":      {"capabilities": reflect.TypeFor[capability]()},
		"sources": {"repositories": reflect.TypeFor[repository]()},
		"arch": {
			"board_arches": reflect.TypeFor[jetsonArch](), "cuda_limits": reflect.TypeFor[cudaLimit](),
			"cuda_architectures": reflect.TypeFor[archList](),
		},
	} {
		keys := map[string]*schema.Schema{"$comment": {}}
		for section, row := range sections {
			keys[section] = &schema.Schema{Type: "array", Items: rowSchema(row)}
		}
		tables[name] = schema.Object(keys)
	}
	return schema.Object(tables)
}

// rowSchema is that of a field of a row, or of the row itself.
func rowSchema(t reflect.Type) *schema.Schema {
	switch t.Kind() {
	case reflect.String:
		return schema.Text("")
	case reflect.Bool:
		return &schema.Schema{Type: "boolean"}
	case reflect.Int:
		return &schema.Schema{Type: "integer"}
	case reflect.Slice:
		return &schema.Schema{Type: "array", Items: rowSchema(t.Elem())}
	}
	keys := map[string]*schema.Schema{}
	for field := range t.Fields() {
		if key := field.Tag.Get("json"); key != "" {
			keys[key] = rowSchema(field.Type)
		}
	}
	return schema.Object(keys)
}
