package pkgspec

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// read fills the Spec from the file; what the file doesn't say stays zero.
func (l *loader) read(root *yamlnode.Node) {
	l.keys(root, "",
		key{"version", l.readVersion},
		key{"target", l.readTarget},
		key{"base", l.readBase},
		key{"packages", l.readPackages},
		key{"sources", l.readSources},
		key{"skip", l.nameList(&l.spec.Skip)},
		key{"args", l.readArgs},
		key{"build", l.readBuild},
		key{"tests", l.readTests},
		key{"image", l.readImage},
	)
	l.checkBuildDevice()
	if l.spec.Target.At == (diag.Range{}) {
		l.spec.Target.At = diag.Range{File: l.file}
	}
	if root.Kind == yamlnode.Mapping && l.args["PACKAGES"] == "" {
		l.checkPackagesKey(root)
	}
}

// checkPackagesKey reports that packages is missing, unless the unknown key that
// was meant to be it is reported already.
func (l *loader) checkPackagesKey(root *yamlnode.Node) {
	first := root.At
	for i, f := range root.Fields {
		if i == 0 {
			first = f.KeyAt
		}
		if diag.Nearest(yamlnode.Excerpt(f.Key), []string{"packages"}) != "" {
			return
		}
	}
	l.problems.Errorf(rules.MissingKey, first, "add the packages to build, for example: packages: [numpy]", "the key packages is missing")
}

// with makes a key's reader of a function that takes one line of text.
func (l *loader) with(use func(said)) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		if s, ok := l.line(f.Value, path); ok {
			use(s)
		}
	}
}

// nameList reads names or patterns of packages.
func (l *loader) nameList(into *[]diag.Text) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		*into = l.names(l.texts(f.Value, path))
	}
}

func (l *loader) readVersion(f *yamlnode.Field, path string) {
	if s, ok := l.line(f.Value, path); ok && s.text != Version {
		l.problems.Errorf(rules.UnknownVersion, s.at, "write version: "+Version+", or use a newer jetkit in the # syntax= line",
			"version %s of jetson.yaml is not known: this jetkit reads version %s", yamlnode.Excerpt(s.text), Version)
	}
}

func (l *loader) readTarget(f *yamlnode.Field, path string) {
	t := &l.spec.Target
	t.At = f.KeyAt
	asked := func(into *platform.Asked) func(*yamlnode.Field, string) {
		return l.with(func(s said) {
			*into = platform.Asked{Value: s.text, From: fmt.Sprintf("%s:%d", l.file, s.at.Start.Line), At: s.at}
		})
	}
	l.keys(f.Value, path,
		key{"jetpack", asked(&t.JetPack)},
		key{"l4t", asked(&t.L4T)},
		key{"cuda", asked(&t.CUDA)},
		key{"python", asked(&t.Python)},
		key{"ubuntu", asked(&t.Ubuntu)},
		key{"arch", asked(&t.Arch)},
	)
}

func (l *loader) readBase(f *yamlnode.Field, path string) {
	l.with(func(s said) { l.spec.Base = l.image(s) })(f, path)
}

func (l *loader) readPackages(f *yamlnode.Field, path string) {
	if f.Value.Kind == yamlnode.List && len(f.Value.Items) == 0 {
		l.emptyList(f, path, "name at least one package")
		return
	}
	l.spec.Packages = l.packages(l.texts(f.Value, path))
}

func (l *loader) emptyList(f *yamlnode.Field, path, hint string) {
	l.problems.Errorf(rules.BadValue, f.Value.At, hint, "%s: the list is empty", path)
}

func (l *loader) readSources(f *yamlnode.Field, path string) {
	if f.Value.Kind == yamlnode.List && len(f.Value.Items) == 0 {
		l.emptyList(f, path, "name at least one tree of packages, or leave the key out for the default")
		return
	}
	var sources []Source
	for _, item := range l.items(f.Value, path, "sources") {
		src, ok := l.readSource(item, path)
		if ok {
			src.At = item.At
			sources = append(sources, src)
		}
	}
	l.spec.Sources = l.distinct(path, sources)
}

// readSource reads one entry: the word builtin, or a mapping.
func (l *loader) readSource(n *yamlnode.Node, path string) (Source, bool) {
	if n.Kind == yamlnode.Mapping {
		return l.readSourceKeys(n, path)
	}
	s, ok := l.line(n, path)
	if ok && s.text != string(plan.Builtin) {
		l.reject(s, fmt.Sprintf("a folder is {dir: %s}, a named context {context: %[1]s}", yamlnode.Excerpt(s.text)), "unknown source %s", yamlnode.Quote(s.text))
	}
	return Source{Kind: plan.Builtin, Dir: "."}, ok && s.text == string(plan.Builtin)
}

func (l *loader) readSourceKeys(n *yamlnode.Node, path string) (Source, bool) {
	src := Source{Dir: "."}
	before := len(l.problems)
	l.keys(n, path,
		key{"builtin", func(f *yamlnode.Field, path string) {
			src.Kind = plan.Builtin
			if f.Value.Kind != yamlnode.Broken && (f.Value.Tag != yamlnode.BoolTag || !strings.EqualFold(f.Value.Text, "true")) {
				l.wrongType(f.Value, path, "true", "leave the entry out if the built-in packages are not wanted")
			}
		}},
		key{"dir", l.with(func(s said) { src.Dir, _ = l.folder(s) })},
		key{"context", l.with(func(s said) { src.Name = l.context(s) })},
	)
	if len(l.problems) > before {
		return src, false
	}
	dir, context := n.Get("dir") != nil, n.Get("context") != nil
	entry := said{name: path, at: n.At}
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

func (l *loader) readArgs(f *yamlnode.Field, path string) {
	l.table(f.Value, path, func(name, value said) {
		if !l.checkEnvName(name) || !l.checkReserved(name) {
			return
		}
		l.warnSecret(name)
		if l.spec.Args == nil {
			l.spec.Args, l.spec.ArgsAt = map[string]string{}, map[string]diag.Range{}
		}
		l.spec.Args[name.text], l.spec.ArgsAt[name.text] = value.text, value.at
	})
}

// checkReserved reports names that the file can't set under args, because they
// mean something to jetkit or BuildKit.
func (l *loader) checkReserved(name said) bool {
	if a := l.argument(name.text); a != nil {
		l.problems.Errorf(rules.ReservedName, name.at, "set "+a.key+" instead", "args: %s is an argument of jetkit's own", name.text)
		return false
	}
	if plan.IsBuilderArg(name.text) {
		l.problems.Errorf(rules.ReservedName, name.at, "pass it with --build-arg "+name.text+"=...", "args: %s is an argument of BuildKit's own", name.text)
		return false
	}
	return true
}
