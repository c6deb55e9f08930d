package platform

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// The names of plan.Target.Arch. SBSA is "aarch64", as in jetson-containers.
const (
	archTegra = "tegra-aarch64"
	archSBSA  = "aarch64"
	archX86   = "x86_64"
)

// OCI returns the OCI platform of an arch, in any of its spellings:
// "linux/arm64" for "tegra". It is "" for what is no arch.
func OCI(arch string) string {
	if a := BuiltIn().arch(strings.TrimSpace(arch)); a != nil {
		return "linux/" + a.OCI
	}
	return ""
}

// readPlatform reads the OCI platform. An empty one says nothing.
func (r *resolver) readPlatform() {
	if r.req.Platform == "" {
		return
	}
	os, rest, _ := strings.Cut(r.req.Platform, "/")
	oci, variant, _ := strings.Cut(rest, "/")
	known := oci == "amd64" && variant == "" || oci == "arm64" && (variant == "" || variant == "v8")
	if os != "linux" || !known {
		r.problems.Errorf(rules.UnknownPlatform, r.req.At, "build with --platform linux/arm64 for a Jetson, or linux/amd64",
			"cannot build for %s", r.req.Platform)
		return
	}
	r.oci = oci
}

// readArch reads the asked arch and holds it against the platform.
func (r *resolver) readArch() {
	asked := r.req.Arch
	if !asked.given() {
		return
	}
	if r.askedArch = r.tables.arch(asked.Value); r.askedArch == nil {
		r.errorf(asked, rules.UnknownArch, r.archHint(asked.Value), "unknown arch %q", asked.Value)
		return
	}
	if r.oci != "" && r.oci != r.askedArch.OCI {
		r.errorf(asked, rules.ArchPlatformConflict,
			fmt.Sprintf("build with --platform linux/%s, or leave arch out", r.askedArch.OCI),
			"arch %s is linux/%s, but the build is for %s", asked.Value, r.askedArch.OCI, r.req.Platform)
	}
}

// archHint returns which arch was probably meant.
func (r *resolver) archHint(text string) string {
	if strings.EqualFold(text, "arm64") {
		return "linux/arm64 is two arches: write tegra for a Jetson up to L4T 36, sbsa for ARM servers and newer Jetsons, or leave arch out"
	}
	var spellings []string
	for _, a := range r.tables.arches {
		spellings = append(spellings, a.Spellings...)
	}
	if near := diag.DidYouMean(text, spellings); near != "" {
		return near
	}
	return "known are tegra, sbsa and x86_64"
}

// chooseArch takes the user's arch, or derives it from platform and release.
func (r *resolver) chooseArch() {
	switch {
	case r.askedArch != nil:
		r.target.Arch = r.req.Arch.value(r.askedArch.Name)
		r.checkArch()
	case r.req.Arch.given():
		return // nonsense, reported
	case r.oci == "amd64":
		r.target.Arch = plan.Value{Value: archX86, Reason: "linux/amd64"}
		r.warnRelease()
	case r.row != nil:
		jetson := r.tables.jetsonArch(r.row.version())
		reason := jetson.Reason
		if r.oci != "" {
			reason = "linux/" + r.oci + ": " + reason
		}
		r.target.Arch = plan.Value{Value: jetson.Arch, Reason: reason, Source: jetson.Source}
	}
}

// checkArch warns of an ARM arch that boards of the named release don't have.
func (r *resolver) checkArch() {
	if r.row == nil || !r.isJetson() {
		return
	}
	if jetson := r.tables.jetsonArch(r.row.version()); jetson.Arch != r.askedArch.Name {
		problem := r.warnf(r.req.Arch, rules.UnusualArch, "leave arch out to get "+jetson.Arch,
			"arch is %s, but with L4T %s %s", r.askedArch.Name, r.row.L4T, jetson.Reason)
		r.relateRelease(problem)
	}
}

// warnRelease warns that a Jetson release was named in a build for PCs: most
// likely --platform was forgotten on a PC.
func (r *resolver) warnRelease() {
	if !r.named || r.req.OneOfSeveral {
		return
	}
	asked := r.req.L4T
	if !asked.given() {
		asked = r.req.JetPack
	}
	r.warnf(asked, rules.JetsonReleaseOnAMD64, "for a Jetson build with --platform linux/arm64; if you mean PCs write arch: x86_64",
		"the target names a Jetson release, but the build is for %s", r.req.Platform)
}

// chooseArchitectures lists what to compile CUDA code for: the boards of the
// release, or the default list of PCs and servers, without what the target's
// CUDA cannot compile for.
func (r *resolver) chooseArchitectures() {
	if r.row == nil || r.target.Arch.Value == "" || r.target.CUDA.Value == "" {
		return
	}
	cuda := dotted.Of(r.target.CUDA.Value)
	var sms []int
	value := &r.target.CUDAArchitectures
	if r.isJetson() {
		sms = r.row.SM
		value.Reason = r.row.mark("sm", "boards of L4T "+cmp.Or(r.row.smOf, r.row.L4T)+": "+diag.And(r.tables.devices(sms)))
		value.Source = r.row.Source
	} else {
		list := r.tables.list(r.target.Arch.Value, cuda)
		sms = list.SM
		value.Reason = "default for " + r.target.Arch.Value
		value.Source = list.Source
	}
	kept, lost := r.tables.compilable(sms, cuda)
	value.Value = joinSM(kept, ";")
	if len(lost) > 0 {
		value.Reason += fmt.Sprintf("; CUDA %s cannot compile for %s", cuda, joinSM(lost, ", "))
		r.reportLost(lost, len(kept) == 0)
	}
}

// reportLost reports boards that the CUDA in use cannot compile for: an error
// when none is left. PCs and servers mostly have enough other architectures.
func (r *resolver) reportLost(lost []int, all bool) {
	if !r.isJetson() {
		if all {
			r.errorf(r.req.CUDA, rules.CUDALacksArchitecture,
				fmt.Sprintf("use CUDA %s or newer, or leave cuda out to get %s", r.tables.capability(lost[0]).FirstCUDA, r.row.CUDA),
				"CUDA %s cannot compile for any GPU that jetkit knows of %s", r.target.CUDA.Value, r.target.Arch.Value)
		}
		return
	}
	report := r.warnf
	if all {
		report = r.errorf
	}
	c := r.tables.capability(lost[len(lost)-1])
	problem := report(r.req.CUDA, rules.CUDALacksArchitecture, fmt.Sprintf("use CUDA %s or newer, or leave cuda out to get %s", c.FirstCUDA, r.row.CUDA),
		"CUDA %s cannot compile for %s, a board of L4T %s", r.target.CUDA.Value, c.Devices, r.row.L4T)
	r.relateRelease(problem)
}

// compilable parts compute capabilities into those that a CUDA compiles for
// and those that it doesn't know yet.
func (t *Tables) compilable(sms []int, cuda version) (kept, lost []int) {
	for _, sm := range sms {
		if cuda.Compare(dotted.Of(t.capability(sm).FirstCUDA)) >= 0 {
			kept = append(kept, sm)
		} else {
			lost = append(lost, sm)
		}
	}
	return kept, lost
}

// joinSM joins compute capabilities.
func joinSM(sms []int, separator string) string {
	words := make([]string, len(sms))
	for i, sm := range sms {
		words[i] = strconv.Itoa(sm)
	}
	return strings.Join(words, separator)
}

// devices names what has the given compute capabilities.
func (t *Tables) devices(sms []int) []string {
	names := make([]string, len(sms))
	for i, sm := range sms {
		names[i] = t.capability(sm).Devices
	}
	return names
}
