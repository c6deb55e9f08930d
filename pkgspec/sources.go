package pkgspec

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/remote"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// sources is the list of trees of packages. PACKAGE_DIRS names folders to search
// before the built-in packages.
func sources() form {
	folder := schema.Text(`^[\p{L}\p{N}_.+@/-]+$`)
	folder.Not = &schema.Schema{Pattern: schema.Outside}
	line := schema.Text(someText)
	entry := schema.Object(map[string]*schema.Schema{
		"builtin": {Enum: []any{true}}, "dir": folder, "context": imageSchema, "git": line, "image": imageSchema,
	})
	entry.MinProperties = 1
	entry.Not = schema.Any(notTogether("builtin", "dir"), notTogether("builtin", "context"), notTogether("builtin", "git"), notTogether("builtin", "image"),
		notTogether("context", "git"), notTogether("context", "image"), notTogether("git", "image"))
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

// notTogether matches entries that have two keys.
func notTogether(a, b string) *schema.Schema { return &schema.Schema{Required: []string{a, b}} }

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
		hint := fmt.Sprintf("a folder is {dir: %s}, a named context {context: %[1]s}", yamlnode.Excerpt(s.Value))
		if _, _, err := remote.ParseGit(s.Value); remote.IsURL(s.Value) && err != nil {
			l.reject(s, "a repository is {git: "+remote.Example+"}", "%v", err)
			return Source{Kind: plan.Builtin, Dir: "."}, false
		} else if remote.IsURL(s.Value) {
			hint = fmt.Sprintf("a repository is {git: %q}", yamlnode.Excerpt(s.Value))
		} else if _, known := l.spec.Target.Tables.Repository(s.Value); known {
			hint = fmt.Sprintf("a repository is {git: %s}", s.Value)
		}
		l.reject(s, hint, "unknown source %s", yamlnode.Quote(s.Value))
	}
	return Source{Kind: plan.Builtin, Dir: "."}, ok && s.Value == string(plan.Builtin)
}

// kindKeys are the keys of which an entry has one: they say what sort of tree it is.
var kindKeys = []string{"builtin", "context", "git", "image"}

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
		key{"context", l.lineKey(func(s located) { src.Kind, src.Name = plan.Named, l.context(s) })},
		key{"git", l.lineKey(func(s located) { src.Kind, src.Name, src.Remote = plan.Repository, s.Value, l.repository(s) })},
		key{"image", l.lineKey(func(s located) {
			src.Kind, src.Remote = plan.ImageTree, l.image(s)
			src.Name = src.Remote.String()
		})},
	)
	if len(l.problems) > before {
		return src, false
	}
	var kinds []string
	for _, k := range kindKeys {
		if n.Get(k) != nil {
			kinds = append(kinds, k)
		}
	}
	entry := located{diag.Text{At: n.At}, path}
	switch hasDir := n.Get("dir") != nil; {
	case src.Kind == plan.Builtin && (hasDir || len(kinds) > 1):
		l.reject(entry, "make two entries of it", "builtin stands alone")
		return src, false
	case len(kinds) > 1:
		l.reject(entry, "make an entry of each", "%s are different sources", diag.And(kinds))
		return src, false
	case len(kinds) == 0 && hasDir:
		src.Kind = plan.Context
	case len(kinds) == 0:
		l.reject(entry, "write builtin, {dir: FOLDER}, {context: NAME}, {git: URL} or {image: REFERENCE}", "the entry is empty")
		return src, false
	}
	return src, true
}

// repository reads where a repository is. A name that stands for one is looked up when all
// tables are known.
func (l *loader) repository(s located) plan.Remote {
	_, r, err := remote.ParseGit(s.Value)
	if err != nil {
		l.reject(s, "write "+remote.Example+", or the name of a repository that jetkit knows: "+diag.Or(l.spec.Target.Tables.Repositories()), "%v", err)
	}
	return r
}

// image reads which image has a tree.
func (l *loader) image(s located) plan.Remote {
	r, err := remote.ParseImage(s.Value)
	if err != nil {
		l.reject(s, "write a reference, as in ghcr.io/robots/packages:1.2", "%s is not an image: %v", yamlnode.Quote(s.Value), err)
	}
	return r
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
	return plan.Origin{Kind: s.Kind, Name: s.Name, Path: s.Dir}.String()
}
