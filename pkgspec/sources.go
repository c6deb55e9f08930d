package pkgspec

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// sources is the list of trees of packages. PACKAGE_DIRS names folders to search
// before the built-in packages.
func sources() form {
	folder := schema.Text(`^[\p{L}\p{N}_.+@/-]+$`)
	folder.Not = &schema.Schema{Pattern: schema.Outside}
	entry := schema.Object(map[string]*schema.Schema{
		"builtin": {Enum: []any{true}}, "dir": folder, "context": imageSchema,
	})
	entry.MinProperties = 1
	entry.Not = schema.Any(&schema.Schema{Required: []string{"builtin", "dir"}}, &schema.Schema{Required: []string{"builtin", "context"}})
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if l.hasEntries(f.Value, key, "name at least one tree of packages, or leave the key out for the default") {
				l.spec.Sources = l.distinct(key, l.sources(f.Value, key))
			}
		},
		arg: func(l *loader, s located) {
			var sources []Source
			for _, dir := range l.splitSome(s) {
				if folder, ok := l.folder(dir); ok {
					sources = append(sources, Source{Kind: plan.Context, Dir: folder})
				}
			}
			l.spec.Sources = l.distinct(s.name, append(sources, Source{Kind: plan.Builtin, Dir: "."}))
		},
		text:   func(s *Spec) string { return listText(s.Sources, sourceText) },
		schema: schema.Some(schema.Any(schema.Words(plan.Builtin), entry), 1),
	}
}

func (l *loader) sources(n *yamlnode.Node, path string) []Source {
	var sources []Source
	for _, item := range l.items(n, path, "sources") {
		if src, ok := l.source(item, path); ok {
			src.At = item.At
			sources = append(sources, src)
		}
	}
	return sources
}

// source reads one entry: the word builtin, or a mapping.
func (l *loader) source(n *yamlnode.Node, path string) (Source, bool) {
	if n.Kind == yamlnode.Mapping {
		return l.sourceKeys(n, path)
	}
	s, ok := l.line(n, path)
	if ok && s.Value != string(plan.Builtin) {
		l.reject(s, fmt.Sprintf("a folder is {dir: %s}, a named context {context: %[1]s}", yamlnode.Excerpt(s.Value)), "unknown source %s", yamlnode.Quote(s.Value))
	}
	return Source{Kind: plan.Builtin, Dir: "."}, ok && s.Value == string(plan.Builtin)
}

func (l *loader) sourceKeys(n *yamlnode.Node, path string) (Source, bool) {
	src := Source{Dir: "."}
	before := len(l.problems)
	l.keys(n, path,
		key{"builtin", func(f *yamlnode.Field, path string) {
			src.Kind = plan.Builtin
			if f.Value.Kind != yamlnode.Broken && (f.Value.Tag != yamlnode.BoolTag || !strings.EqualFold(f.Value.Text, "true")) {
				l.wrongType(f.Value, path, "true", "leave the entry out if the built-in packages are not wanted")
			}
		}},
		key{"dir", l.lineKey(func(s located) { src.Dir, _ = l.folder(s) })},
		key{"context", l.lineKey(func(s located) { src.Name = l.context(s) })},
	)
	if len(l.problems) > before {
		return src, false
	}
	dir, context := n.Get("dir") != nil, n.Get("context") != nil
	entry := located{diag.Text{At: n.At}, path}
	switch {
	case src.Kind == plan.Builtin && (dir || context):
		l.reject(entry, "make two entries of it", "builtin stands alone")
		return src, false
	case src.Kind == plan.Builtin:
	case context:
		src.Kind = plan.Named
	case dir:
		src.Kind = plan.Context
	default:
		l.reject(entry, "write builtin, {dir: FOLDER} or {context: NAME}", "the entry is empty")
		return src, false
	}
	return src, true
}

// distinct reports trees that are listed twice; name is where they are listed.
func (l *loader) distinct(name string, sources []Source) []Source {
	var kept []Source
	first := map[Source]diag.Range{}
	for _, src := range sources {
		key := src
		key.At = diag.Range{}
		if earlier, again := first[key]; again {
			problem := l.problems.Errorf(rules.DuplicateSource, src.At, "list it once", "%s: %s is listed twice", name, yamlnode.Quote(sourceText(src)))
			if src.At.File != "" {
				problem.Relate(earlier, "the first one is here")
			}
			continue
		}
		first[key] = src.At
		kept = append(kept, src)
	}
	return kept
}

func sourceText(s Source) string {
	switch {
	case s.Kind == plan.Builtin:
		return string(plan.Builtin)
	case s.Kind == plan.Context:
		return s.Dir
	case s.Dir == ".":
		return s.Name
	}
	return s.Name + ":" + s.Dir
}
