package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"jetkit/pkgspec/rules"
)

const listsDir = "/var/lib/apt/lists"

// aptLists reports apt's lists of packages that stay in a layer of the image.
func (f *finder) aptLists() {
	for _, s := range f.ofImage() {
		for _, r := range s.runs {
			if r.script == nil || r.mountsLists() {
				continue
			}
			var update *command
			for _, c := range r.commands(r.File) {
				switch {
				case (c.name == "apt-get" || c.name == "apt") && slices.Contains(c.args, "update"):
					update = &c
				case c.removesLists():
					update = nil
				}
			}
			if update != nil {
				f.report(rules.AptLists, r.line(update), r.Comments(), "end the instruction with: && rm -rf "+listsDir+"/*",
					"apt's lists of packages stay in the layer: a later instruction cannot take them out of it")
			}
		}
	}
}

// removesLists reports whether a command removes the lists.
func (c command) removesLists() bool {
	if c.name == "apt-get" || c.name == "apt" {
		return slices.Contains(c.args, "dist-clean") || slices.Contains(c.args, "distclean")
	}
	return slices.Contains([]string{"rm", "find", "unlink"}, c.name) && slices.ContainsFunc(c.args, func(arg string) bool {
		dir := strings.TrimRight(path.Clean(arg), "*")
		return strings.HasPrefix(dir+"/", listsDir+"/") || slices.Contains([]string{"/var/lib/apt", "/var/lib/apt/"}, dir)
	})
}

// mountsLists reports whether the lists are not in the layer, as something is mounted there.
func (r *run) mountsLists() bool {
	return slices.ContainsFunc(instructions.GetMounts(r.RunCommand), func(m *instructions.Mount) bool {
		lists := listsDir + "/"
		return strings.HasPrefix(lists, path.Clean(m.Target)+"/")
	})
}
