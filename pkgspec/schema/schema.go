// Package schema writes JSON Schemas, which editors check files with while they
// are typed.
package schema

import "encoding/json"

// Schema is a JSON Schema of draft 2020-12, as far as jetkit needs it.
type Schema struct {
	Schema      string `json:"$schema,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Type is a name, or several.
	Type    any    `json:"type,omitempty"`
	Enum    []any  `json:"enum,omitempty"`
	Pattern string `json:"pattern,omitempty"`
	// Minimum is a pointer, as 0 means something.
	Minimum *int    `json:"minimum,omitempty"`
	Items   *Schema `json:"items,omitempty"`
	// MinItems and MinProperties of 0 are no limits, and so is MaxItems.
	MinItems          int                `json:"minItems,omitempty"`
	MaxItems          int                `json:"maxItems,omitempty"`
	Properties        map[string]*Schema `json:"properties,omitempty"`
	PatternProperties map[string]*Schema `json:"patternProperties,omitempty"`
	PropertyNames     *Schema            `json:"propertyNames,omitempty"`
	// Additional is a *Schema for the keys that Properties lacks, or false for none.
	Additional    any       `json:"additionalProperties,omitempty"`
	MinProperties int       `json:"minProperties,omitempty"`
	Required      []string  `json:"required,omitempty"`
	AnyOf         []*Schema `json:"anyOf,omitempty"`
	Not           *Schema   `json:"not,omitempty"`
	// Ref names one of the file's own Defs: "#/$defs/NAME".
	Ref  string             `json:"$ref,omitempty"`
	Defs map[string]*Schema `json:"$defs,omitempty"`
}

// Draft is the value of a file's own Schema.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// JSON returns the schema as the text of a file.
func (s *Schema) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// Described returns a copy with a description.
func (s Schema) Described(text string) *Schema {
	s.Description = text
	return &s
}

// Text is a value that jetkit takes as typed: 3.10 is a text though YAML takes it
// for a number. The pattern is for values that YAML takes for texts.
func Text(pattern string) *Schema {
	return &Schema{Type: []string{"string", "number"}, Pattern: pattern}
}

// AtLeast returns a copy that bounds values which YAML takes for numbers.
func (s Schema) AtLeast(least int) *Schema {
	s.Minimum = &least
	return &s
}

// Scalar is Text that may also be true or false.
func Scalar() *Schema { return &Schema{Type: []string{"string", "number", "boolean"}} }

// Words are the values of which one is chosen.
func Words[T ~string](words ...T) *Schema {
	s := &Schema{}
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

// Any accepts what one of the schemas accepts.
func Any(of ...*Schema) *Schema { return &Schema{AnyOf: of} }

// Some is an entry, or a list of at least so many.
func Some(entry *Schema, least int) *Schema {
	return Any(entry, &Schema{Type: "array", Items: entry, MinItems: least})
}

// Object is a mapping of known keys.
func Object(keys map[string]*Schema) *Schema {
	return &Schema{Type: "object", Properties: keys, Additional: false}
}

// Table is a mapping of a user's own names to values.
func Table(names, values *Schema) *Schema {
	return &Schema{Type: "object", PropertyNames: names, Additional: values}
}

// Outside matches paths that leave the folder that they are relative to.
const Outside = `^(/|\.\.(/|$))`
