package lint

import (
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
	if p.asksForBase() {
		OtherGeneration(l, p.Plan, p.Plan.Base.Value, p.Plan.BaseAt, "the base image")
	}
}

// OtherGeneration warns of an image that the plan builds on, and whose tag says that it is for
// Jetsons with another driver than the target's. what is the image in the message.
func OtherGeneration(l *diag.List, p *plan.Plan, ref string, at diag.Range, what string) {
	l4t, target := platform.L4TOfImage(ref), p.Target.L4T.Value
	if l4t == "" || target == "" || strings.HasPrefix(p.Target.Arch.Value, "x86") {
		return
	}
	own, other := platform.GenerationOf(dotted.Of(target)), platform.GenerationOf(dotted.Of(l4t))
	if own == nil || other == nil || own == other {
		return
	}
	l.Warnf(rules.OtherGeneration, at, "take an image for L4T "+own.FromL4T+" or later, before "+own.BeforeL4T+", or leave it out for the target's own",
		"%s %s is for L4T %s (%s), and the target has L4T %s (%s)", what, ref, l4t, other.Name, target, own.Name)
}

// unpinnedBase reports a base image that may be another one in the next build.
func (p Project) unpinnedBase(l *diag.List) {
	if ref := p.Plan.Base.Value; p.asksForBase() && Unpinned(ref) {
		l.Warnf(rules.UnpinnedImage, p.Plan.BaseAt, "name a version, or for one image alone its digest: "+Untagged(ref)+"@sha256:…",
			"base: %s is whatever image that name has on the day of the build", ref)
	}
}

// Unpinned reports whether a reference names no version of an image: it has no tag or the
// tag latest, and no digest.
func Unpinned(ref string) bool {
	if strings.Contains(ref, "@") {
		return false
	}
	_, tag, ok := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
	return !ok || tag == "latest"
}

// Untagged returns a reference without its tag.
func Untagged(ref string) string {
	slash := strings.LastIndex(ref, "/") + 1
	name, _, _ := strings.Cut(ref[slash:], ":")
	return ref[:slash] + name
}
