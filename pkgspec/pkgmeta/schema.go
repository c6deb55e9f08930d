package pkgmeta

import (
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema"
)

// Schema returns the JSON schema of metadata: of headers, and of configuration
// files, which may also name several packages.
func Schema() *schema.Schema {
	one := &schema.Schema{Ref: "#/$defs/package"}
	several := &schema.Schema{Type: "object", MinProperties: 1, Additional: schema.Any(one, &schema.Schema{Type: "null"})}
	root := schema.Any(one, several.Described("names of packages, with the metadata of each"))
	root.Defs = map[string]*schema.Schema{"package": packageKeys.schema().Described("the metadata of one package")}
	root.Schema, root.Title = schema.Draft, "metadata of jetkit's packages"
	root.Description = "A header between #--- lines of a Dockerfile, a config.yaml or a config.json."
	return root
}

func (v vocabulary) schema() *schema.Schema {
	keys := map[string]*schema.Schema{}
	for _, k := range v.keys {
		keys[k.name] = k.kind.schema().Described(k.about)
	}
	return schema.Object(keys)
}

// Patterns of texts, as the reader checks them.
const (
	namePattern  = "^[^\\x00-\\x20\\x7f,;\"'/\\\\`+\"$]*$"
	truthPattern = `^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$`
	tagPattern   = `^[0-9A-Za-z][0-9A-Za-z_.+-]*$`
	argPattern   = `^[A-Za-z_][A-Za-z0-9_]*$`
)

// schema is that of a key's value; null is no value.
func (k kind) schema() *schema.Schema {
	text := schema.Scalar()
	list := func(entry *schema.Schema) *schema.Schema {
		return schema.Any(schema.Some(entry, 0), &schema.Schema{Type: "null"})
	}
	switch k {
	case someTexts:
		text.Pattern = `\S`
		return list(text)
	case someKernels:
		text.Pattern = kernelForm.String()
		return list(text)
	case someNames:
		text.Pattern = namePattern
		return list(text)
	case someFiles:
		text.Not = &schema.Schema{Pattern: schema.Outside}
		return list(text)
	case aFile:
		return &schema.Schema{Type: []string{"string", "number", "boolean", "null"}, Not: &schema.Schema{Pattern: schema.Outside}}
	case aBool:
		return &schema.Schema{Type: []string{"string", "boolean", "null"}, Pattern: truthPattern}
	case theChain:
		return schema.Any(schema.Words(string(plan.LayersChain)), &schema.Schema{Type: "null"})
	case argMap:
		s := schema.Table(&schema.Schema{Pattern: argPattern}, &schema.Schema{Type: []string{"string", "number", "boolean", "null"}})
		s.Type = []string{"object", "null"}
		return s
	case variantList:
		entry := variantKeys.schema()
		version := schema.Text(tagPattern).AtLeast(0).Described(entry.Properties["version"].Description)
		entry.Properties["version"], entry.Required = version, []string{"version"}
		return &schema.Schema{Type: []string{"array", "null"}, Items: entry, MinItems: 1, MaxItems: maxVariants}
	}
	return &schema.Schema{Type: []string{"string", "number", "boolean", "null"}}
}
