package pkgspec

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// imageFrom lists what of the chain a runtime image has.
func imageFrom() form {
	set := func(l *loader, texts []located) {
		l.spec.Image.From = nil
		for _, s := range texts {
			if file, ok := l.imageFile(s); ok {
				l.spec.Image.From = append(l.spec.Image.From, file)
			}
		}
	}
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if !l.hasEntries(f.Value, key, "leave it out for an image of the whole chain") {
				return
			}
			var texts []located
			for _, item := range l.items(f.Value, key, "paths") {
				if s, ok := l.line(item, key); ok {
					texts = append(texts, s)
				}
			}
			set(l, texts)
		},
		arg: func(l *loader, s located) { set(l, l.splitSome(s)) },
		text: func(s *Spec) string {
			var paths []string
			for _, file := range s.Image.From {
				paths = append(paths, file.Path)
			}
			return strings.Join(paths, ", ")
		},
		schema: schema.Some(schema.Text("^(/|"+plan.PythonFiles+"$)"), 1),
	}
}

// imageFile reads a path of the chain, or what stands for several.
func (l *loader) imageFile(s located) (plan.ImageFile, bool) {
	const hint = "write absolute paths of the chain, such as /opt/robot or /usr/lib/libfoo.so*, and " + plan.PythonFiles + " for the interpreter with its packages"
	name := path.Clean(s.Value)
	folder := path.Dir(name)
	_, malformed := path.Match(path.Base(name), "")
	switch {
	case s.Value == plan.PythonFiles:
		name = s.Value
	case !path.IsAbs(s.Value):
		l.reject(s, cmp.Or(diag.DidYouMean(s.Value, []string{plan.PythonFiles}), hint), "%s is not an absolute path", yamlnode.Quote(s.Value))
		return plan.ImageFile{}, false
	case strings.Contains(s.Value, "$"):
		l.reject(s, hint, "variables of %s are not replaced", yamlnode.Quote(s.Value))
		return plan.ImageFile{}, false
	case malformed != nil:
		l.reject(s, hint, "%s is not a pattern", yamlnode.Quote(s.Value))
		return plan.ImageFile{}, false
	case strings.ContainsAny(folder, `*?[\`):
		l.reject(s, "name the folders one by one", "%s has a pattern in the name of a folder: only the last part of a path can be one", yamlnode.Quote(s.Value))
		return plan.ImageFile{}, false
	}
	if slices.ContainsFunc(l.spec.Image.From, func(f plan.ImageFile) bool { return f.Path == name }) {
		l.problems.Warnf(rules.NoEffect, s.At, "remove one of them", "%s: %s is listed twice", s.name, name)
		return plan.ImageFile{}, false
	}
	return plan.ImageFile{Path: name, At: s.At}, true
}

// imageBase is the image that a runtime image builds on.
func imageBase() form {
	f := image(func(s *Spec) *diag.Text { return &s.ImageBase })
	return f.with(func(p *plan.Plan) string { return p.Image.Base })
}

// completeImage moves what was read aside into the image, and warns of what is said of a
// runtime image where there is none.
func (l *loader) completeImage() {
	image := &l.spec.Image
	image.OCIAnnotations = l.spec.HasOCIAnnotations != nil && *l.spec.HasOCIAnnotations
	image.Base, image.BaseAt = l.spec.ImageBase.Value, l.spec.ImageBase.At
	l.spec.HasOCIAnnotations, l.spec.ImageBase = nil, diag.Text{}
	if len(image.From) > 0 || image.Base == "" {
		return
	}
	if _, ok := l.keyAt["image.from"]; !ok && !l.given("IMAGE_FROM") { // else what was said of it is reported
		const hint = "list in image.from what of the packages the image gets, or leave it out"
		l.problems.Warnf(rules.NoEffect, image.BaseAt, hint, "image.base has no effect without image.from")
	}
	image.Base, image.BaseAt = "", diag.Range{}
}
