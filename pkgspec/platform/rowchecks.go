package platform

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/rules"
)

// The marks of verified; a row of a user's own may also have none.
const (
	verifiedAll    = "V" // every field was read in the row's source
	verifiedPartly = "partly"
	unverified     = "unverified"
)

// dates are how checked is written: a day or a month.
var dates = regexp.MustCompile(`^20[0-9]{2}-[01][0-9](-[0-3][0-9])?$`)

// common checks what rows of all tables have.
func (c *checker) common(source *string, checked string) {
	if c.ofProgram || *source != "" {
		c.text("source", *source)
	}
	if checked != "" && !dates.MatchString(checked) || c.ofProgram && checked == "" {
		c.errorf("checked", "write a date as in 2026-11-25", "checked: %q is not a date", checked)
	}
	c.origin(source)
}

// verified checks how far a row says that it was read in its source.
func (c *checker) verified(mark string) {
	if !slices.Contains([]string{verifiedAll, verifiedPartly, unverified}, mark) && (c.ofProgram || mark != "") {
		c.errorf("verified", "", "verified: %q is none of V, partly and unverified", mark)
	}
}

func (r *release) before(other *release) bool { return r.version().Compare(other.version()) < 0 }

// check reads what is left out from the rest, and reports what cannot be.
func (r *release) check(c *checker) {
	r.at = c.row.At
	if !c.has("l4t", "ubuntu", "cuda") {
		return
	}
	if v, ok := dotted.Parse(r.L4T); !ok || len(v) != 3 {
		c.errorf("l4t", "write three numbers, as in 36.4.3", "l4t: %q is not an L4T release", r.L4T)
	}
	number, _, _ := strings.Cut(r.Name, " ")
	r.JetPack = cmp.Or(r.JetPack, number)
	r.Name = cmp.Or(r.Name, r.JetPack)
	c.version("jetpack", r.JetPack, "write the number alone, as in 6.2, and previews as name: 6.0 DP")
	if number, _, _ := strings.Cut(r.Name, " "); number != r.JetPack {
		c.errorf("name", "", "name: %q is not JetPack %s", r.Name, r.JetPack)
	}
	c.version("ubuntu", r.Ubuntu, "write the number, as in 24.04")
	if r.Python != "" {
		c.version("python", r.Python, "write major and minor number, as in 3.12")
	}
	if v, ok := parseCUDA(r.CUDA); !ok || v.String() != r.CUDA {
		c.errorf("cuda", "write major and minor number, as in 12.6", "cuda: %q is not a CUDA version", r.CUDA)
	}
	for _, upgrade := range r.CUDAUpgrades {
		c.version("cuda_upgrades", upgrade, "")
	}
	for key, text := range map[string]string{"cudnn": r.CUDNN, "tensorrt": r.TensorRT} {
		if text != "" {
			c.version(key, text, "leave it out if it is not known")
		}
	}
	if len(r.SM) == 0 {
		c.errorf("sm", "write the boards' compute capabilities times ten, as in [87]", "the row has no sm")
	}
	r.Base = cmp.Or(r.Base, "ubuntu:"+r.Ubuntu)
	if _, err := reference.ParseNormalizedNamed(r.Base); err != nil {
		c.errorf("base", "", "base: %q is not an image: %v", r.Base, err)
	}
	c.verified(r.Verified)
	c.common(&r.Source, r.Checked)
}

func (u *ubuntuRelease) before(other *ubuntuRelease) bool {
	return dotted.Of(u.Release).Compare(dotted.Of(other.Release)) < 0
}

func (u *ubuntuRelease) check(c *checker) {
	c.version("release", u.Release, "write the number, as in 24.04")
	c.version("python", u.Python, "write major and minor number, as in 3.12")
	c.text("codename", u.Codename)
	u.Codename = strings.ToLower(u.Codename)
	c.verified(u.Verified)
	c.common(&u.Source, u.Checked)
}

func (a *capability) before(other *capability) bool { return a.SM < other.SM }

func (a *capability) check(c *checker) {
	if a.SM < 10 || a.SM > 9999 {
		c.errorf("sm", "write the compute capability times ten, as in 87", "sm: %d is not a compute capability", a.SM)
	}
	c.version("first_cuda", a.FirstCUDA, "write major and minor number, as in 12.6")
	c.text("devices", a.Devices)
	c.common(&a.Source, a.Checked)
}

// before orders by falling L4T, as the first row that is not above it counts.
func (b *jetsonArch) before(other *jetsonArch) bool {
	return dotted.Of(b.FromL4T).Compare(dotted.Of(other.FromL4T)) > 0
}

func (b *jetsonArch) check(c *checker) {
	c.version("from_l4t", b.FromL4T, "write a number, as in 38")
	if !slices.Contains([]string{archTegra, archSBSA}, b.Arch) {
		c.errorf("arch", "write tegra-aarch64 or aarch64", "arch: %q is not the arch of a Jetson", b.Arch)
	}
	c.text("reason", b.Reason)
	c.common(&b.Source, b.Checked)
}

func (l *cudaLimit) before(other *cudaLimit) bool {
	return dotted.Of(l.BeforeL4T).Compare(dotted.Of(other.BeforeL4T)) < 0
}

func (l *cudaLimit) check(c *checker) {
	c.version("before_l4t", l.BeforeL4T, "write a number, as in 38")
	c.version("before_cuda", l.BeforeCUDA, "write a number, as in 13.0")
	c.text("reason", l.Reason)
	c.verified(l.Verified)
	c.common(&l.Source, l.Checked)
}

// before orders by arch, and for one arch by falling CUDA, as the first row that
// is not above it counts.
func (l *archList) before(other *archList) bool {
	if l.Arch != other.Arch {
		return l.Arch > other.Arch
	}
	return dotted.Of(l.FromCUDA).Compare(dotted.Of(other.FromCUDA)) > 0
}

func (l *archList) check(c *checker) {
	if l.Arch != archX86 && l.Arch != archSBSA {
		c.errorf("arch", "write x86_64 or aarch64", "arch: %q has no default list", l.Arch)
	}
	c.version("from_cuda", l.FromCUDA, "write a number, as in 13.0")
	if len(l.SM) == 0 || !slices.IsSorted(l.SM) {
		c.errorf("sm", "", "sm must be a rising list")
	}
	l.at = c.row.At
	c.common(&l.Source, l.Checked)
}

// before keeps the file's order.
func (a *archName) before(*archName) bool { return true }

func (a *archName) check(c *checker) {
	c.text("name", a.Name)
	c.text("oci", a.OCI)
}

// complete fills in what rows take from other tables, and reports rows that do
// not fit those.
func (t *Tables) complete(problems *diag.List) {
	known := map[int]bool{}
	for _, c := range t.capabilities {
		known[c.SM] = true
	}
	check := func(sms []int, at diag.Range) {
		for _, sm := range sms {
			if !known[sm] {
				problems.Errorf(rules.BadFacts, at, "add it to sm.json", "no table has the compute capability %s", strconv.Itoa(sm))
			}
		}
	}
	for i := range t.releases {
		r := &t.releases[i]
		check(r.SM, r.at)
		if u := t.ubuntu(r.Ubuntu); r.Python == "" && u != nil {
			r.Python = u.Python
		}
		if r.Python == "" {
			problems.Errorf(rules.BadFacts, r.at, "add it to ubuntu.json, or give the row a python", "no table has Ubuntu %s", r.Ubuntu)
		}
		if i > 0 && dotted.Of(r.JetPack).Compare(dotted.Of(t.releases[i-1].JetPack)) < 0 {
			problems.Errorf(rules.BadFacts, r.at, "JetPacks rise with L4T; is one of the two numbers wrong?",
				"L4T %s cannot be JetPack %s, as the older L4T %s is JetPack %s", r.L4T, r.JetPack, t.releases[i-1].L4T, t.releases[i-1].JetPack)
		}
	}
	for _, l := range t.lists {
		check(l.SM, l.at)
	}
}
