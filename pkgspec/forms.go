package pkgspec

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// form is how the value of a setting is read, printed and described.
type form struct {
	// file reads what the file says; nil for what is a build argument only.
	file func(l *loader, f *yamlnode.Field, key string)
	// arg reads the build argument; nil if there is none.
	arg func(l *loader, s located)
	// script marks a build argument that may have several lines.
	script bool
	// text prints the value; empty if nobody set it. Comparing two of them shows what
	// an argument changed, however it did it.
	text func(*Spec) string
	// entries prints a mapping of the user's own names in place of text.
	entries func(*Spec) map[string]string
	// planned prints what a plan has; nil for what is not in a plan.
	planned func(*plan.Plan) string
	// schema is what the file may hold.
	schema *schema.Schema
}

// oneLine is the form of what is one line of text, in the file and as a build
// argument.
func oneLine(use func(*loader, located), text func(*Spec) string, may *schema.Schema) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if s, ok := l.line(f.Value, key); ok {
				use(l, s)
			}
		},
		arg: use, text: text, schema: may,
	}
}

// with adds what a plan has.
func (f form) with(planned func(*plan.Plan) string) form {
	f.planned = planned
	return f
}

// line is a text that is taken as it is.
func line(of func(*Spec) *string) form {
	return oneLine(func(l *loader, s located) { *of(l.spec) = s.Value }, func(s *Spec) string { return *of(s) }, schema.Text(someText))
}

// matched is a text that must match a pattern; wrong says of it what it is not.
func matched(of func(*Spec) *string, pattern *regexp.Regexp, hint, wrong string) form {
	return oneLine(func(l *loader, s located) {
		if !pattern.MatchString(s.Value) {
			l.reject(s, hint, wrong, yamlnode.Quote(s.Value))
			return
		}
		*of(l.spec) = s.Value
	}, func(s *Spec) string { return *of(s) }, schema.Text(pattern.String()))
}

func version() form {
	f := oneLine(func(l *loader, s located) {
		if s.Value != Version {
			l.problems.Errorf(rules.UnknownVersion, s.At, "write version: "+Version+", or use a newer jetkit in the # syntax= line",
				"version %s of jetson.yaml is not known: this jetkit reads version %s", yamlnode.Excerpt(s.Value), Version)
		}
	}, func(*Spec) string { return "" }, &schema.Schema{Enum: []any{json.Number(Version), Version}})
	f.arg = nil
	return f
}

// ofTarget is a value of the target. L4T and JetPack determine each other: if one
// is a build argument, what the file says of the other is dropped.
func ofTarget(key string, of, other func(*platform.Request) *platform.Asked) form {
	return oneLine(func(l *loader, s located) {
		from := s.name
		if s.inFile() {
			from = fmt.Sprintf("%s:%d", l.file, s.At.Start.Line)
		}
		*of(&l.spec.Target) = platform.Asked{Value: s.Value, From: from, At: s.At}
		if other != nil && !s.inFile() && other(&l.spec.Target).At.File != "" {
			*other(&l.spec.Target) = platform.Asked{}
		}
	}, func(s *Spec) string { return of(&s.Target).Value }, schema.Text(someText)).with(func(p *plan.Plan) string {
		for _, fact := range p.Target.Facts() {
			if fact.Key == key {
				return fact.Value.Value
			}
		}
		return ""
	})
}

// imageSchema is that of references, and of the names of named contexts, which
// BuildKit wants to look like one.
var imageSchema = schema.Text(reference.ReferenceRegexp.String())

// image is a reference, or the name of a named context.
func image(of func(*Spec) *diag.Text) form {
	return oneLine(func(l *loader, s located) {
		if _, err := reference.ParseNormalizedNamed(s.Value); err != nil {
			l.reject(s, "write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...", "%s is not an image reference", yamlnode.Quote(s.Value))
			return
		}
		*of(l.spec) = s.Text
	}, func(s *Spec) string { return of(s).Value }, imageSchema)
}

// facts extends the tables of the target.
func facts() form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if !l.expect(f.Value, key, "a mapping of tables", yamlnode.Mapping) {
				return
			}
			tables, problems := l.spec.Target.Tables.ExtendInline(f.Value)
			l.spec.Target.Tables = tables
			l.problems = append(l.problems, problems...)
		},
		schema: platform.FactsSchema(),
	}
}

func packages() form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if l.hasEntries(f.Value, key, "name at least one package") {
				l.spec.Packages = l.packages(l.texts(f.Value, key))
			}
		},
		arg:    func(l *loader, s located) { l.spec.Packages = l.packages(l.splitSome(s)) },
		text:   func(s *Spec) string { return listText(s.Packages, func(p PackageRef) string { return p.Value }) },
		schema: schema.Some(schema.Text(namePattern.String()+`|^\.(/[\p{L}\p{N}_.+@/-]*)?$`), 1),
	}
}

// names is a list of names or patterns of packages.
func names(of func(*Spec) *[]diag.Text) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) { *of(l.spec) = l.names(l.texts(f.Value, key)) },
		arg:  func(l *loader, s located) { *of(l.spec) = l.names(split(s)) },
		text: func(s *Spec) string { return namesText(*of(s)) }, schema: namesSchema,
	}
}

var namesSchema = schema.Some(schema.Text(namePattern.String()), 0)

// arguments is the section args.
func arguments() form {
	reserved := &schema.Schema{Pattern: `^(SOURCE_DATE_EPOCH|BUILDKIT_.*|(HTTP|HTTPS|FTP|NO|ALL)_PROXY|(http|https|ftp|no|all)_proxy)$`}
	names := &schema.Schema{Pattern: envPattern.String(), Not: reserved}
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			l.table(f.Value, key, true, func(name, value located) {
				if !l.checkEnvName(name) || !l.checkReserved(name) {
					return
				}
				l.warnSecret(name)
				if l.spec.Args == nil {
					l.spec.Args, l.spec.ArgsAt = map[string]string{}, map[string]diag.Range{}
				}
				l.spec.Args[name.Value], l.spec.ArgsAt[name.Value] = value.Value, value.At
			})
		},
		entries: func(s *Spec) map[string]string { return s.Args },
		schema:  schema.Table(names, &schema.Schema{Type: []string{"string", "number", "boolean", "null"}}),
	}
}

// command is a list of words, or a script for the shell, as CMD in a Dockerfile.
func command(of func(*plan.Image) *[]string) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) { l.command(f.Value, key, of(&l.spec.Image)) },
		arg: func(l *loader, s located) {
			if !strings.HasPrefix(s.Value, "[") {
				*of(&l.spec.Image) = shellForm(s.Value)
				return
			}
			var words []string
			if err := json.Unmarshal([]byte(s.Value), &words); err != nil || len(words) == 0 {
				l.reject(s, `write a JSON list, such as ["python3", "app.py"], or a command for the shell`, "%s is not a list of texts", yamlnode.Quote(s.Value))
				return
			}
			*of(&l.spec.Image) = words
		},
		script: true,
		text:   func(s *Spec) string { return commandText(*of(&s.Image)) },
		schema: schema.Any(&schema.Schema{Type: []string{"string", "number", "boolean"}, Pattern: `\S`},
			&schema.Schema{Type: "array", Items: schema.Scalar(), MinItems: 1}),
	}
}

// command reads what the file says.
func (l *loader) command(n *yamlnode.Node, key string, into *[]string) {
	const hint = "leave it out to keep what the last package sets"
	if !l.expect(n, key, "a list of words, or a text for the shell", yamlnode.List, yamlnode.Scalar) || !l.hasEntries(n, key, hint) {
		return
	}
	if n.Kind == yamlnode.Scalar {
		if s, ok := l.value(n, key); ok && strings.TrimSpace(s.Value) == "" {
			l.reject(s, hint, "the command is empty")
		} else if ok {
			*into = shellForm(s.Value)
		}
		return
	}
	for _, item := range n.Items {
		if s, ok := l.value(item, key); ok {
			*into = append(*into, s.Value)
		}
	}
}

// shellForm is what a Dockerfile makes of an ENTRYPOINT or CMD that is no list.
func shellForm(command string) []string { return []string{"/bin/sh", "-c", command} }

func imageEnv() form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) { l.table(f.Value, key, false, l.setEnv) },
		arg: func(l *loader, s located) {
			for entry := range strings.SplitSeq(s.Value, ",") {
				name, value, ok := strings.Cut(strings.TrimSpace(entry), "=")
				if !ok {
					l.reject(s, "write NAME=value,OTHER=value; a value with a comma can only be set in the file, under image.env", "%s is not NAME=value", yamlnode.Quote(entry))
					continue
				}
				l.setEnv(s.part(name), s.part(value))
			}
		},
		entries: func(s *Spec) map[string]string { return s.Image.Env },
		schema:  schema.Table(&schema.Schema{Pattern: envPattern.String()}, schema.Scalar()),
	}
}

func (l *loader) setEnv(name, value located) {
	if !l.checkEnvName(name) {
		return
	}
	if l.spec.Image.Env == nil {
		l.spec.Image.Env = map[string]string{}
	}
	l.spec.Image.Env[name.Value] = value.Value
}

func imageLabels() form {
	names := &schema.Schema{Pattern: labelPattern.String(), Not: &schema.Schema{Pattern: "^" + strings.ReplaceAll(plan.LabelPrefix, ".", `\.`)}}
	return form{
		file:   func(l *loader, f *yamlnode.Field, key string) { l.table(f.Value, key, false, l.setLabel) },
		text:   func(*Spec) string { return "" },
		schema: schema.Table(names, schema.Scalar()),
	}
}

func (l *loader) setLabel(name, value located) {
	switch {
	case !labelPattern.MatchString(name.Value):
		l.reject(name, "use letters, digits and punctuation, as in org.opencontainers.image.title", "%s is not the name of a label", yamlnode.Quote(name.Value))
		return
	case strings.HasPrefix(name.Value, plan.LabelPrefix):
		l.problems.Errorf(rules.ReservedName, name.At, "use a prefix of your own", "%s: labels that begin with %s are jetkit's own", name.name, plan.LabelPrefix)
		return
	}
	if l.spec.Image.Labels == nil {
		l.spec.Image.Labels = map[string]string{}
	}
	l.spec.Image.Labels[name.Value] = value.Value
}

func workdir() form {
	of := func(s *Spec) *string { return &s.Image.Workdir }
	f := matched(of, regexp.MustCompile(`^/`), "begin it with /", "the folder %s is not absolute")
	return oneLine(func(l *loader, s located) {
		s.Value = path.Clean(s.Value)
		f.arg(l, s)
	}, f.text, f.schema)
}
