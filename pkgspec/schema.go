package pkgspec

import (
	"regexp"
	"strings"

	"jetkit/pkgspec/schema"
)

// Schema returns the JSON schema of jetson.yaml.
func Schema() *schema.Schema {
	l := &loader{settings: settings}
	root := l.schemaOf("", "What jetkit builds an image from.")
	root.Schema, root.Title = schema.Draft, "jetson.yaml, version "+Version
	root.PatternProperties = map[string]*schema.Schema{"^x-": {}}
	root.Required = []string{"packages"}
	return root
}

// sections describes the parts of the file that hold other keys.
var sections = map[string]string{
	"target": "Which Jetson the image is for.", "layers": "What packages are built on, and what is a layer of the image.", "build": "What the RUN steps of the packages' Dockerfiles get and may do.",
	"tests": "Which tests run, and what they get and may do.", "image": "What is set on the finished image.",
	"image.healthcheck": "How an engine tests that a container of the image works.",
}

func (l *loader) schemaOf(path, about string) *schema.Schema {
	keys := map[string]*schema.Schema{}
	for _, name := range l.sectionKeys(path) {
		keys[name] = l.keySchema(join(path, name))
	}
	s := schema.Object(keys)
	if path == "tests" {
		s.Not = &schema.Schema{Required: []string{"skip", "only"}}
	}
	return s.Described(about)
}

// keySchema is the schema of a row, of a section, or of one that also has a short
// form.
func (l *loader) keySchema(path string) *schema.Schema {
	section := len(l.sectionKeys(path)) > 0
	for _, row := range l.settings {
		switch {
		case row.key != path:
		case section:
			return schema.Any(row.schema.Described(plain(row.about)), l.schemaOf(path, sections[path]))
		default:
			return l.described(row)
		}
	}
	return l.schemaOf(path, sections[path])
}

func (l *loader) described(row setting) *schema.Schema {
	about := plain(row.about)
	if row.unset != "" {
		about += "; default: " + plain(row.unset)
	}
	s := row.schema.Described(about)
	if row.key == "args" {
		names := *s.PropertyNames
		reserved := schema.Words[string]()
		for _, other := range l.settings {
			if other.arg != "" {
				reserved.Enum = append(reserved.Enum, other.arg)
			}
		}
		names.Not = schema.Any(names.Not, reserved)
		s.PropertyNames = &names
	}
	return s
}

// link is a link of Markdown.
var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// plain returns the text of a line of Markdown.
func plain(markdown string) string {
	return strings.ReplaceAll(link.ReplaceAllString(markdown, "$1"), "`", "")
}
