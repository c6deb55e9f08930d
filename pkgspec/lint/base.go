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
	ref := p.Plan.Base.Value
	if !p.asksForBase() || strings.Contains(ref, "@") {
		return
	}
	slash := strings.LastIndex(ref, "/") + 1
	name, tag, ok := strings.Cut(ref[slash:], ":")
	if !ok || tag == "latest" {
		l.Warnf(rules.UnpinnedImage, p.Plan.BaseAt, "name a version, or for one image alone its digest: "+ref[:slash]+name+"@sha256:…",
			"base: %s is whatever image that name has on the day of the build", ref)
	}
}
