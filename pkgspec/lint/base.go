package lint

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// asksForBase reports whether the user named an image as the base, not a context.
func (p Project) asksForBase() bool {
	base := p.Spec.Target.Base.Value
	return base != "" && base != plan.BaseContext && base != "scratch" && !p.IsContext(base)
}

// otherGeneration warns of a base image for Jetsons with another driver.
func (p Project) otherGeneration(l *diag.List) {
	if !p.asksForBase() {
		return
	}
	ref := p.Plan.Base.Value
	if message, hint := OtherGeneration(p.Plan.Target, ref, platform.L4TOfImage(ref)); message != "" {
		l.Warnf(rules.OtherGeneration, p.Plan.BaseAt, hint+", or leave base out for the target's own", "base: %s", message)
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

// unpinnedBase reports a base image that may be another one in the next build.
func (p Project) unpinnedBase(l *diag.List) {
	if !p.asksForBase() {
		return
	}
	if name, moves := plan.MovingImage(p.Plan.Base.Value); moves {
		l.Warnf(rules.UnpinnedImage, p.Plan.BaseAt, pinImage(name), "base: %s is whatever image that name has on the day of the build", p.Plan.Base.Value)
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
