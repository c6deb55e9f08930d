package pkgspec

import (
	"path"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// What the words of a jetson.yaml may look like. The sets are narrow on purpose:
// names end up in paths, in image tags and in shell scripts.
var (
	namePattern   = regexp.MustCompile(`^[\w*?\[][\w.+*?!\[\]-]*(:[\w.+*?!\[\]-]+)?$`)
	folderPattern = regexp.MustCompile(`^[\pL\pN_.+@/-]+$`)
	envPattern    = regexp.MustCompile(`^[A-Za-z_]\w*$`)
	labelPattern  = regexp.MustCompile(`^[!-~]+$`)
	dataPattern   = regexp.MustCompile(`^[A-Za-z0-9]+([._/-]+[A-Za-z0-9]+)*$`)
	userPattern   = regexp.MustCompile(`^[^\s:]+(:[^\s:]+)?$`)
)

// checkName reports a text that is neither the name of a package, with or
// without a tag, nor a pattern of such names.
func (l *loader) checkName(s said) bool {
	if _, err := path.Match(s.text, ""); err == nil && namePattern.MatchString(s.text) {
		return true
	}
	hint := "a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names"
	if name, version, ok := cutVersion(s.text); ok {
		hint = "a version follows a colon: " + name + ":" + version
	}
	l.reject(s, hint, "%s is not a package name", yamlnode.Quote(s.text))
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
func (l *loader) names(texts []said) []diag.Text {
	var names []diag.Text
	for _, s := range texts {
		if l.checkName(s) {
			names = append(names, s.located())
		}
	}
	return names
}

// packages reads what to build, and reports what is listed twice.
func (l *loader) packages(texts []said) []PackageRef {
	var refs []PackageRef
	first := map[string]diag.Range{}
	for _, s := range texts {
		ref := PackageRef{Text: s.located()}
		key, ok := s.text, false
		switch {
		case isFolder(s.text):
			ref.Folder, ok = l.folder(s)
			key = "./" + ref.Folder
		case strings.Contains(s.text, "/"):
			l.reject(s, "write ./"+yamlnode.Excerpt(s.text)+" for a folder of the build context", "%s is not a package name", yamlnode.Quote(s.text))
		default:
			ok = l.checkName(s)
		}
		if !ok {
			continue
		}
		if earlier, again := first[key]; again {
			problem := l.problems.Errorf(rules.DuplicatePackage, s.at, "list it once", "%s: %s is listed twice", s.name, yamlnode.Quote(s.text))
			if s.inFile() {
				problem.Relate(earlier, "the first one is here")
			}
			continue
		}
		first[key] = s.at
		refs = append(refs, ref)
	}
	return refs
}

// isFolder tells folders of the context from names of packages.
func isFolder(text string) bool {
	first, _, _ := strings.Cut(text, "/")
	return first == "." || first == ".." || strings.HasPrefix(text, "/")
}

// folder reads a path that must stay inside the tree it is relative to.
func (l *loader) folder(s said) (string, bool) {
	clean := path.Clean(s.text)
	switch {
	case !folderPattern.MatchString(s.text):
		l.reject(s, "use letters, digits and . _ + @ - in the names of folders", "%s is not the path of a folder", yamlnode.Quote(s.text))
	case path.IsAbs(clean):
		l.reject(s, "write a path that is relative to the build context: ./my-package", "the folder %s is absolute", yamlnode.Quote(s.text))
	case clean == ".." || strings.HasPrefix(clean, "../"):
		l.reject(s, "pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}",
			"the folder %s is outside of the build context", yamlnode.Quote(s.text))
	default:
		return clean, true
	}
	return "", false
}

// image reads the reference of a base image, or the name of a named context,
// which BuildKit wants to look like one.
func (l *loader) image(s said) diag.Text {
	if _, err := reference.ParseNormalizedNamed(s.text); err != nil {
		l.reject(s, "write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...", "%s is not an image reference", yamlnode.Quote(s.text))
		return diag.Text{}
	}
	return s.located()
}

// context reads the name of a named context.
func (l *loader) context(s said) string {
	if _, err := reference.ParseNormalizedNamed(s.text); err != nil {
		l.reject(s, "write the NAME, in small letters, and pass --build-context NAME=FOLDER or NAME=URL", "%s is not the name of a build context", yamlnode.Quote(s.text))
		return ""
	}
	return s.text
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

func (l *loader) testRun(s said) {
	if run, ok := choice(l, s, TestAll, TestIntermediate, TestFinal, TestNone); ok {
		l.spec.Tests.Run = run
	}
}

func (l *loader) workdir(s said) {
	if !path.IsAbs(s.text) {
		l.reject(s, "begin it with /", "the folder %s is not absolute", yamlnode.Quote(s.text))
		return
	}
	l.spec.Image.Workdir = path.Clean(s.text)
}

func (l *loader) user(s said) {
	if !userPattern.MatchString(s.text) {
		l.reject(s, "write a name or number, and if need be a group after a colon: 1000:1000", "%s is not a user", yamlnode.Quote(s.text))
		return
	}
	l.spec.Image.User = s.text
}

// testData reads the name of the folder that tests share at /data.
func (l *loader) testData(s said) {
	if !dataPattern.MatchString(s.text) {
		l.reject(s, "use letters, digits, and between them . _ / or -; or write none", "%s is not the name of a folder for tests", yamlnode.Quote(s.text))
		return
	}
	l.spec.Tests.Data = s.text
}

// checkEnvName reports a text that can't name an environment variable or a
// build argument.
func (l *loader) checkEnvName(s said) bool {
	if !envPattern.MatchString(s.text) {
		l.reject(s, "use letters, digits and _, and begin with a letter", "%s is not the name of a variable", yamlnode.Quote(s.text))
		return false
	}
	return true
}

// shellForm is what a Dockerfile makes of an ENTRYPOINT or CMD that is no list.
func shellForm(command string) []string { return []string{"/bin/sh", "-c", command} }
