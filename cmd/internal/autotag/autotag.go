// Package autotag chooses, among images that package images found, the one that
// holds some packages and runs on a machine, and says of every other why it lost.
package autotag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/cmd/internal/images"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// Target is the machine that the image has to run on.
type Target struct {
	plan.Target
	// Jetson says that the L4T is the machine's or was asked for: for others it is
	// only what would be built for.
	Jetson bool
	// Known says that the L4T is in the tables.
	Known bool
	// CUDA, Python and Ubuntu that the user asked for; the others are defaults, and an
	// image may have others.
	CUDAAsked, PythonAsked, UbuntuAsked bool
}

// Platform is the target's OCI platform.
func (t *Target) Platform() ocispecs.Platform {
	os, architecture, _ := strings.Cut(platform.OCI(t.Arch.Value), "/")
	return ocispecs.Platform{OS: os, Architecture: architecture}
}

// hasL4T reports whether images must be for the target's L4T.
func (t *Target) hasL4T() bool { return t.Jetson && t.Arch.Value != archX86 && t.L4T.Value != "" }

// String describes the target: "L4T 36.4.3 (tegra-aarch64)".
func (t *Target) String() string {
	words := []string{t.Arch.Value}
	if t.hasL4T() {
		words = []string{"L4T " + t.L4T.Value, t.Arch.Value}
	}
	for _, asked := range []struct {
		name  string
		value plan.Value
		asked bool
	}{{"CUDA", t.CUDA, t.CUDAAsked}, {"Python", t.Python, t.PythonAsked}, {"Ubuntu", t.Ubuntu, t.UbuntuAsked}} {
		if asked.asked {
			words = append(words, asked.name+" "+asked.value.Value)
		}
	}
	return strings.Join(words, ", ")
}

// Rule names what a candidate lost by.
type Rule string

// The rules.
const (
	RuleArch     Rule = "arch"       // built for another architecture
	RuleL4T      Rule = "l4t"        // built for an L4T of another group
	RuleUnknown  Rule = "unknown"    // nothing says what it was built for
	RuleCUDA     Rule = "cuda"       // another CUDA than asked, or one that the L4T cannot use
	RulePython   Rule = "python"     // another Python than asked
	RuleUbuntu   Rule = "ubuntu"     // another Ubuntu than asked
	RuleGPU      Rule = "gpu"        // compiled for none of the target's GPUs
	RuleHalf     Rule = "half-built" // an intermediate stage, or not sealed
	RuleTests    Rule = "tests"      // tests failed
	RuleLabel    Rule = "label"      // a label that jetkit cannot have written
	RulePackages Rule = "packages"   // does not hold all packages
	RuleRead     Rule = "unreadable" // the store does not give its configuration
	RuleOrder    Rule = "order"      // it fits, another is preferred
	RuleSkipped  Rule = "not-read"   // not looked at: another was found before
)

// Reason is why a candidate lost, or what speaks against it.
type Reason struct {
	Rule Rule   `json:"rule"`
	Text string `json:"text"`
}

// Candidate is an image that is called as one of the packages is, or lists it.
type Candidate struct {
	*images.Image
	// Source is "local" or "registry", and Store the store's name.
	Source, Store string
	Facts         Facts
	// Refused are the reasons for which it does not fit; none if it does. Lost is why it
	// was not chosen, if it fits.
	Refused []Reason
	Lost    *Reason
	// Notes are facts that speak for or against it without deciding.
	Notes []string

	place [2]int // of the source and the store
	named bool
	near  int
}

// Fits reports whether the image can be chosen.
func (c *Candidate) Fits() bool { return len(c.Refused) == 0 }

// Unsure reports whether nothing speaks against the image but what is not known yet.
func (c *Candidate) Unsure() bool {
	return !c.Fits() && !slices.ContainsFunc(c.Refused, func(r Reason) bool { return r.Rule != RuleUnknown && (c.Read || r.Rule != RulePackages) })
}

// Reasons are all reasons for which the candidate was not chosen.
func (c *Candidate) Reasons() []Reason {
	if c.Lost == nil {
		return c.Refused
	}
	return append(slices.Clip(c.Refused), *c.Lost)
}

func (c *Candidate) refuse(rule Rule, format string, args ...any) {
	c.Refused = append(c.Refused, Reason{Rule: rule, Text: fmt.Sprintf(format, args...)})
}

// judge decides whether an image fits. What is not known of it yet counts as not said.
func (c *Candidate) judge(t *Target, wants []Want) {
	c.Facts, c.Refused, c.Notes, c.near = FactsOf(c.Image), nil, nil, 0
	exactly := slices.ContainsFunc(wants, func(w Want) bool { return w.exactly(c.Image) })
	c.whole(exactly)
	c.holds(wants)
	if c.arch(t) {
		c.l4t(t)
		c.versions(t)
		c.gpu(t)
	}
	if !c.Fits() && !c.Unsure() { // what is not known adds nothing to what is
		c.Refused = slices.DeleteFunc(c.Refused, func(r Reason) bool { return r.Rule == RuleUnknown })
	}
}

// whole refuses what no build has finished.
func (c *Candidate) whole(exactly bool) {
	f := &c.Facts
	for _, text := range f.bad {
		c.refuse(RuleLabel, "%s", text)
	}
	if c.Read && len(f.half) > 0 && len(f.bad) == 0 {
		c.refuse(RuleHalf, "no build has finished it: it has no label %s", strings.Join(f.half, ", "))
	}
	if f.tag.Stage != "" && !exactly {
		c.refuse(RuleHalf, "it is an intermediate stage of a build, %s (tag)", f.tag.Stage)
	}
	if f.failed > 0 {
		c.refuse(RuleTests, "%d of its tests failed", f.failed)
	}
	if f.skipped > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%d of its tests were skipped", f.skipped))
	}
}

// holds refuses what lacks one of the packages.
func (c *Candidate) holds(wants []Want) {
	c.named = false
	var missing []string
	for _, w := range wants {
		called := w.called(c.Image)
		held, last := w.listed(c.Facts.Packages)
		c.named = c.named || called || last
		switch {
		case held, called && (!w.Known || c.Facts.Packages == nil):
		default:
			missing = append(missing, w.Text)
		}
	}
	switch {
	case len(missing) == 0:
	case c.Facts.Packages == nil:
		c.refuse(RulePackages, "nothing says that it holds %s", strings.Join(missing, ", "))
	default:
		c.refuse(RulePackages, "it does not hold %s, but %s", strings.Join(missing, ", "), shorten(strings.Join(c.Facts.Packages, " ")))
	}
}

// arch refuses what is for other processors, and for other CUDA packages: Tegra's run
// on no server, and the servers' on no Jetson before L4T 38. It reports whether other versions are
// worth a comparison: those of another processor's images are not.
func (c *Candidate) arch(t *Target) bool {
	want := t.Platform()
	got := c.Platform
	switch {
	case got.Architecture == "" && c.Facts.tag.OCI != "" && c.Facts.tag.OCI != want.Architecture:
		c.refuse(RuleArch, "it is for %s (tag), the machine is %s", c.Facts.tag.OCI, want.Architecture)
		return false
	case got.Architecture != "" && (got.OS != want.OS || got.Architecture != want.Architecture):
		c.refuse(RuleArch, "it is for %s/%s, the machine is %s/%s", got.OS, got.Architecture, want.OS, want.Architecture)
		return false
	}
	arch := c.Facts.Arch
	if !arch.known() || arch.Value == t.Arch.Value {
		return true
	}
	if arch.Value == archTegra && c.Facts.L4T.known() && archOf(dotted.Of(c.Facts.L4T.Value)) == t.Arch.Value {
		return true // jetson-containers calls Jetsons so, whatever their CUDA packages
	}
	c.refuse(RuleArch, "it is for %s (%s), the machine is %s", arch.Value, arch.From, t.Arch.Value)
	return true
}

// version is a release number: 36.4.3 is {36, 4, 3}.
type version = dotted.Version

// l4t refuses what is for another generation.
func (c *Candidate) l4t(t *Target) {
	if !t.hasL4T() {
		return
	}
	host := dotted.Of(t.L4T.Value)
	group := platform.GenerationOf(host)
	f := &c.Facts
	switch {
	case f.L4T.known():
		c.sameGroup(host, group)
	case f.JetPack.known():
		if group == nil || strconv.Itoa(group.JetPack) != f.JetPack.Value {
			c.refuse(RuleL4T, "it is for JetPack %s (%s), the machine has L4T %s", f.JetPack.Value, f.JetPack.From, t.L4T.Value)
		}
		c.near = -1
	case f.Arch.known() && f.Arch.Value == archSBSA && t.Arch.Value == archSBSA:
		c.near = -1 // servers' images have no L4T
	default:
		c.refuse(RuleUnknown, "nothing says which L4T it is for")
	}
}

// sameGroup compares an image's L4T with the machine's.
func (c *Candidate) sameGroup(host version, group *platform.Generation) {
	l4t := c.Facts.L4T
	v := dotted.Of(l4t.Value)
	switch {
	case v.Compare(host) == 0 || len(v) == 2 && v.SameMinor(host): // tags of jetson-containers have no patch since r36.4
		c.near = 2
	case group == nil:
		c.refuse(RuleL4T, "it is for L4T %s (%s), and L4T %s runs its own images only", l4t.Value, l4t.From, join(host))
	case platform.GenerationOf(v) != group:
		of := ""
		if other := platform.GenerationOf(v); other != nil {
			of = ", " + other.Name
		}
		c.refuse(RuleL4T, "it is for L4T %s%s (%s), the machine has L4T %s, %s", l4t.Value, of, l4t.From, join(host), group.Name)
	case v.SameMinor(host):
		c.near = 1
	}
}

// versions refuses what has other versions than those asked for, or a CUDA that the
// L4T has no packages of.
func (c *Candidate) versions(t *Target) {
	f := &c.Facts
	derived := plan.Target{}
	if f.L4T.known() {
		derived = ofRelease(f.L4T.Value)
	}
	c.version(RuleCUDA, "CUDA", f.CUDA, derived.CUDA, t.CUDA, t.CUDAAsked)
	c.version(RulePython, "Python", f.Python, derived.Python, t.Python, t.PythonAsked)
	c.version(RuleUbuntu, "Ubuntu", f.Ubuntu, derived.Ubuntu, t.Ubuntu, t.UbuntuAsked)
	if f.CUDA.known() && t.hasL4T() && t.Known {
		c.runs(t)
	}
}

// runs holds the image's CUDA against what the machine's L4T can use, by the tables that
// targets are resolved with.
func (c *Candidate) runs(t *Target) {
	cuda := c.Facts.CUDA
	_, _, problems := platform.Resolve(platform.Request{
		L4T: platform.Asked{Value: t.L4T.Value}, CUDA: platform.Asked{Value: cuda.Value}, Platform: "linux/arm64",
	})
	for _, p := range problems {
		switch {
		case p.Severity == diag.Error:
			c.refuse(RuleCUDA, "it has CUDA %s (%s): %s", cuda.Value, cuda.From, p.Message)
			return
		case p.Rule == rules.CUDALacksArchitecture: // one of the boards
			c.Notes = append(c.Notes, p.Message)
		}
	}
}

// version compares one version with what was asked for. An image that does not say has its
// release's default, which can be said once it was read.
func (c *Candidate) version(rule Rule, what string, fact Fact, otherwise, want plan.Value, asked bool) {
	if !asked {
		return
	}
	if !fact.known() && c.Read {
		fact = Fact{Value: otherwise.Value, From: "default of its L4T"}
	}
	switch {
	case !fact.known():
		c.refuse(RuleUnknown, "nothing says which %s it has", what)
	case !dotted.Of(fact.Value).SameMinor(dotted.Of(want.Value)):
		c.refuse(rule, "it has %s %s (%s), not %s", what, fact.Value, fact.From, want.Value)
	}
}

// gpu refuses what was compiled for none of the target's GPUs.
func (c *Candidate) gpu(t *Target) {
	sm, ours := c.Facts.SM, strings.Split(t.CUDAArchitectures.Value, ";")
	if !sm.known() || t.CUDAArchitectures.Value == "" || !t.hasL4T() {
		return
	}
	if !slices.ContainsFunc(strings.Split(sm.Value, ";"), func(one string) bool { return slices.Contains(ours, one) }) {
		c.refuse(RuleGPU, "its CUDA code is for compute capability %s, the machine's is %s", shorten(sm.Value), t.CUDAArchitectures.Value)
	}
}

// join writes a version.
func join(v version) string {
	words := make([]string, len(v))
	for i, n := range v {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ".")
}

// shorten keeps a text of others short enough for a message.
func shorten(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
