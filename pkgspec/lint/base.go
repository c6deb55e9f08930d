package lint

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// namedBase is an image that a user names for something to build on, by the key of jetson.yaml.
type namedBase struct {
	key, ref string
	at       diag.Range
	// own is what there is without the key.
	own string
}

// namedBases lists them, without those that are contexts.
func (p Project) namedBases() []namedBase {
	bases := []namedBase{
		{"base", p.Spec.Target.Base.Value, p.Plan.BaseAt, "the target's own"},
		{"image.base", p.Plan.Image.Base, p.Plan.Image.BaseAt, "the chain's own"},
	}
	return slices.DeleteFunc(bases, func(b namedBase) bool {
		return b.ref == "" || b.ref == plan.BaseContext || b.ref == "scratch" || p.IsContext(b.ref)
	})
}

// otherGeneration warns of base images for Jetsons with another driver.
func (p Project) otherGeneration(l *diag.List) {
	for _, b := range p.namedBases() {
		if message, hint := OtherGeneration(p.Plan.Target, b.ref, platform.L4TOfImage(b.ref)); message != "" {
			l.Warnf(rules.OtherGeneration, b.at, hint+", or leave "+b.key+" out for "+b.own, "%s: %s", b.key, message)
		}
	}
}

// OtherGeneration returns how an image for an L4T is for Jetsons with another driver than a
// target's, and what would fit; empty if it fits, or nobody knows.
func OtherGeneration(target plan.Target, ref, l4t string) (message, hint string) {
	asked := target.L4T.Value
	if l4t == "" || asked == "" || strings.HasPrefix(target.Arch.Value, "x86") {
		return "", ""
	}
	own, other := platform.GenerationOf(dotted.Of(asked)), platform.GenerationOf(dotted.Of(l4t))
	if own == nil || other == nil || own == other {
		return "", ""
	}
	return fmt.Sprintf("%s is for L4T %s (%s), and the target has L4T %s (%s)", ref, l4t, other.Name, asked, own.Name),
		"take an image for L4T " + own.FromL4T + " or later, before " + own.BeforeL4T
}

// unpinnedBases reports base images that may be others in the next build.
func (p Project) unpinnedBases(l *diag.List) {
	for _, b := range p.namedBases() {
		if name, moves := plan.MovingImage(b.ref); moves {
			l.Warnf(rules.UnpinnedImage, b.at, pinImage(name), "%s: %s is whatever image that name has on the day of the build", b.key, b.ref)
		}
	}
}

// pinImage says what to write in place of an image that may be another one tomorrow.
func pinImage(name string) string {
	return "name a version, or for one image alone its digest: " + name + "@sha256:…"
}

// unpinnedSources reports trees elsewhere that may be others in the next build.
func (p Project) unpinnedSources(l *diag.List) {
	for _, s := range p.Spec.Sources {
		name, moves := plan.MovingImage(s.Remote.Image)
		switch {
		case s.Kind == plan.ImageTree && moves:
			l.Warnf(rules.UnpinnedImage, s.At, pinImage(name), "sources: %s is whatever image that name has on the day of the build", s.Remote.Image)
		case s.Kind == plan.Repository && plan.MovingRef(s.Remote.Ref):
			pinned := s.Remote
			pinned.Ref = "COMMIT"
			if found, ok := p.Plan.Source(s.Name); ok && found.Revision != "" {
				pinned.Ref = found.Revision
			}
			l.Warnf(rules.UnpinnedGit, s.At, fmt.Sprintf("name a tag or a commit: {git: %q}", pinned),
				"sources: %s is whatever is newest there on the day of the build", s.Remote)
		}
	}
}
