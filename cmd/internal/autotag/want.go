package autotag

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/cmd/internal/images"
	"jetkit/pkgspec/catalog"
)

// Want is one package that an image has to hold.
type Want struct {
	// Text is what the user wrote.
	Text string
	// Known says that the names are those of packages, so that a list of an image's
	// packages without any of them is an answer.
	Known bool
	// names are what the package may be called: as asked, and as the packages that
	// go by this name are called.
	names []name
}

// name is a package's name as part of an image's: dustynv/ros:humble-desktop.
type name struct {
	namespace, repository, tag string
}

// ParseWant reads what the user asked for: PACKAGE, PACKAGE:TAG, or an image's name
// without what the image is for, USER/PACKAGE:TAG. The package may be a pattern.
func ParseWant(text string) (Want, error) {
	n := splitName(text)
	if n.repository == "" || strings.ContainsAny(text, " \t\n") || strings.HasPrefix(text, "-") {
		return Want{}, fmt.Errorf("%q is no name of a package", text)
	}
	return Want{Text: text, names: []name{n}}, nil
}

// splitName splits a name at its last slash, and at the colon behind that.
func splitName(text string) name {
	var n name
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		n.namespace, text = text[:i], text[i+1:]
	}
	if n.namespace == "." { // a folder of the user's, which goes by its name
		n.namespace = ""
	}
	n.repository, n.tag, _ = strings.Cut(text, ":")
	// Docker allows neither capitals in repositories nor "+" in tags.
	n.repository, n.tag = strings.ToLower(n.repository), strings.ReplaceAll(n.tag, "+", "-")
	return n
}

// Resolve adds the names of the packages that the asked name or pattern means.
func (w *Want) Resolve(packages []*catalog.Package) {
	asked := w.names[0]
	if asked.namespace != "" {
		return
	}
	by := asked.repository
	if asked.tag != "" {
		by += ":" + asked.tag
	}
	for _, p := range packages {
		if !p.Matches(by) {
			continue
		}
		w.Known = true
		n := splitName(p.Name)
		if catalog.Match(by, n.repository) { // the family is asked for: any of its tags will do
			n.tag = ""
		}
		if !slices.Contains(w.names, n) {
			w.names = append(w.names, n)
		}
	}
}

// Repositories returns the last names of repositories that may hold images of the
// packages. Patterns that no package matches name none.
func Repositories(wants []Want) []string {
	var list []string
	for _, w := range wants {
		for _, n := range w.names {
			if !catalog.IsPattern(n.repository) && !slices.Contains(list, n.repository) {
				list = append(list, n.repository)
			}
		}
	}
	return list
}

// called reports whether the image is called as the package is.
func (w *Want) called(image *images.Image) bool {
	at := strings.LastIndex(image.Name, image.Repository+":"+image.Tag)
	return slices.ContainsFunc(w.names, func(n name) bool {
		return catalog.Match(n.repository, image.Repository) && tagMatches(n.tag, strings.ToLower(image.Tag)) &&
			(n.namespace == "" || at > 0 && image.Name[:at] == n.namespace+"/")
	})
}

// exactly reports whether the user asked for this very tag.
func (w *Want) exactly(image *images.Image) bool {
	return w.names[0].tag != "" && w.names[0].tag == image.Tag && w.called(image)
}

// listed reports whether a list of packages has the package, and whether it is the last
// one, which the image was built for.
func (w *Want) listed(packages []string) (held, last bool) {
	for i, p := range packages {
		base, tag, _ := strings.Cut(p, ":")
		for _, n := range w.names {
			if n.namespace == "" && catalog.Match(n.repository, strings.ToLower(base)) && tagMatches(n.tag, strings.ReplaceAll(tag, "+", "-")) {
				held, last = true, last || i == len(packages)-1
			}
		}
	}
	return held, last
}

// tagMatches is jetson-containers' rule: the tag itself, or one that goes on behind
// a hyphen.
func tagMatches(asked, tag string) bool {
	asked = strings.ToLower(asked)
	return asked == "" || tag == asked || strings.HasPrefix(tag, asked+"-")
}
