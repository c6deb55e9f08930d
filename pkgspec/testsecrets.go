package pkgspec

import (
	"path"
	"regexp"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// secretPattern is the name of a secret or an SSH agent. buildx takes commas and equal
// signs for the end of one.
var secretPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// testSecrets is a list of secrets, each with the packages whose tests get it: tests are
// programs of others, so nobody gets one by default.
func testSecrets() form {
	entry := schema.Object(map[string]*schema.Schema{
		"id": schema.Text(secretPattern.String()), "env": schema.Text(envPattern.String()), "target": schema.Text(`^/.*[^/]$`),
		"required": {Type: "boolean"}, "packages": someNames,
	})
	entry.Required = []string{"id", "packages"}
	return given(func(s *Spec) *[]TestSecret { return &s.Tests.Secrets }, "secrets", (*loader).testSecret, func(t TestSecret) string { return t.ID }, entry)
}

// testSSH is a list of SSH agents, each with the packages whose tests can ask it.
func testSSH() form {
	entry := schema.Object(map[string]*schema.Schema{"id": schema.Text(secretPattern.String()), "required": {Type: "boolean"}, "packages": someNames})
	entry.Required = []string{"packages"}
	return given(func(s *Spec) *[]TestSSH { return &s.Tests.SSH }, "SSH agents", (*loader).testSSH, func(t TestSSH) string { return t.ID }, entry)
}

// given is a list of what the client gives; one entry may stand without the list.
func given[T any](of func(*Spec) *[]T, what string, read func(*loader, *yamlnode.Node, string) (T, bool), id func(T) string, entry *schema.Schema) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, name string) {
			for _, item := range l.items(f.Value, name, what) {
				if t, ok := read(l, item, name); ok {
					*of(l.spec) = append(*of(l.spec), t)
				}
			}
		},
		text:   func(s *Spec) string { return listText(*of(s), id) },
		schema: schema.Some(entry, 0),
	}
}

// someNames are names of packages, or patterns, at least one.
var someNames = schema.Some(schema.Text(namePattern.String()), 1)

func (l *loader) testSecret(n *yamlnode.Node, name string) (TestSecret, bool) {
	s := TestSecret{Secret: plan.Secret{At: n.At}}
	before := len(l.problems)
	keys := append(l.giving(&s.ID, &s.Optional, &s.Packages),
		key{"env", l.lineKey(func(text located) {
			if l.checkEnvName(text) {
				s.Env = text.Value
			}
		})},
		key{"target", l.lineKey(func(text located) { s.Target = l.secretTarget(text) })},
	)
	l.entry(n, name, keys)
	if len(l.problems) == before {
		l.checkGiven(n, name, s.ID, s.Packages)
	}
	if s.Env == "" && s.Target == "" {
		s.Target = plan.DefaultSecretDir + s.ID
	}
	return s, len(l.problems) == before
}

func (l *loader) testSSH(n *yamlnode.Node, name string) (TestSSH, bool) {
	s := TestSSH{SSHAgent: plan.SSHAgent{ID: plan.DefaultSSHAgent, At: n.At}}
	before := len(l.problems)
	l.entry(n, name, l.giving(&s.ID, &s.Optional, &s.Packages))
	if len(l.problems) == before {
		l.checkGiven(n, name, s.ID, s.Packages)
	}
	return s, len(l.problems) == before
}

// giving are the keys that say what of the client's is given to whose tests.
func (l *loader) giving(id *string, optional *bool, packages *[]diag.Text) []key {
	return []key{
		{"id", l.lineKey(func(text located) {
			if !secretPattern.MatchString(text.Value) {
				l.reject(text, "write the NAME that --secret id=NAME or --ssh NAME gives it: letters, digits, and . _ -", "%s is not the name of a secret or an SSH agent", yamlnode.Quote(text.Value))
			}
			*id = text.Value
		})},
		{"required", func(f *yamlnode.Field, path string) {
			if f.Value.Kind == yamlnode.Broken {
				return
			}
			required, ok := yamlnode.Truth(f.Value.Text)
			if f.Value.Kind != yamlnode.Scalar || !ok {
				l.wrongType(f.Value, path, "true or false", "leave it out if the tests need it")
			}
			*optional = !required
		}},
		{"packages", func(f *yamlnode.Field, path string) {
			if l.hasEntries(f.Value, path, "name the packages whose tests get it") {
				*packages = l.names(l.texts(f.Value, path))
			}
		}},
	}
}

// entry reads the keys of an entry. One that is a name alone is told what it lacks.
func (l *loader) entry(n *yamlnode.Node, name string, keys []key) {
	if n.Kind == yamlnode.Scalar && n.Tag == yamlnode.StrTag {
		l.wrongType(n, "an entry of "+name, "a mapping", "write {id: "+yamlnode.Excerpt(n.Text)+", packages: [NAME]}")
		return
	}
	l.keys(n, name, keys...)
}

// checkGiven reports what an entry lacks.
func (l *loader) checkGiven(n *yamlnode.Node, name, id string, packages []diag.Text) {
	if id == "" {
		l.problems.Errorf(rules.MissingKey, n.At, "add id: NAME, as in --secret id=NAME", "%s: an entry has no id", name)
	}
	if packages == nil {
		l.problems.Errorf(rules.MissingKey, n.At, "add packages: [NAME]; only the tests of those that are named get it", "%s: an entry names no packages whose tests get it", name)
	}
}

// lineKey reads a key whose value is one line.
func (l *loader) lineKey(use func(located)) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		if s, ok := l.line(f.Value, path); ok {
			use(s)
		}
	}
}

// secretTarget reads the path of a secret's file in the container.
func (l *loader) secretTarget(s located) string {
	if !strings.HasPrefix(s.Value, "/") || path.Clean(s.Value) == "/" || strings.HasSuffix(s.Value, "/") {
		l.reject(s, "write the path of a file, from /", "%s is not the path of a file in the container", yamlnode.Quote(s.Value))
	}
	return path.Clean(s.Value)
}
