package platform

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// findOnBoard says how to learn the release; the frontend cannot see a host.
const findOnBoard = "run `cat /etc/nv_tegra_release` on the board: \"R36 (release), REVISION: 4.3\" means l4t: 36.4.3"

// chooseRelease finds the release's row: by l4t, by jetpack, or by default.
func (r *resolver) chooseRelease() {
	var byJetPack []*release
	if r.req.JetPack.given() {
		if byJetPack = r.tables.jetpack(r.req.JetPack.Value); len(byJetPack) == 0 && !r.takesJetPack() {
			asked := r.req.JetPack
			r.errorf(asked, rules.UnknownJetPack, r.jetpackHint(asked.Value), "unknown JetPack release %q", asked.Value)
		}
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

// releaseByL4T takes the row of the asked L4T or, for an unlisted one, what
// stands in for it. byJetPack are the releases of the asked JetPack.
func (r *resolver) releaseByL4T(byJetPack []*release) {
	asked := r.req.L4T
	v, ok := r.parseL4T()
	if !ok {
		return
	}
	value := v.String()
	row := r.tables.release(v)
	if row != nil {
		value = row.L4T
	}
	r.named, r.exact = true, row != nil
	r.target.L4T = asked.value(value)
	if row == nil {
		if row = r.standIn(v, byJetPack); row == nil {
			return
		}
	}
	r.row = row
	if len(byJetPack) > 0 {
		r.checkAgreement(byJetPack)
		r.target.JetPack = r.req.JetPack.value(byJetPack[0].Name)
		return
	}
	if r.takesJetPack() {
		r.target.JetPack = r.req.JetPack.value(r.req.JetPack.Value)
		r.warnf(r.req.JetPack, rules.UnlistedJetPack, "check its name: packages see it as JETPACK_VERSION", "JetPack %s is in no table; it is taken as given, with L4T %s",
			r.req.JetPack.Value, r.target.L4T.Value)
		return
	}
	r.target.JetPack = r.ofRelease("jetpack", row.Name)
}

// parseL4T reads the asked L4T: "36.4.3", with or without a leading r.
func (r *resolver) parseL4T() (version, bool) {
	asked := r.req.L4T
	v, ok := dotted.Parse(strings.TrimPrefix(strings.ToLower(asked.Value), "r"))
	switch {
	case !ok || len(v) > 4:
		r.errorf(asked, rules.InvalidL4T, "write it as in 36.4.3 or r36.4.3; "+findOnBoard, "%q is not an L4T release", asked.Value)
		return nil, false
	case len(r.tables.jetpack(asked.Value)) > 0:
		r.errorf(asked, rules.InvalidL4T, fmt.Sprintf("write jetpack: %q", asked.Value), "%s is a JetPack release, not an L4T release", asked.Value)
		return nil, false
	case len(v) == 1:
		r.errorf(asked, rules.InvalidL4T, nearHint(r.tables.major(v)), "L4T %s lacks its minor number", asked.Value)
		return nil, false
	}
	return v, true
}

// takesJetPack reports whether a JetPack of no table is taken by its name: for
// an L4T that no table has either.
func (r *resolver) takesJetPack() bool {
	number, _, _ := strings.Cut(r.req.JetPack.Value, " ")
	jetpack, ok := dotted.Parse(number)
	l4t, _ := dotted.Parse(strings.TrimPrefix(strings.ToLower(r.req.L4T.Value), "r"))
	return ok && len(jetpack) > 1 && len(l4t) > 1 && len(r.tables.jetpack(r.req.JetPack.Value)) == 0 &&
		r.tables.release(l4t) == nil && len(r.tables.minor(jetpack)) == 0
}

// standIn returns the row to use for an L4T that no table has: that of the
// nearest patch level, or for an unlisted minor release one made of the values
// that the user gives. Both are a warning; too few values are an error and
// return nil.
func (r *resolver) standIn(v version, byJetPack []*release) *release {
	if len(r.tables.minor(v)) > 0 {
		row := r.nearest(v, byJetPack)
		r.target.L4T.Reason += "; not in the table, so the other values are those of L4T " + row.L4T
		return row
	}
	near := r.tables.around(v, (*release).version)
	if missing := r.missing(v); len(missing) > 0 {
		r.errorf(r.req.L4T, rules.UnknownL4T, nearHint(near)+"\nif the number is right, give the release's values too: "+diag.And(missing), "unknown L4T release %s", v)
		return nil
	}
	r.exact = true
	row := &release{
		L4T: v.String(), Name: r.req.JetPack.Value, Ubuntu: r.req.Ubuntu.Value, CUDA: r.req.CUDA.Value, SM: near[0].SM, smOf: near[0].L4T,
		Base: "ubuntu:" + r.req.Ubuntu.Value, Verified: unverified, Unverified: []string{"sm"}, Source: "the values given for L4T " + v.String(),
	}
	if u := r.tables.ubuntu(row.Ubuntu); u != nil {
		row.Ubuntu = u.Release
	}
	if cuda, ok := parseCUDA(row.CUDA); ok {
		row.CUDA = cuda.String()
	}
	r.warnf(r.req.L4T, rules.UnlistedL4T, "check them, or add the release to the facts of your own",
		"L4T %s is in no table; the values given for it are taken as they are, and the boards are those of L4T %s", v, near[0].L4T)
	return row
}

// missing lists the keys that a target must have for an L4T of no table.
func (r *resolver) missing(v version) []string {
	arch := r.tables.jetsonArch(v).Arch
	if r.askedArch != nil {
		arch = r.askedArch.Name
	}
	var keys []string
	if !r.req.CUDA.given() {
		keys = append(keys, "cuda")
	}
	if !r.req.Ubuntu.given() {
		keys = append(keys, "ubuntu")
	}
	if !r.req.Python.given() && r.req.Ubuntu.given() && r.tables.ubuntu(r.req.Ubuntu.Value) == nil {
		keys = append(keys, "python")
	}
	if !r.req.Base.given() && arch == archTegra && v.Part(0) < 36 {
		keys = append(keys, "base")
	}
	return keys
}

// nearest picks the row whose values stand in for an unlisted patch level, with
// a warning. Rows of the asked JetPack go first, and of two equally near the
// older one.
func (r *resolver) nearest(v version, byJetPack []*release) *release {
	same := r.tables.minor(v)
	if sure := slices.DeleteFunc(slices.Clone(same), func(c *release) bool { return slices.Contains(c.Unverified, "l4t") }); len(sure) > 0 {
		same = sure
	}
	if agreeing := slices.DeleteFunc(slices.Clone(same), func(c *release) bool { return !slices.Contains(byJetPack, c) }); len(agreeing) > 0 {
		same = agreeing
	}
	distance := func(c *release) int { d := c.version().Part(2) - v.Part(2); return max(d, -d) }
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
	if slices.Contains(r.row.Unverified, "l4t") {
		r.warnf(r.req.JetPack, rules.UnverifiedRelease, "write l4t: as the Jetson has it; "+findOnBoard,
			"JetPack %s is taken for L4T %s, but no source of jetkit's tables confirms that", r.row.Name, r.row.L4T)
	}
}

// jetpackHint returns what an unknown JetPack was probably meant to be.
func (r *resolver) jetpackHint(text string) string {
	bare := strings.ToLower(text)
	for _, prefix := range []string{"jetpack", "jp", "v", "r"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	bare = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(bare), "ga"))
	if rows := r.tables.jetpack(bare); len(rows) > 0 {
		return fmt.Sprintf("write %q: a release goes by its number, and only previews have a word behind it", rows[0].Name)
	}
	number, _, _ := strings.Cut(bare, " ")
	v, ok := dotted.Parse(number)
	if !ok {
		if near := diag.DidYouMean(text, r.tables.jetpackNames()); near != "" {
			return near
		}
		return "write a release as in " + r.tables.newestVerified().Name
	}
	if len(r.tables.minor(v)) > 0 {
		return "this is an L4T release: write l4t: " + v.String()
	}
	jetpack := func(c *release) version { return dotted.Of(c.JetPack) }
	near := r.tables.around(v, jetpack)
	if jetpack(near[0]).Compare(v) == 0 {
		return nearJetPackHint(near)
	}
	return nearJetPackHint(near) + "\nfor a release that jetkit does not know write its L4T: " + findOnBoard
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
	r.row, r.exact = r.tables.newestVerified(), true
	r.target.L4T = plan.Value{Value: r.row.L4T, Reason: "newest verified release, as neither l4t nor jetpack is given", Source: r.row.Source}
	r.target.JetPack = r.ofRelease("jetpack", r.row.Name)
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
