package platform

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// findOnBoard tells how to learn the release; the frontend cannot see a host.
const findOnBoard = "run `cat /etc/nv_tegra_release` on the board: \"R36 (release), REVISION: 4.3\" means l4t: 36.4.3"

// chooseRelease finds the row of facts: by l4t, by jetpack, or by default.
func (r *resolver) chooseRelease() {
	var byJetPack []*release
	if r.req.JetPack.given() {
		byJetPack = r.releasesOfJetPack()
	}
	switch {
	case r.req.L4T.given():
		r.releaseByL4T(byJetPack)
	case r.req.JetPack.given():
		r.releaseByJetPack(byJetPack)
	default:
		r.defaultRelease()
	}
}

// releaseByL4T takes the row of the asked L4T or, for an unlisted patch level,
// the nearest one. byJetPack are the releases of the asked JetPack.
func (r *resolver) releaseByL4T(byJetPack []*release) {
	asked := r.req.L4T
	v, ok := r.parseL4T()
	if !ok {
		return
	}
	value := v.String()
	row := r.facts.release(v)
	if row != nil {
		value = row.L4T
	}
	r.named, r.exact = true, row != nil
	r.target.L4T = asked.value(value)
	if row == nil {
		if row = r.nearest(v, byJetPack); row == nil {
			return
		}
		r.target.L4T.Reason += "; not in the table, so the other values are those of L4T " + row.L4T
	}
	r.row = row
	if len(byJetPack) > 0 {
		r.checkAgreement(byJetPack)
		r.target.JetPack = r.req.JetPack.value(byJetPack[0].Name)
		return
	}
	r.target.JetPack = r.fact("jetpack", row.Name)
}

// parseL4T reads the asked L4T: "36.4.3", with or without a leading r.
func (r *resolver) parseL4T() (version, bool) {
	asked := r.req.L4T
	v, ok := parseVersion(strings.TrimPrefix(strings.ToLower(asked.Value), "r"))
	switch {
	case !ok || len(v) > 4:
		r.errorf(asked, rules.InvalidL4T, "write it as in 36.4.3 or r36.4.3; "+findOnBoard, "%q is not an L4T release", asked.Value)
		return nil, false
	case len(r.facts.jetpack(asked.Value)) > 0:
		r.errorf(asked, rules.InvalidL4T, fmt.Sprintf("write jetpack: %q", asked.Value), "%s is a JetPack release, not an L4T release", asked.Value)
		return nil, false
	case len(v) == 1:
		r.errorf(asked, rules.InvalidL4T, nearHint(r.facts.major(v)), "L4T %s lacks its minor number", asked.Value)
		return nil, false
	}
	return v, true
}

// nearest picks the row whose facts stand in for an unlisted patch level,
// with a warning; an unlisted minor release is an error and gives nil. Rows of
// the asked JetPack go first, and of two equally near the older one.
func (r *resolver) nearest(v version, byJetPack []*release) *release {
	same := r.facts.minor(v)
	if len(same) == 0 {
		r.errorf(r.req.L4T, rules.UnknownL4T, nearHint(r.facts.around(v, (*release).version)), "unknown L4T release %s", v)
		return nil
	}
	if agreeing := slices.DeleteFunc(slices.Clone(same), func(c *release) bool { return !slices.Contains(byJetPack, c) }); len(agreeing) > 0 {
		same = agreeing
	}
	distance := func(c *release) int { d := c.version().part(2) - v.part(2); return max(d, -d) }
	best := slices.MinFunc(same, func(a, b *release) int { return distance(a) - distance(b) })
	r.warnf(r.req.L4T, rules.UnlistedL4T, "check that CUDA and the other versions are those of your board, or set them",
		"L4T %s is not in jetkit's table; the values of the nearest release %s are used", v, best.L4T)
	return best
}

// checkAgreement reports a JetPack that is not the one of the L4T.
func (r *resolver) checkAgreement(byJetPack []*release) {
	if slices.Contains(byJetPack, r.row) {
		return
	}
	problem := r.errorf(r.req.JetPack, rules.L4TJetPackConflict,
		fmt.Sprintf("leave one of them out, or write jetpack: %q or l4t: %s", r.row.Name, byJetPack[len(byJetPack)-1].L4T),
		"JetPack %s is L4T %s, but l4t is %s%s, which is JetPack %s",
		byJetPack[0].Name, diag.Or(l4tNames(byJetPack)), r.target.L4T.Value, r.req.L4T.by(), r.row.Name)
	relate(problem, r.req.L4T, "l4t")
}

// releaseByJetPack takes the newest verified row of the asked JetPack.
func (r *resolver) releaseByJetPack(rows []*release) {
	if len(rows) == 0 {
		return
	}
	r.row = rows[len(rows)-1]
	reason := "JetPack " + r.row.Name
	if len(rows) > 1 {
		kind := "newest"
		if i := lastVerified(rows); i >= 0 && i < len(rows)-1 {
			r.row, kind = rows[i], "newest verified"
		}
		reason += fmt.Sprintf(", the %s of L4T %s", kind, diag.And(l4tNames(rows)))
	}
	r.named, r.exact = true, true
	r.target.L4T = plan.Value{Value: r.row.L4T, Reason: r.row.mark("jetpack", reason), Source: r.row.Source}
	r.target.JetPack = r.req.JetPack.value(r.row.Name)
}

// releasesOfJetPack finds the rows of the asked JetPack, oldest first, and
// reports an unknown one.
func (r *resolver) releasesOfJetPack() []*release {
	asked := r.req.JetPack
	rows := r.facts.jetpack(asked.Value)
	if len(rows) == 0 {
		r.errorf(asked, rules.UnknownJetPack, r.jetpackHint(asked.Value), "unknown JetPack release %q", asked.Value)
	}
	return rows
}

// jetpackHint says what an unknown JetPack was probably meant to be.
func (r *resolver) jetpackHint(text string) string {
	bare := strings.ToLower(text)
	for _, prefix := range []string{"jetpack", "jp", "v", "r"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	bare = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(bare), "ga"))
	if rows := r.facts.jetpack(bare); len(rows) > 0 {
		return fmt.Sprintf("write %q: a release goes by its number, and only previews have a word behind it", rows[0].Name)
	}
	number, _, _ := strings.Cut(bare, " ")
	v, ok := parseVersion(number)
	if !ok {
		if near := diag.DidYouMean(text, r.facts.jetpackNames()); near != "" {
			return near
		}
		return "write a release as in " + r.facts.newestVerified().Name
	}
	if len(r.facts.minor(v)) > 0 {
		return "this is an L4T release: write l4t: " + v.String()
	}
	jetpack := func(c *release) version { return versionOf(c.JetPack) }
	return nearJetPackHint(r.facts.around(v, jetpack))
}

// defaultRelease takes the newest verified release where the user named none
// and the target is no Jetson; a Jetson has no default.
func (r *resolver) defaultRelease() {
	arch := ""
	switch {
	case r.askedArch != nil:
		arch = r.askedArch.Name
	case r.req.Arch.given():
		return // nonsense, reported
	case r.oci == "amd64":
		arch = archX86
	}
	if arch != archX86 && arch != archSBSA {
		r.problems.Errorf(rules.MissingRelease, r.req.At, findOnBoard+"\nfor an ARM server that is no Jetson write arch: sbsa",
			"the target needs l4t or jetpack: the builder cannot tell which Jetson the image is for")
		return
	}
	r.row, r.exact = r.facts.newestVerified(), true
	r.target.L4T = plan.Value{Value: r.row.L4T, Reason: "newest verified release, as neither l4t nor jetpack is given", Source: r.row.Source}
	r.target.JetPack = r.fact("jetpack", r.row.Name)
}

// nearHint names the nearest known releases, the L4T number first.
func nearHint(rows []*release) string {
	return nearest(rows, func(r *release) string { return fmt.Sprintf("L4T %s (JetPack %s)", r.L4T, r.Name) })
}

// nearJetPackHint names the nearest known releases, the JetPack first.
func nearJetPackHint(rows []*release) string {
	return nearest(rows, func(r *release) string { return fmt.Sprintf("%s (L4T %s)", r.Name, r.L4T) })
}

// nearest makes the hint for nearHint and nearJetPackHint.
func nearest(rows []*release, name func(*release) string) string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = name(row)
	}
	if len(names) == 1 {
		return "the nearest known is " + names[0]
	}
	return "the nearest known are " + diag.And(names)
}
