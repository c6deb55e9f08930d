// Package bakefile writes files for docker buildx bake: targets and groups, as JSON or
// HCL. Texts are taken as they are: what bake would read as a template is escaped.
package bakefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// File is a bake file.
type File struct {
	Groups  []Group
	Targets []Target
}

// Group names targets that are built together. The group "default" is built by
// docker buildx bake without names.
type Group struct {
	Name    string
	Targets []string
}

// Target is one image. Empty values are left out.
type Target struct {
	Name        string
	Description string
	Context     string
	// Dockerfile is the name of the file, Inline its text instead.
	Dockerfile, Inline string
	Args, Contexts     map[string]string
	Tags, Platforms    []string
	Entitlements       []string
}

// Unnamable are the characters that no name of a target or group may have.
var unnamable = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// Name makes a name of a target or group of a text: "cmake:apt" is "cmake-apt".
func Name(text string) string {
	return strings.Trim(unnamable.ReplaceAllString(text, "-"), "-")
}

// attribute is one line of a target; value is a string, a list or a map of strings.
type attribute struct {
	name  string
	value any
}

// attributes lists what a target says, in the order of bake's reference.
func (t *Target) attributes() []attribute {
	var list []attribute
	text := func(name, value string) {
		if value != "" {
			list = append(list, attribute{name, template(value)})
		}
	}
	words := func(name string, values []string) {
		if len(values) > 0 {
			escaped := make([]string, len(values))
			for i, value := range values {
				escaped[i] = template(value)
			}
			list = append(list, attribute{name, escaped})
		}
	}
	table := func(name string, values map[string]string) {
		if len(values) > 0 {
			escaped := make(map[string]string, len(values))
			for key, value := range values {
				escaped[template(key)] = template(value)
			}
			list = append(list, attribute{name, escaped})
		}
	}
	text("description", t.Description)
	text("context", t.Context)
	table("contexts", t.Contexts)
	text("dockerfile", t.Dockerfile)
	text("dockerfile-inline", t.Inline)
	table("args", t.Args)
	words("platforms", t.Platforms)
	words("entitlements", t.Entitlements)
	words("tags", t.Tags)
	return list
}

// template writes a text so that bake, which takes texts for templates, reads it as it is.
func template(text string) string { return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text) }

// JSON returns the file as JSON: docker-bake.json.
func (f *File) JSON() ([]byte, error) {
	groups, targets := map[string]any{}, map[string]any{}
	for _, g := range f.Groups {
		groups[g.Name] = map[string]any{"targets": g.Targets}
	}
	for i := range f.Targets {
		t := map[string]any{}
		for _, a := range f.Targets[i].attributes() {
			t[a.name] = a.value
		}
		targets[f.Targets[i].Name] = t
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(map[string]any{"group": groups, "target": targets})
	return b.Bytes(), err
}

// HCL returns the file as HCL: docker-bake.hcl.
func (f *File) HCL() []byte {
	var b bytes.Buffer
	for _, g := range f.Groups {
		fmt.Fprintf(&b, "group %s {\n  targets = %s\n}\n\n", quote(g.Name), list(g.Targets))
	}
	for i := range f.Targets {
		fmt.Fprintf(&b, "target %s {\n", quote(f.Targets[i].Name))
		for _, a := range f.Targets[i].attributes() {
			fmt.Fprintf(&b, "  %s = %s\n", a.name, expression(a.value))
		}
		b.WriteString("}\n\n")
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func expression(value any) string {
	switch value := value.(type) {
	case string:
		return quote(value)
	case []string:
		return list(value)
	case map[string]string:
		var b strings.Builder
		b.WriteString("{\n")
		for _, key := range slices.Sorted(maps.Keys(value)) {
			fmt.Fprintf(&b, "    %s = %s\n", quote(key), quote(value[key]))
		}
		return b.String() + "  }"
	}
	return "null"
}

func list(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a text as a string of HCL, which has the escapes of JSON.
func quote(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}
