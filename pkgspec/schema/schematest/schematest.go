// Package schematest checks files with a JSON schema as an editor would.
package schematest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/schema"
)

// Compile makes a checker of a schema: it returns what is wrong with a YAML or
// JSON text, nil if nothing is. The second result is false for a text that is not
// YAML, or has keys that JSON lacks.
func Compile(t *testing.T, s *schema.Schema) func(text string) (problem error, ok bool) {
	t.Helper()
	data, err := s.JSON()
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", document))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return func(text string) (error, bool) {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return err, false
		}
		data, err := json.Marshal(value)
		if err != nil {
			return err, false
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err, false
		}
		return compiled.Validate(instance), true
	}
}
