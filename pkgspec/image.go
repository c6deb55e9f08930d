package pkgspec

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

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
	if _, err := plan.Expand(value.Value, func(string) string { return "" }); err != nil {
		l.reject(value, `write \$ for a $, and $NAME or ${NAME} for a variable`, "%v", err)
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
		file: func(l *loader, f *yamlnode.Field, key string) {
			l.table(f.Value, key, false, func(name, value located) { l.setNamed(&l.spec.Image.Labels, "a label", "labels", name, value) })
		},
		text:   func(*Spec) string { return "" },
		schema: schema.Table(names, schema.Scalar()),
	}
}

// imageAnnotations are annotations of the manifest.
func imageAnnotations() form {
	f := imageLabels()
	f.file = func(l *loader, f *yamlnode.Field, key string) {
		l.table(f.Value, key, false, func(name, value located) {
			l.setNamed(&l.spec.Image.Annotations, "an annotation", "annotations", name, value)
		})
	}
	return f
}

// setNamed sets a label or an annotation.
func (l *loader) setNamed(of *map[string]string, one, many string, name, value located) {
	switch {
	case !labelPattern.MatchString(name.Value):
		l.reject(name, "use letters, digits and punctuation, as in org.opencontainers.image.title", "%s is not the name of "+one, yamlnode.Quote(name.Value))
		return
	case strings.HasPrefix(name.Value, plan.LabelPrefix):
		l.problems.Errorf(rules.ReservedName, name.At, "use a prefix of your own", "%s: "+many+" that begin with %s are jetkit's own", name.name, plan.LabelPrefix)
		return
	}
	if *of == nil {
		*of = map[string]string{}
	}
	(*of)[name.Value] = value.Value
}

func workdir() form {
	of := func(s *Spec) *string { return &s.Image.Workdir }
	f := matched(of, regexp.MustCompile(`^/`), "begin it with /", "the folder %s is not absolute")
	return oneLine(func(l *loader, s located) {
		s.Value = path.Clean(s.Value)
		f.arg(l, s)
	}, f.text, f.schema)
}

// entriesOf is a list of texts that are read one by one; as a build argument they are
// separated by commas or spaces. Read returns what a text means.
func entriesOf(of func(*Spec) *[]string, read func(*loader, located) (string, bool), entry *schema.Schema) form {
	set := func(l *loader, texts []located) {
		values := []string{}
		for _, s := range texts {
			if value, ok := read(l, s); ok && !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
		*of(l.spec) = values
	}
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			var texts []located
			for _, item := range l.items(f.Value, key, "texts") {
				if s, ok := l.line(item, key); ok {
					texts = append(texts, s)
				}
			}
			set(l, texts)
		},
		arg:    func(l *loader, s located) { set(l, l.splitSome(s)) },
		text:   func(s *Spec) string { return strings.Join(*of(s), ", ") },
		schema: schema.Some(entry, 0),
	}
}

// portPattern matches what EXPOSE of a Dockerfile takes: a port or a range of them.
var portPattern = regexp.MustCompile(`^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?$`)

const maxPort = 1<<16 - 1

// port reads a port, or a range of ports, with its protocol.
func port(l *loader, s located) (string, bool) {
	m := portPattern.FindStringSubmatch(s.Value)
	if m == nil {
		hint := "write the port inside the container, or a range of them: 8080, 8080/udp, 8000-8010"
		if strings.Contains(s.Value, ":") {
			hint = "write the port inside the container alone: docker run -p says where it is outside"
		}
		l.reject(s, hint, "%s is not a port", yamlnode.Quote(s.Value))
		return "", false
	}
	first, _ := strconv.Atoi(m[1]) // at most five digits
	last := first
	if m[2] != "" {
		last, _ = strconv.Atoi(m[2])
	}
	if first < 1 || last > maxPort || first > last {
		l.reject(s, "", "%s is not a port or a range of ports from 1 to %d", yamlnode.Quote(s.Value), maxPort)
		return "", false
	}
	ports, protocol := m[1], m[3]
	if m[2] != "" {
		ports += "-" + m[2]
	}
	if protocol == "" {
		protocol = "tcp"
	}
	return ports + "/" + protocol, true
}

// volume reads the path of a volume.
func volume(l *loader, s located) (string, bool) {
	if !path.IsAbs(s.Value) || path.Clean(s.Value) == "/" {
		l.reject(s, "write a folder's absolute path, such as /data", "%s cannot be a volume", yamlnode.Quote(s.Value))
		return "", false
	}
	return path.Clean(s.Value), true
}

// signalPattern matches Linux' signals by name or number, as docker's --stop-signal takes
// them. Source: signal(7).
var signalPattern = regexp.MustCompile(`^((SIG)?(ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+[0-9]|\+1[0-5])?|RTMAX(-[0-9]|-1[0-4])?)|[1-9]|[1-5][0-9]|6[0-4])$`)

// words is a list of words, as SHELL of a Dockerfile.
func words(of func(*Spec) *[]string) form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if !l.expect(f.Value, key, "a list of words", yamlnode.List) || !l.hasEntries(f.Value, key, "leave it out to keep what the last package sets") {
				return
			}
			for _, item := range f.Value.Items {
				if s, ok := l.value(item, key); ok {
					*of(l.spec) = append(*of(l.spec), s.Value)
				}
			}
		},
		text:   func(s *Spec) string { return commandText(*of(s)) },
		schema: &schema.Schema{Type: "array", Items: schema.Scalar(), MinItems: 1},
	}
}
