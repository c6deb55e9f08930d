package pkgspec

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// argument returns the row of jetkit's own argument of that name, or nil.
func (l *loader) argument(name string) *setting {
	if i := slices.IndexFunc(l.settings, func(s setting) bool { return s.arg == name && name != "" }); i >= 0 {
		return &l.settings[i]
	}
	return nil
}

// given reports whether a build argument counts as given. One of jetkit's own
// without a value does not, nor does one that stands for a fact of the target: that
// is how CI systems pass a variable that isn't set. Any other reaches the
// Dockerfiles as it is.
func (l *loader) given(name string) bool {
	value, ok := l.args[name]
	if ok && strings.TrimSpace(value) == "" {
		isFact := slices.ContainsFunc(plan.Target{}.Facts(), func(f plan.Fact) bool { return f.Variable == name })
		return !isFact && l.argument(name) == nil
	}
	return ok
}

// apply lets the build arguments win over the file, and records what they
// changed.
func (l *loader) apply() {
	before := l.values()
	setBy := map[string]string{}
	for _, row := range l.settings {
		if row.arg == "" || !l.given(row.arg) {
			continue
		}
		s := located{diag.Text{Value: strings.TrimSpace(l.args[row.arg])}, cmp.Or(l.options[row.arg], "--build-arg "+row.arg)}
		if !row.script && !l.checkLine(s) {
			continue
		}
		earlier := l.values()
		row.form.arg(l, s)
		for key := range changes(earlier, l.values()) {
			setBy[key] = row.arg
		}
	}
	l.passOn(setBy)
	after := l.values()
	for _, key := range slices.Sorted(maps.Keys(setBy)) {
		if before[key] != after[key] {
			l.spec.Overrides = append(l.spec.Overrides, plan.Override{
				Key: key, Arg: setBy[key], Option: l.options[setBy[key]], Old: before[key], New: after[key],
			})
		}
	}
}

// values prints everything that a build argument can change, by its key; what
// nobody set is left out.
func (l *loader) values() map[string]string {
	all := map[string]string{}
	for _, row := range l.settings {
		if row.text != nil {
			all[row.key] = row.text(l.spec)
		}
		if row.entries != nil {
			for name, value := range row.entries(l.spec) {
				all[row.key+"."+name] = value
			}
		}
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// changes returns the keys whose values differ.
func changes(a, b map[string]string) map[string]bool {
	changed := map[string]bool{}
	for _, m := range []map[string]string{a, b} {
		for key := range m {
			if a[key] != b[key] {
				changed[key] = true
			}
		}
	}
	return changed
}

// passOn hands the arguments that are not jetkit's to the Dockerfiles.
func (l *loader) passOn(setBy map[string]string) {
	var known []string
	for _, row := range l.settings {
		if row.arg != "" {
			known = append(known, row.arg)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.args)) {
		s := located{diag.Text{Value: name}, "--build-arg " + yamlnode.Excerpt(name)}
		if l.argument(name) != nil || !l.given(name) || plan.IsBuilderArg(name) || !l.checkEnvName(s) {
			continue
		}
		l.warnSecret(s)
		if near := likelySlip(name, known); near != "" {
			l.problems.Warnf(rules.UnknownArg, s.At, "did you mean "+near+"?",
				"%s is not an argument of jetkit's; it goes to the packages' Dockerfiles", s.name)
		}
		if l.spec.Args == nil {
			l.spec.Args = map[string]string{}
		}
		if _, overridden := l.spec.Args[name]; overridden {
			setBy["args."+name] = name
		}
		l.spec.Args[name] = l.args[name]
		delete(l.spec.ArgsAt, name)
	}
}

// split returns the words of a build argument that is a list.
func split(s located) []located {
	var words []located
	for word := range strings.FieldsFuncSeq(s.Value, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		words = append(words, s.part(word))
	}
	return words
}

// splitSome is split for arguments that must name something.
func (l *loader) splitSome(s located) []located {
	words := split(s)
	if len(words) == 0 {
		l.reject(s, "separate names with commas", "%s names nothing", yamlnode.Quote(s.Value))
	}
	return words
}

// likelySlip returns the known argument that a name is a mistyping of, or "".
// It is stricter than diag.Nearest, since other people's arguments are alike:
// CUDNN_VERSION and CUDF_VERSION are good names.
func likelySlip(name string, known []string) string {
	near := diag.Nearest(yamlnode.Excerpt(name), known)
	if near == "" || !isSlip(strings.ToUpper(name), near) {
		return ""
	}
	return near
}

// isSlip reports whether one letter was left out, added, or swapped with the
// next, or one in a word of more than four letters was replaced.
func isSlip(a, b string) bool {
	word := 0 // where the word with the difference begins
	for a != "" && b != "" && a[0] == b[0] {
		word++
		if a[0] == '_' {
			word = 0
		}
		a, b = a[1:], b[1:]
	}
	tail := 0
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		tail++
		if a[len(a)-1] == '_' {
			tail = 0
		}
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a)+len(b) <= 1:
		return true
	case len(a) == 1 && len(b) == 1:
		return word+1+tail > 4
	}
	return len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// warnSecret warns of arguments that look like secrets, which everyone who has
// the image could read.
func (l *loader) warnSecret(name located) {
	what := name.name
	if name.inFile() {
		what += ": " + yamlnode.Excerpt(name.Value)
	}
	padded := "_" + strings.ToUpper(name.Value) + "_"
	for _, word := range []string{"PASS", "PASSWD", "PASSWORD", "TOKEN", "SECRET", "CREDENTIAL", "CREDENTIALS", "APIKEY", "API_KEY"} {
		if strings.Contains(padded, "_"+word+"_") {
			l.problems.Warnf(rules.SecretArg, name.At, "pass it with --secret, and use it with RUN --mount=type=secret in the Dockerfile",
				"%s looks like a secret, and build arguments stay readable in the image", what)
			return
		}
	}
}
