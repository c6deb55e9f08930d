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
	if message, hint := OtherGeneration(p.Plan.Target, p.Plan.Base.Value); message != "" {
		l.Warnf(rules.OtherGeneration, p.Plan.BaseAt, hint+", or leave base out for the target's own", "base: %s", message)
	}
}

// OtherGeneration returns how an image, by its tag, is for Jetsons with another driver than a
// target's, and what would fit; empty if it fits, or nobody knows.
func OtherGeneration(target plan.Target, ref string) (message, hint string) {
	named, asked := platform.L4TOfImage(ref), target.L4T.Value
	if named == "" || asked == "" || strings.HasPrefix(target.Arch.Value, "x86") {
		return "", ""
	}
	own, other := platform.GenerationOf(dotted.Of(asked)), platform.GenerationOf(dotted.Of(named))
	if own == nil || other == nil || own == other {
		return "", ""
	}
	return fmt.Sprintf("%s is for L4T %s (%s), and the target has L4T %s (%s)", ref, named, other.Name, asked, own.Name),
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
