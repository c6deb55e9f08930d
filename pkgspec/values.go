package pkgspec

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// What the words of a jetson.yaml may look like. The sets are narrow on purpose:
// names end up in paths, in image tags and in shell scripts.
var (
	namePattern   = regexp.MustCompile(`^[\w*?\[][\w.+*?!\[\]-]*(:[\w.+*?!\[\]-]+)?$`)
	folderPattern = regexp.MustCompile(`^[\pL\pN_.+@/-]+$`)
	envPattern    = regexp.MustCompile(`^[A-Za-z_]\w*$`)
	devicePattern = regexp.MustCompile(plan.DevicePattern)
	labelPattern  = regexp.MustCompile(`^[!-~]+$`)
	dataPattern   = regexp.MustCompile(`^[A-Za-z0-9]+([._/-]+[A-Za-z0-9]+)*$`)
	userPattern   = regexp.MustCompile(`^[^\s:]+(:[^\s:]+)?$`)
)

// someText is what a line may hold: more than blanks, and no control characters.
const someText = `^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$`

// checkName reports a text that is neither the name of a package, with or
// without a tag, nor a pattern of such names.
func (l *loader) checkName(s located) bool {
	if _, err := path.Match(s.Value, ""); err == nil && namePattern.MatchString(s.Value) {
		return true
	}
	hint := "a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names"
	if name, version, ok := cutVersion(s.Value); ok {
		hint = "a version follows a colon: " + name + ":" + version
	}
	l.reject(s, hint, "%s is not a package name", yamlnode.Quote(s.Value))
	return false
}

// pipVersion finds a version written as pip and other tools write it.
var pipVersion = regexp.MustCompile(`^([\w.+-]+) ?(?:==?|@) ?([\w.+-]+)$`)

func cutVersion(text string) (name, version string, ok bool) {
	m := pipVersion.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// names reads names of packages, or patterns.
func (l *loader) names(texts []located) []diag.Text {
	var names []diag.Text
	for _, s := range texts {
		if l.checkName(s) {
			names = append(names, s.Text)
		}
	}
	return names
}

// packages reads what to build, and reports what is listed twice.
func (l *loader) packages(texts []located) []PackageRef {
	var refs []PackageRef
	first := map[string]diag.Range{}
	for _, s := range texts {
		ref := PackageRef{Text: s.Text}
		key, ok := s.Value, false
		switch {
		case isFolder(s.Value):
			ref.Folder, ok = l.folder(s)
			key = "./" + ref.Folder
		case strings.Contains(s.Value, "/"):
			l.reject(s, "write ./"+yamlnode.Excerpt(s.Value)+" for a folder of the build context", "%s is not a package name", yamlnode.Quote(s.Value))
		default:
			ok = l.checkName(s)
		}
		if !ok {
			continue
		}
		if earlier, again := first[key]; again {
			problem := l.problems.Errorf(rules.DuplicatePackage, s.At, "list it once", "%s: %s is listed twice", s.name, yamlnode.Quote(s.Value))
			if s.inFile() {
				problem.Relate(earlier, "the first one is here")
			}
			continue
		}
		first[key] = s.At
		refs = append(refs, ref)
	}
	return refs
}

// isFolder reports whether a text is a folder of the context, and not the name of a package.
func isFolder(text string) bool {
	first, _, _ := strings.Cut(text, "/")
	return first == "." || first == ".." || strings.HasPrefix(text, "/")
}

// folder reads a path that must stay inside the tree it is relative to.
func (l *loader) folder(s located) (string, bool) {
	clean := path.Clean(s.Value)
	switch {
	case !folderPattern.MatchString(s.Value):
		l.reject(s, "use letters, digits and . _ + @ - in the names of folders", "%s is not the path of a folder", yamlnode.Quote(s.Value))
	case path.IsAbs(clean):
		l.reject(s, "write a path that is relative to the build context: ./my-package", "the folder %s is absolute", yamlnode.Quote(s.Value))
	case clean == ".." || strings.HasPrefix(clean, "../"):
		l.reject(s, "pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}",
			"the folder %s is outside of the build context", yamlnode.Quote(s.Value))
	default:
		return clean, true
	}
	return "", false
}

// context reads the name of a named context.
func (l *loader) context(s located) string {
	if _, err := reference.ParseNormalizedNamed(s.Value); err != nil {
		l.reject(s, "write the NAME, in small letters, and pass --build-context NAME=FOLDER or NAME=URL", "%s is not the name of a build context", yamlnode.Quote(s.Value))
		return ""
	}
	return s.Value
}

// checkEnvName reports a text that can't name an environment variable or a
// build argument.
func (l *loader) checkEnvName(s located) bool {
	if !envPattern.MatchString(s.Value) {
		l.reject(s, "use letters, digits and _, and begin with a letter", "%s is not the name of a variable", yamlnode.Quote(s.Value))
		return false
	}
	return true
}

// checkReserved reports names that the file can't set under args, because they
// mean something to jetkit or BuildKit.
func (l *loader) checkReserved(name located) bool {
	if row := l.argument(name.Value); row != nil {
		l.problems.Errorf(rules.ReservedName, name.At, "set "+row.key+" instead", "args: %s is an argument of jetkit's own", name.Value)
		return false
	}
	if plan.IsBuilderArg(name.Value) {
		l.problems.Errorf(rules.ReservedName, name.At, "pass it with --build-arg "+name.Value+"=...", "args: %s is an argument of BuildKit's own", name.Value)
		return false
	}
	return true
}

func listText[T any](list []T, text func(T) string) string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = text(item)
	}
	return strings.Join(texts, ", ")
}

func namesText(names []diag.Text) string {
	return listText(names, func(t diag.Text) string { return t.Value })
}

func privilegedText(names []diag.Text) string {
	switch {
	case names == nil:
		return ""
	case len(names) == 0:
		return "false"
	case len(names) == 1 && names[0].Value == everyPackage:
		return "true"
	}
	return namesText(names)
}

func commandText(words []string) string {
	if len(words) == 0 {
		return ""
	}
	text, err := json.Marshal(words)
	if err != nil { // it can't be: words are texts
		return strings.Join(words, " ")
	}
	return string(text)
}
