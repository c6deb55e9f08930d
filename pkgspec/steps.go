package pkgspec

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// section is one of build and tests, which share keys.
type section struct {
	sandbox    func(*Spec) *plan.Sandbox
	privileged func(*Spec) *[]diag.Text
	planned    func(*plan.Plan) plan.Sandbox
}

var (
	ofBuild = section{
		func(s *Spec) *plan.Sandbox { return &s.Build.Sandbox }, func(s *Spec) *[]diag.Text { return &s.Build.Privileged },
		func(p *plan.Plan) plan.Sandbox { return p.Build.Sandbox },
	}
	ofTests = section{
		func(s *Spec) *plan.Sandbox { return &s.Tests.Sandbox }, func(s *Spec) *[]diag.Text { return &s.Tests.Privileged },
		func(p *plan.Plan) plan.Sandbox { return p.Tests.Sandbox },
	}
)

// choice is one of a few words.
func choice[T ~string](of func(*Spec) *T, words ...T) form {
	return oneLine(func(l *loader, s located) {
		if word := T(s.Value); slices.Contains(words, word) {
			*of(l.spec) = word
			return
		}
		known := make([]string, len(words))
		for i, w := range words {
			known[i] = string(w)
		}
		l.reject(s, suggest(s.Value, known, nil), "unknown value %s", yamlnode.Quote(s.Value))
	}, func(s *Spec) string { return string(*of(s)) }, schema.Words(words...))
}

// gpu is how steps get a GPU.
func gpu(of func(*Spec) *plan.GPUMode) form {
	return choice(of, plan.GPUCDI, plan.GPURuntime, plan.GPUSkip)
}

// device is the name of a CDI device.
func device(of func(*Spec) *string) form {
	return matched(of, devicePattern, "write vendor.com/class=name, for example "+plan.DefaultDevice, "%s is not the name of a CDI device")
}

// defaultNetwork is what the user calls plan.NetworkDefault. Only complete turns
// the one into the other, so that a build argument which asks for it can be told
// from none.
const defaultNetwork plan.Network = "default"

// network is a network. Docker's options call the default sandbox too.
func network(of section) form {
	f := choice(func(s *Spec) *plan.Network { return &of.sandbox(s).Network }, defaultNetwork, plan.NetworkHost, plan.NetworkNone)
	f.schema.Enum = append(f.schema.Enum, "sandbox")
	strict := f.arg
	use := func(l *loader, s located) {
		if s.Value == "sandbox" {
			s.Value = string(defaultNetwork)
		}
		strict(l, s)
	}
	return oneLine(use, f.text, f.schema).with(func(p *plan.Plan) string { return string(of.planned(p).Network) })
}

// maxShmSize is more than any machine has. For numbers that an int64 can't hold,
// go-units gives another number on another processor; all of them are out of
// range.
const maxShmSize = 1 << 50

// shmSize is a number of bytes in Docker's form.
// sizeSchema is a size, as docker's options take it.
var sizeSchema = schema.Text(`^[0-9.]+ ?([kKmMgGtTpP]?[iI]?[bB]?)$`).AtLeast(1)

func shmSize(of section) form {
	const hint = "write a number of bytes, or one with k, m or g: 2g"
	return oneLine(func(l *loader, s located) {
		switch bytes, err := units.RAMInBytes(s.Value); {
		case err != nil:
			l.reject(s, hint, "%s is not a size", yamlnode.Quote(s.Value))
		case bytes < 1 || bytes > maxShmSize:
			l.reject(s, hint, "the size %s is not between one byte and a pebibyte", yamlnode.Quote(s.Value))
		default:
			of.sandbox(l.spec).ShmSize = bytes
		}
	}, func(s *Spec) string { return plan.SizeText(of.sandbox(s).ShmSize) }, sizeSchema).
		with(func(p *plan.Plan) string { return plan.SizeText(of.planned(p).ShmSize) })
}

// ulimitNames are the limits that units.ParseUlimit knows.
var ulimitNames = []string{
	"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
}

// ulimits is a mapping of limits; as a build argument they are written as docker's
// --ulimit takes them, separated by commas.
func ulimits(of section) form {
	set := func(l *loader, limits []plan.Ulimit) {
		slices.SortFunc(limits, func(a, b plan.Ulimit) int { return cmp.Compare(a.Name, b.Name) })
		of.sandbox(l.spec).Ulimits = limits
	}
	limit := schema.Text(`^-?[0-9]+(:-?[0-9]+)?$`).AtLeast(-1)
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			var limits []plan.Ulimit
			l.table(f.Value, key, false, func(name, value located) {
				if limit, ok := l.ulimit(name, value); ok {
					limits = append(limits, limit)
				}
			})
			set(l, limits)
		},
		arg:     func(l *loader, s located) { set(l, l.ulimits(s)) },
		text:    func(s *Spec) string { return plan.UlimitsText(of.sandbox(s).Ulimits) },
		planned: func(p *plan.Plan) string { return plan.UlimitsText(of.planned(p).Ulimits) },
		schema:  schema.Table(schema.Words(ulimitNames...), limit),
	}
}

// ulimits reads a build argument.
func (l *loader) ulimits(s located) []plan.Ulimit {
	var limits []plan.Ulimit
	for _, word := range l.splitSome(s) {
		name, text, ok := strings.Cut(word.Value, "=")
		if !ok {
			l.reject(s, "write NAME=SOFT:HARD,OTHER=BOTH, for example nofile=1024:524288,memlock=-1", "%s is not NAME=LIMIT", yamlnode.Quote(word.Value))
			continue
		}
		value := s.part(text)
		value.name += ": " + yamlnode.Excerpt(name)
		limit, ok := l.ulimit(s.part(name), value)
		if !ok {
			continue
		}
		if slices.ContainsFunc(limits, func(other plan.Ulimit) bool { return other.Name == name }) {
			l.reject(s, "keep one of them", "%s is given twice", name)
			continue
		}
		limits = append(limits, limit)
	}
	return limits
}

// ulimit reads one limit: a number for both, or the soft and the hard one.
func (l *loader) ulimit(name, value located) (plan.Ulimit, bool) {
	if !slices.Contains(ulimitNames, name.Value) {
		l.reject(name, suggest(name.Value, ulimitNames, nil), "%s is not the name of a limit", yamlnode.Quote(name.Value))
		return plan.Ulimit{}, false
	}
	u, err := units.ParseUlimit(name.Value + "=" + value.Value)
	switch {
	case errors.Is(err, strconv.ErrRange):
		l.reject(value, "no limit is -1", "the limit %s is too large", yamlnode.Quote(value.Value))
	case errors.Is(err, strconv.ErrSyntax) || err == nil && min(u.Soft, u.Hard) < -1 || strings.Count(value.Value, ":") > 1:
		l.reject(value, `write SOFT or "SOFT:HARD"; -1 is no limit`, "%s is not a limit", yamlnode.Quote(value.Value))
	case err != nil:
		l.reject(value, "write the lower limit first: SOFT:HARD", "%s: the soft limit is above the hard one", yamlnode.Quote(value.Value))
	default:
		return plan.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard}, true
	}
	return plan.Ulimit{}, false
}

// everyPackage is the pattern that "privileged: true" stands for.
const everyPackage = "*"

// privileged is a list of names or patterns of packages, or true or false for all
// or none.
func privileged(of section) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if f.Value.Kind == yamlnode.Scalar && f.Value.Tag == yamlnode.BoolTag {
				*of.privileged(l.spec) = l.privileged([]located{{f.Value.Located(), key}})
				return
			}
			*of.privileged(l.spec) = l.privileged(l.texts(f.Value, key))
		},
		arg:    func(l *loader, s located) { *of.privileged(l.spec) = l.privileged(l.splitSome(s)) },
		text:   func(s *Spec) string { return privilegedText(*of.privileged(s)) },
		schema: schema.Any(&schema.Schema{Type: "boolean"}, namesSchema),
	}
}

// privileged is not nil even if it is empty: until complete, that tells a user's
// false from nothing said.
func (l *loader) privileged(words []located) []diag.Text {
	names := []diag.Text{}
	for _, s := range words {
		all, isTruth := yamlnode.Truth(s.Value)
		switch {
		case isTruth && len(words) > 1:
			l.reject(s, "write it alone, or name packages", "%s stands for all packages or none, and cannot be in a list", yamlnode.Quote(s.Value))
		case isTruth && all:
			names = append(names, diag.Text{Value: everyPackage, At: s.At})
		case !isTruth && l.checkName(s):
			names = append(names, s.Text)
		}
	}
	return names
}

// named returns the names of the steps that something is true of.
func named(is func(plan.Step) bool) func(*plan.Plan) string {
	return func(p *plan.Plan) string {
		var names []string
		for _, s := range p.Steps {
			if is(s) {
				names = append(names, s.Name)
			}
		}
		return strings.Join(names, ",")
	}
}

// common returns the value that all steps which have one share, or "".
func common(of func(plan.Step) string) func(*plan.Plan) string {
	return func(p *plan.Plan) string {
		var values []string
		for _, s := range p.Steps {
			values = append(values, of(s))
		}
		return shared(values)
	}
}

// commonTest is common for the tests that run.
func commonTest(of func(plan.Test) string) func(*plan.Plan) string {
	return func(p *plan.Plan) string {
		var values []string
		for _, s := range p.Steps {
			for _, t := range s.Tests {
				if t.Skipped == "" {
					values = append(values, of(t))
				}
			}
		}
		return shared(values)
	}
}

// shared returns the one value of a list in which others are empty, or "".
func shared(values []string) string {
	values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
	if len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return v != values[0] }) {
		return ""
	}
	return values[0]
}
