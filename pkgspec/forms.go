package pkgspec

import (
	"encoding/json"
	"fmt"
	"regexp"

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
